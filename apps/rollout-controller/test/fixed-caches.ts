import type { ChangeHandler, Informer, KubeObject } from '@sluice/kube';
import { controllerOf, keyOf } from '@sluice/kube';
import { serviceNamesOf } from '@sluice/model';
import type { ReplicaSet, Rollout, Service } from '@sluice/model';
import { workloadIndexKey } from '../src/assemble/caches.ts';
import type { Caches } from '../src/assemble/caches.ts';
import { workloadReferenceOf } from '../src/assemble/references.ts';
import type { CachedWorkload, WorkloadHandler } from '../src/assemble/workloads.ts';

interface Contents {
  rollouts?: readonly Rollout[];
  replicaSets?: readonly ReplicaSet[];
  services?: readonly Service[];
  workload?: CachedWorkload;
}

/** Caches with these objects; `change` plays an event of a watch. */
export function fixedCaches(contents: Contents = {}) {
  const { rollouts = [], replicaSets = [], services = [], workload = 'unknown' } = contents;
  const rolloutCache = fixedInformer<Rollout>(rollouts, {
    service: (one) => serviceNamesOf(one).map((name) => keyOf({ ...one.metadata, name })),
    workload: (one) => {
      const reference = workloadReferenceOf(one);
      return reference.kind === 'workload'
        ? [workloadIndexKey(reference.of, one.metadata.namespace, reference.name), reference.of]
        : [];
    },
  });
  const setCache = fixedInformer<ReplicaSet>(replicaSets, {
    controller: (one) => [controllerOf(one)?.uid ?? ''],
    orphan: (one) => (controllerOf(one) === undefined ? [one.metadata.namespace ?? ''] : []),
  });
  const serviceCache = fixedInformer<Service>(services, {});
  const workloadHandlers: WorkloadHandler[] = [];
  const caches: Caches = {
    rollouts: rolloutCache.informer,
    replicaSets: setCache.informer,
    services: serviceCache.informer,
    workloads: {
      get: () => workload,
      onChange: (handler) => void workloadHandlers.push(handler),
      lastEventAgeMs: 0,
      stop: () => Promise.resolve(),
    },
    start: () => undefined,
    stop: () => Promise.resolve(),
    whenSynced: () => Promise.resolve(),
    synced: true,
    lastEventAgeMs: 0,
  };
  const change = {
    rollout: rolloutCache.change,
    replicaSet: setCache.change,
    service: serviceCache.change,
    workload: (...given: Parameters<WorkloadHandler>) => workloadHandlers.forEach((handler) => handler(...given)),
  };
  return { caches, change };
}

function fixedInformer<T extends KubeObject>(
  initial: readonly T[],
  indexes: Record<string, (object: T) => readonly string[]>,
) {
  const objects = new Map(initial.map((object) => [keyOf(object.metadata), object]));
  const handlers = new Set<ChangeHandler<T>>();
  const all = (): readonly T[] => [...objects.values()];
  const informer = {
    get: (namespace: string | undefined, name: string) =>
      objects.get(keyOf({ ...(namespace ? { namespace } : {}), name })),
    getByKey: (key: string) => objects.get(key),
    list: (namespace?: string) =>
      all().filter((one) => namespace === undefined || one.metadata.namespace === namespace),
    byIndex: (index: string, value: string) => all().filter((one) => indexes[index]?.(one).includes(value)),
    onChange: (handler: ChangeHandler<T>) => {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
  } as unknown as Informer<T>;
  const change = (before: T | undefined, after: T | undefined): void => {
    if (before !== undefined) objects.delete(keyOf(before.metadata));
    if (after !== undefined) objects.set(keyOf(after.metadata), after);
    handlers.forEach((handler) => handler(before, after));
  };
  return { informer, change };
}
