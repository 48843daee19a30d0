import { controllerOf, withoutBookkeeping } from '@sluice/kube';
import type { KubeObject, RawObject } from '@sluice/kube';
import { withoutNulls } from '@sluice/model';
import type { AnalysisRun, Experiment, ReplicaSet, Service } from '@sluice/model';

export const isOfExperiment = (object: Pick<KubeObject, 'metadata'>): boolean =>
  controllerOf(object)?.kind === 'Experiment';

/** Objects of others are remembered by name only: they are many, and nothing of them is used. */
const stub = <T>({ apiVersion, kind, metadata }: RawObject): T => {
  const { name, namespace, uid, resourceVersion } = metadata;
  return { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion } } as T;
};

/** Whole but for bookkeeping: what the status holds must be there to be compared. */
export function projectExperiment(raw: RawObject): Experiment {
  const { apiVersion, kind, metadata, spec, status } = withoutBookkeeping(raw);
  return withoutNulls('Experiment', {
    apiVersion,
    kind,
    metadata,
    spec: spec ?? {},
    ...(status === undefined || status === null ? {} : { status }),
  } as Experiment);
}

export function projectReplicaSet(raw: RawObject): ReplicaSet {
  if (!isOfExperiment(raw)) return stub<ReplicaSet>(raw);
  const { apiVersion, kind, metadata, spec, status } = withoutBookkeeping(raw);
  return {
    apiVersion,
    kind,
    metadata,
    spec: { replicas: spec?.replicas, selector: spec?.selector },
    status: {
      replicas: status?.replicas ?? 0,
      readyReplicas: status?.readyReplicas,
      availableReplicas: status?.availableReplicas,
    },
  } as ReplicaSet;
}

export function projectService(raw: RawObject): Service {
  if (!isOfExperiment(raw)) return stub<Service>(raw);
  const { apiVersion, kind, metadata } = withoutBookkeeping(raw);
  return { apiVersion, kind, metadata } as Service;
}

export function projectAnalysisRun(raw: RawObject): AnalysisRun {
  if (!isOfExperiment(raw)) return stub<AnalysisRun>(raw);
  const { apiVersion, kind, metadata, spec, status } = withoutBookkeeping(raw);
  return withoutNulls('AnalysisRun', {
    apiVersion,
    kind,
    metadata,
    spec: spec ?? { metrics: [] },
    ...(status === undefined || status === null ? {} : { status }),
  } as AnalysisRun);
}
