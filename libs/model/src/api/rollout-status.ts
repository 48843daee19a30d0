import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import type { AnalysisPhase } from './analysis-reference.ts';
import { anyValue, flag, int32, int64, list, nullable, opaque, text, time, word } from './schema.ts';
import { ConditionFields } from './shared.ts';

const { Object: object, Optional: optional } = Type;

export type RolloutPhase = 'Healthy' | 'Degraded' | 'Progressing' | 'Paused';
export type RolloutPauseReason =
  'CanaryPauseStep' | 'BlueGreenPause' | 'InconclusiveAnalysisRun' | 'InconclusiveExperiment';
export type CompletionStatus = 'Promoted' | 'FastPromoted' | 'Aborted' | 'Superseded' | 'RolledBack' | 'FastRolledBack';

export const RolloutConditionSchema = object({
  ...ConditionFields,
  lastUpdateTime: time('When the condition was last written.'),
  lastTransitionTime: time('When its status last changed.'),
});
export type RolloutCondition = Static<typeof RolloutConditionSchema>;

export const PauseConditionSchema = object({
  reason: word<RolloutPauseReason>('What the rollout waits for.'),
  startTime: time('Since when.'),
});
export type PauseCondition = Static<typeof PauseConditionSchema>;

export const RolloutAnalysisRunStatusSchema = object({
  name: text('Name of the AnalysisRun.'),
  status: word<AnalysisPhase>('Its phase.'),
  message: optional(text('Its message.')),
});
export type RolloutAnalysisRunStatus = Static<typeof RolloutAnalysisRunStatusSchema>;

export const WeightDestinationSchema = object({
  weight: int32('Share of the traffic.'),
  serviceName: optional(text('Service that receives it.')),
  podTemplateHash: optional(text('Version that receives it.')),
});
export type WeightDestination = Static<typeof WeightDestinationSchema>;

export const TrafficWeightsSchema = object(
  {
    canary: WeightDestinationSchema,
    stable: WeightDestinationSchema,
    additional: optional(list(WeightDestinationSchema, 'Destinations of an experiment.')),
    verified: optional(flag('Whether the router has confirmed the weights; absent when it cannot.')),
  },
  { description: 'How the traffic is split.' },
);
export type TrafficWeights = Static<typeof TrafficWeightsSchema>;

export const StepPluginStatusSchema = object({
  index: int32('Index of the step.'),
  name: text('Name of the plugin.'),
  operation: word<'Run' | 'Terminate' | 'Abort'>('Run, Terminate or Abort.'),
  phase: optional(word<'Running' | 'Successful' | 'Failed' | 'Error'>('Running, Successful, Failed or Error.')),
  message: optional(text('What the plugin says.')),
  startedAt: optional(time('When it was first called.')),
  updatedAt: optional(time('When it was last called.')),
  finishedAt: optional(time('When it ended.')),
  backoff: optional(text('How long until it is called again.')),
  executions: optional(int32('How often it was called.')),
  disabled: optional(flag('Whether the plugin is switched off.')),
  status: optional(
    anyValue(
      'What the plugin was asked for (revision, attempt, config), and the state that it wants to be told again.',
    ),
  ),
});
export type StepPluginStatus = Static<typeof StepPluginStatusSchema>;

export const CanaryStatusSchema = object({
  currentStepAnalysisRunStatus: optional(nullable(RolloutAnalysisRunStatusSchema)),
  currentBackgroundAnalysisRunStatus: optional(nullable(RolloutAnalysisRunStatusSchema)),
  currentExperiment: optional(text('Experiment of the current step.')),
  weights: optional(nullable(TrafficWeightsSchema)),
  stablePingPong: optional(word<'ping' | 'pong'>('Which of the two Services is stable: ping or pong.')),
  stepPluginStatuses: optional(nullable(list(StepPluginStatusSchema, 'What step plugins have done.'))),
});
export type CanaryStatus = Static<typeof CanaryStatusSchema>;

export const BlueGreenStatusSchema = object({
  previewSelector: optional(text('Version that the preview Service selects.')),
  activeSelector: optional(text('Version that the active Service selects.')),
  scaleUpPreviewCheckPoint: optional(flag('Whether the preview is past its reduced number of pods.')),
  prePromotionAnalysisRunStatus: optional(nullable(RolloutAnalysisRunStatusSchema)),
  postPromotionAnalysisRunStatus: optional(nullable(RolloutAnalysisRunStatusSchema)),
});
export type BlueGreenStatus = Static<typeof BlueGreenStatusSchema>;

export const RolloutDurationSchema = object(
  {
    rolloutStartedAt: optional(nullable(time('When the update began.'))),
    finishedAt: optional(nullable(time('When it ended.'))),
    completionStatus: optional(word<CompletionStatus>('How it ended.')),
    manualPauseStartedAt: optional(nullable(time('Since when it waits for a person.'))),
    totalManualPauseDurationSeconds: optional(int64('How long it has waited for people before.')),
  },
  { description: 'How long the update takes.' },
);
export type RolloutDuration = Static<typeof RolloutDurationSchema>;

export const RolloutStatusSchema = object(
  {
    observedGeneration: optional(text('metadata.generation that this status is about, as text.')),
    currentPodHash: optional(text('Hash label of the ReplicaSet of the desired version.')),
    stableRS: optional(text('Hash label of the ReplicaSet of the stable version.')),
    currentStepHash: optional(text('Hash of the steps.')),
    currentStepIndex: optional(nullable(int32('Index of the current step; the number of steps when all are done.'))),
    collisionCount: optional(nullable(int32('How often a name was already taken.'))),
    replicas: optional(int32('Pods of all versions.')),
    updatedReplicas: optional(int32('Pods of the desired version.')),
    readyReplicas: optional(int32('Pods that are ready.')),
    availableReplicas: optional(int32('Pods that are available.')),
    HPAReplicas: optional(int32('Pods that a HorizontalPodAutoscaler counts.')),
    selector: optional(text('Label selector of these pods.')),
    abort: optional(flag('Set by a user: go back to the stable version.')),
    abortedAt: optional(nullable(time('When the update was aborted.'))),
    pauseConditions: optional(nullable(list(PauseConditionSchema, 'What the rollout waits for.'))),
    controllerPause: optional(flag('Whether the controller has paused the rollout.')),
    promoteFull: optional(flag('Set by a user: skip steps, pauses and analyses.')),
    restartedAt: optional(nullable(time('spec.restartAt of the last finished restart.'))),
    phase: optional(word<RolloutPhase>('Healthy, Progressing, Paused or Degraded.')),
    message: optional(text('Why the phase is what it is.')),
    workloadObservedGeneration: optional(text('metadata.generation of the referenced workload, as text.')),
    conditions: optional(nullable(list(RolloutConditionSchema, 'Observations in detail.'))),
    blueGreen: optional(nullable(BlueGreenStatusSchema)),
    canary: optional(nullable(CanaryStatusSchema)),
    duration: optional(nullable(RolloutDurationSchema)),
    alb: optional(nullable(opaque('State of the AWS load balancer, written by another controller.'))),
    albs: optional(nullable(list(opaque('State of one AWS load balancer.'), 'State of several AWS load balancers.'))),
  },
  { description: 'Where the rollout is.' },
);
export type RolloutStatus = Static<typeof RolloutStatusSchema>;
