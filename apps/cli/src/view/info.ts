import type { AnalysisRun, CanaryStep, ObjectMeta } from '@sluice/model';

/** The metadata that the view carries: what a person or a page looks at. */
export type ShownMeta = Pick<
  ObjectMeta,
  'name' | 'namespace' | 'labels' | 'annotations' | 'uid' | 'generation' | 'creationTimestamp' | 'resourceVersion'
>;

/**
 * The view model that the command line renders and the dashboard's API serves (`RolloutInfo` and its parts).
 * Field names are those of the served JSON; `step`, `setWeight` and `actualWeight` are text there.
 */
export interface RolloutInfo {
  objectMeta: ShownMeta;
  status: string;
  message: string;
  icon: string;
  strategy: string;
  step: string;
  setWeight: string;
  actualWeight: string;
  ready: number;
  current: number;
  desired: number;
  updated: number;
  available: number;
  /** RFC3339, or `Never`. */
  restartedAt: string;
  /** status.observedGeneration. */
  generation: string;
  replicaSets: ReplicaSetInfo[];
  experiments: ExperimentInfo[];
  analysisRuns: AnalysisRunInfo[];
  containers: ContainerInfo[];
  initContainers: ContainerInfo[];
  steps: CanaryStep[];
}

export interface ReplicaSetInfo {
  objectMeta: ShownMeta;
  status: string;
  icon: string;
  revision: number;
  stable: boolean;
  canary: boolean;
  active: boolean;
  preview: boolean;
  ping: boolean;
  pong: boolean;
  /** status.replicas. */
  replicas: number;
  available: number;
  /** The experiment's template that it was made from; empty for a Rollout's own. */
  template: string;
  /** RFC3339, or empty. */
  scaleDownDeadline: string;
  images: string[];
  initContainerImages: string[];
  pods: PodInfo[];
}

export interface PodInfo {
  objectMeta: ShownMeta;
  status: string;
  icon: string;
  /** `ready/total` containers. */
  ready: string;
  restarts: number;
}

export interface ContainerInfo {
  name: string;
  image: string;
}

export interface ExperimentInfo {
  objectMeta: ShownMeta;
  icon: string;
  revision: number;
  status: string;
  message: string;
  replicaSets: ReplicaSetInfo[];
  analysisRuns: AnalysisRunInfo[];
}

export interface AnalysisRunInfo {
  objectMeta: ShownMeta;
  icon: string;
  revision: number;
  status: string;
  successful: number;
  failed: number;
  inconclusive: number;
  error: number;
  jobs: JobInfo[];
  nonJobInfo: NonJobInfo[];
  metrics: MetricInfo[];
  specAndStatus: Pick<AnalysisRun, 'spec' | 'status'>;
}

export interface JobInfo {
  objectMeta: ShownMeta;
  status: string;
  icon: string;
  metricName: string;
  startedAt: string;
}

export interface NonJobInfo {
  value: string;
  status: string;
  metricName: string;
  startedAt: string;
}

export interface MetricInfo {
  name: string;
  successCondition: string;
  count: number;
  inconclusiveLimit: number;
  failureLimit: number;
}
