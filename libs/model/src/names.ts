// Labels, annotations, condition types and reasons that other tools read: they are part of the API.

/** Label of ReplicaSets and their pods, and the selector key of Services that point at one version. */
export const podTemplateHashLabel = 'rollouts-pod-template-hash';
/** Label of our custom resources: only the controller with this `--instance-id` looks at them. */
export const instanceIdLabel = 'argo-rollouts.argoproj.io/controller-instance-id';
/** Label of AnalysisRuns: Step, Background, PrePromotion or PostPromotion. */
export const rolloutTypeLabel = 'rollout-type';
/** Label of AnalysisRuns of a step. */
export const stepIndexLabel = 'step-index';
/** Label of metric Jobs and their pods. */
export const analysisRunUidLabel = 'analysisrun.argoproj.io/uid';

/** On Rollouts, ReplicaSets, AnalysisRuns and Experiments: decimal revision. */
export const revisionAnnotation = 'rollout.argoproj.io/revision';
/** On ReplicaSets: previous revisions, separated by commas. */
export const revisionHistoryAnnotation = 'rollout.argoproj.io/revision-history';
/** On ReplicaSets: spec.replicas of the Rollout when the set was last scaled. */
export const desiredReplicasAnnotation = 'rollout.argoproj.io/desired-replicas';
/** On Rollouts: metadata.generation of the referenced workload. */
export const workloadGenerationAnnotation = 'rollout.argoproj.io/workload-generation';
/** On ReplicaSets: JSON of the labels and annotations that were injected. */
export const ephemeralMetadataAnnotation = 'rollout.argoproj.io/ephemeral-metadata';
/** On ReplicaSets: JSON of the labels and annotations of the pod template that injected ones stand in for; they come back when those go. Ours alone. */
export const replacedMetadataAnnotation = 'sluice.dev/replaced-metadata';
/** On ReplicaSets: RFC 3339 moment of the delayed scale-down. It has no prefix. */
export const scaleDownDeadlineAnnotation = 'scale-down-deadline';
/** On ReplicaSets and Services of an Experiment. */
export const experimentNameAnnotation = 'experiment.argoproj.io/name';
export const experimentTemplateNameAnnotation = 'experiment.argoproj.io/template-name';
/** On Services and Istio DestinationRules: name of the Rollout that writes them. */
export const managedByAnnotation = 'argo-rollouts.argoproj.io/managed-by-rollouts';
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';
export const notifiedAnnotation = 'notified.notifications.argoproj.io';
export const subscriptionAnnotationPrefix = 'notifications.argoproj.io/subscribe.';
/** On metric Jobs. */
export const jobRunNameAnnotation = 'analysisrun.argoproj.io/name';
export const jobRunNamespaceAnnotation = 'analysisrun.argoproj.io/namespace';
export const jobMetricNameAnnotation = 'analysisrun.argoproj.io/metric-name';

/** Annotations of a Rollout that are never copied to its ReplicaSets. */
export const annotationsNotCopied: readonly string[] = [
  lastAppliedAnnotation,
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  notifiedAnnotation,
];

/** Component that events name as their source. */
export const eventSourceComponent = 'rollouts-controller';

export const conditionTypes = {
  invalidSpec: 'InvalidSpec',
  notInstalled: 'NotInstalled',
  available: 'Available',
  healthy: 'Healthy',
  completed: 'Completed',
  paused: 'Paused',
  replicaFailure: 'ReplicaFailure',
  progressing: 'Progressing',
  /** Ours alone: the API server refuses a write, and what depends on it waits. */
  writeRefused: 'WriteRefused',
  /** Ours alone: the ReplicaSet of the stable version is gone, and the update is held. */
  stableMissing: 'StableVersionMissing',
} as const;
export type ConditionType = (typeof conditionTypes)[keyof typeof conditionTypes];

