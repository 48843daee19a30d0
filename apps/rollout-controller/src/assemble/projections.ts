import { isCompleted } from '@sluice/engine';
import type { ObservedExperiment, ObservedMetricResult, ObservedRun } from '@sluice/engine';
import { withoutBookkeeping } from '@sluice/kube';
import type { RawObject } from '@sluice/kube';
import { managedByAnnotation } from '@sluice/model';
import type {
  AnalysisRunStatus,
  AnalysisTemplate,
  LabelSelector,
  Measurement,
  MetricResult,
  ObjectMeta,
  Pod,
  PodTemplateSpec,
  ReplicaSet,
  Rollout,
  Service,
} from '@sluice/model';

/** A Deployment, ReplicaSet or PodTemplate that a `workloadRef` names, as far as it is read. */
export interface Workload {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly template: PodTemplateSpec;
  readonly selector?: LabelSelector;
  readonly replicas?: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** The named fields, where they are present: an absent one stays absent. */
function pick(from: Fields | undefined, ...names: readonly string[]): Fields {
  return Object.fromEntries(names.filter((name) => from?.[name] !== undefined).map((name) => [name, from?.[name]]));
}

/** Whole but for bookkeeping: the engine reads most of it, and what the status holds must be there to be compared. */
export function projectRollout(raw: RawObject): Rollout {
  const { apiVersion, kind, metadata, spec, status } = withoutBookkeeping(raw);
  return { apiVersion, kind, metadata, spec: spec ?? {}, ...(status === undefined ? {} : { status }) } as Rollout;
}

export function projectReplicaSet(raw: RawObject): ReplicaSet {
  const { apiVersion, kind, metadata, spec, status } = withoutBookkeeping(raw);
  return {
    apiVersion,
    kind,
    metadata,
    spec: pick(spec, 'replicas', 'minReadySeconds', 'selector', 'template'),
    status: {
      replicas: status?.replicas ?? 0,
      ...pick(status, 'readyReplicas', 'availableReplicas', 'observedGeneration', 'conditions'),
    },
  } as unknown as ReplicaSet;
}

export function projectService(raw: RawObject): Service {
  const { apiVersion, kind, metadata, spec } = raw;
  return {
    apiVersion,
    kind,
    metadata: {
      ...pick(
        metadata as Fields,
        'name',
        'namespace',
        'uid',
        'resourceVersion',
        'deletionTimestamp',
        'ownerReferences',
      ),
      annotations: pick(metadata.annotations, managedByAnnotation),
    },
    spec: pick(spec, 'selector'),
  } as unknown as Service;
}

/** Without its measurements: the rollout wants the verdict. What shows whether it was earned is kept of a run that is over. */
export function projectAnalysisRun(raw: RawObject): ObservedRun {
  const { apiVersion, kind, metadata, spec, status } = withoutBookkeeping(raw);
  const known = {
    ...pick(status, 'phase', 'message', 'startedAt', 'completedAt'),
    ...(isCompleted(status?.phase) && { metricResults: resultsOf(status as AnalysisRunStatus) }),
  };
  return { apiVersion, kind, metadata, spec: spec ?? {}, status: known } as unknown as ObservedRun;
}

const resultsOf = ({ metricResults }: AnalysisRunStatus): readonly ObservedMetricResult[] =>
  (metricResults ?? []).map((result) => ({
    ...(pick(result, 'name', 'phase', 'count', 'consecutiveSuccess') as Pick<MetricResult, 'name' | 'phase'>),
    measurements: (result.measurements ?? [])
      .slice(-1)
      .map((measurement) => pick(measurement, 'phase', 'message') as Pick<Measurement, 'phase' | 'message'>),
  }));

export function projectExperiment(raw: RawObject): ObservedExperiment {
  const { apiVersion, kind, metadata, spec, status } = withoutBookkeeping(raw);
  const known = pick(status, 'phase', 'message', 'templateStatuses');
  return { apiVersion, kind, metadata, spec: spec ?? {}, status: known } as unknown as ObservedExperiment;
}

export function projectAnalysisTemplate(raw: RawObject): AnalysisTemplate {
  const { apiVersion, kind, metadata, spec } = withoutBookkeeping(raw);
  return {
    apiVersion,
    kind,
    metadata: pick(metadata as Fields, 'name', 'namespace', 'resourceVersion', 'uid'),
    spec: spec ?? {},
  } as unknown as AnalysisTemplate;
}

export function projectWorkload(raw: RawObject): Workload {
  const { apiVersion, kind, metadata, spec, template } = raw;
  return {
    apiVersion,
    kind,
    metadata: pick(metadata as Fields, 'name', 'namespace', 'uid', 'resourceVersion', 'generation'),
    template: spec?.template ?? template ?? {},
    ...pick(spec, 'selector', 'replicas'),
  } as unknown as Workload;
}

/** What restarts and ephemeral metadata look at. */
export function projectPod(raw: RawObject): Pod {
  const { apiVersion, kind, metadata, status } = withoutBookkeeping(raw);
  return { apiVersion, kind, metadata, status: pick(status, 'phase', 'conditions') } as unknown as Pod;
}
