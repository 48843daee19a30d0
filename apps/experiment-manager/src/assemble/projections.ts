import { controllerOf, withoutBookkeeping } from '@sluice/kube';
import type { KubeObject, ObjectMeta, RawObject } from '@sluice/kube';
import { withoutNulls } from '@sluice/model';
import type { AnalysisRun, Experiment, ReplicaSet, Service } from '@sluice/model';

/**
 * All that is kept of an object that no Experiment owns: they are many, and nothing of them is used. The type has no
 * other field, so that a read of one does not compile before `isOfExperiment` was asked.
 */
export interface Stub {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: Pick<ObjectMeta, 'name' | 'namespace' | 'uid' | 'resourceVersion'> & {
    readonly ownerReferences?: undefined;
  };
}

/** An Experiment's own object as it is cached, or the stub of another one. */
export type OwnOrStub<T> = T | Stub;

/** A ReplicaSet without its pod template, which is only compared by its hash. */
export type CachedReplicaSet = Omit<ReplicaSet, 'spec'> & {
  readonly spec: Pick<ReplicaSet['spec'], 'replicas' | 'selector'>;
};

export type CachedService = Omit<Service, 'spec'>;

export const isOfExperiment = <T extends KubeObject>(object: OwnOrStub<T>): object is T =>
  controllerOf(object)?.kind === 'Experiment';

const stub = ({ apiVersion, kind, metadata }: RawObject): Stub => {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    ...(apiVersion !== undefined && { apiVersion }),
    ...(kind !== undefined && { kind }),
    metadata: {
      ...(name !== undefined && { name }),
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
  };
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

export function projectReplicaSet(raw: RawObject): OwnOrStub<CachedReplicaSet> {
  if (!isOfExperiment(raw)) return stub(raw);
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
  } as CachedReplicaSet;
}

export function projectService(raw: RawObject): OwnOrStub<CachedService> {
  if (!isOfExperiment(raw)) return stub(raw);
  const { apiVersion, kind, metadata } = withoutBookkeeping(raw);
  return { apiVersion, kind, metadata } as CachedService;
}

export function projectAnalysisRun(raw: RawObject): OwnOrStub<AnalysisRun> {
  if (!isOfExperiment(raw)) return stub(raw);
  const { apiVersion, kind, metadata, spec, status } = withoutBookkeeping(raw);
  return withoutNulls('AnalysisRun', {
    apiVersion,
    kind,
    metadata,
    spec: spec ?? { metrics: [] },
    ...(status === undefined || status === null ? {} : { status }),
  } as AnalysisRun);
}