export const conditionReasons = {
  stableMissing: 'StableReplicaSetMissing',
  writeRefused: 'WriteRefused',
  invalidSpec: 'InvalidSpec',
  notInstalled: 'NotInstalled',
  available: 'AvailableReason',
  healthy: 'RolloutHealthy',
  completed: 'RolloutCompleted',
  paused: 'RolloutPaused',
  resumed: 'RolloutResumed',
  retry: 'RolloutRetry',
  aborted: 'RolloutAborted',
  progressDeadlineExceeded: 'ProgressDeadlineExceeded',
  newReplicaSetCreated: 'NewReplicaSetCreated',
  foundNewReplicaSet: 'FoundNewReplicaSet',
  newReplicaSetAvailable: 'NewReplicaSetAvailable',
  replicaSetUpdated: 'ReplicaSetUpdated',
  replicaSetNotAvailable: 'ReplicaSetNotAvailable',
  replicaSetCreateError: 'ReplicaSetCreateError',
  experimentCompleted: 'ExperimentCompleted',
} as const;
export type ConditionReason = (typeof conditionReasons)[keyof typeof conditionReasons];

export const pauseReasons = {
  canaryPauseStep: 'CanaryPauseStep',
  blueGreenPause: 'BlueGreenPause',
  inconclusiveAnalysisRun: 'InconclusiveAnalysisRun',
  inconclusiveExperiment: 'InconclusiveExperiment',
} as const;

export const eventReasons = {
  writeRefused: 'WriteRefused',
  rolloutAddedToInformer: 'RolloutAddedToInformer',
  invalidSpec: 'InvalidSpec',
  notInstalled: 'NotInstalled',
  rolloutUpdated: 'RolloutUpdated',
  rolloutNotCompleted: 'RolloutNotCompleted',
  newReplicaSetCreated: 'NewReplicaSetCreated',
  replicaSetCreateError: 'ReplicaSetCreateError',
  replicaSetUpdateError: 'ReplicaSetUpdateError',
  scalingReplicaSet: 'ScalingReplicaSet',
  scalingDeployment: 'ScalingDeployment',
  rolloutStepCompleted: 'RolloutStepCompleted',
  rolloutPaused: 'RolloutPaused',
  rolloutResumed: 'RolloutResumed',
  rolloutAborted: 'RolloutAborted',
  rolloutCompleted: 'RolloutCompleted',
  rolloutDeleted: 'RolloutDeleted',
  commandRejected: 'CommandRejected',
  skipSteps: 'SkipSteps',
  switchService: 'SwitchService',
  trafficWeightUpdated: 'TrafficWeightUpdated',
  trafficRoutingError: 'TrafficRoutingError',
  weightVerifyError: 'WeightVerifyError',
  targetGroupVerified: 'TargetGroupVerified',
  targetGroupUnverified: 'TargetGroupUnverified',
  targetGroupVerifyError: 'TargetGroupVerifyError',
  loadBalancerNotFound: 'LoadBalancerNotFound',
  experimentCreated: 'ExperimentCreated',
  analysisRunPending: 'AnalysisRunPending',
  analysisRunRunning: 'AnalysisRunRunning',
  analysisRunSuccessful: 'AnalysisRunSuccessful',
  analysisRunFailed: 'AnalysisRunFailed',
  analysisRunError: 'AnalysisRunError',
  analysisRunInconclusive: 'AnalysisRunInconclusive',
  analysisRunTerminating: 'AnalysisRunTerminating',
  stepPluginTransition: 'StepPluginTransition',
  reconciliationError: 'ReconciliationError',
  stableMissing: 'StableReplicaSetMissing',
  selectorChanged: 'SelectorChanged',
} as const;
export type EventReason = (typeof eventReasons)[keyof typeof eventReasons];

const warnings: ReadonlySet<string> = new Set([
  eventReasons.invalidSpec,
  eventReasons.notInstalled,
  eventReasons.replicaSetCreateError,
  eventReasons.replicaSetUpdateError,
  eventReasons.rolloutAborted,
  eventReasons.commandRejected,
  eventReasons.trafficRoutingError,
  eventReasons.weightVerifyError,
  eventReasons.targetGroupUnverified,
  eventReasons.targetGroupVerifyError,
  eventReasons.loadBalancerNotFound,
  eventReasons.analysisRunFailed,
  eventReasons.analysisRunError,
  eventReasons.reconciliationError,
  eventReasons.stableMissing,
  eventReasons.selectorChanged,
]);

/**
 * Type that the reference gives to a Rollout's event with this reason. StepPluginTransition and
 * AnalysisRunInconclusive depend on more than their reason: Normal here.
 */
export const eventTypeOf = (reason: EventReason): 'Normal' | 'Warning' => (warnings.has(reason) ? 'Warning' : 'Normal');
