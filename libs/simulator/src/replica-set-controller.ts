import type { Pod, ReplicaSet } from '@sluice/model';
import { deletePod, isReady, lifeOf, startPod } from './kubelet.ts';
import { controllerOf, isDeleting } from './objects.ts';
import type { World } from './world.ts';

export const podsOf = (world: World, set: ReplicaSet): Pod[] =>
  world.store.list('Pod').filter((pod) => controllerOf(pod)?.uid === set.metadata.uid);

/** Makes or deletes pods until there are as many as asked for, and says so in the status. */
export function syncReplicaSet(world: World, name: string): void {
  const set = world.store.get('ReplicaSet', name);
  if (set === undefined || isDeleting(set)) return;
  const active = podsOf(world, set).filter((pod) => !isDeleting(pod));
  const wanted = set.spec.replicas ?? 1;
  for (let i = active.length; i < wanted; i++)
    startPod(world, `${name}-${(world.store.version + 1).toString(36)}`, set);
  if (active.length > wanted)
    for (const pod of scaleDownOrder(world, active).slice(0, active.length - wanted)) deletePod(world, pod);
  writeStatus(world, set);
}

/** The order of Kubernetes: not ready first, then those that became ready last, then the youngest. */
export function scaleDownOrder(world: World, pods: readonly Pod[]): Pod[] {
  const rank = (pod: Pod) => ({
    ready: isReady(pod) ? 1 : 0,
    since: lifeOf(world, pod).readySince ?? 0,
    age: Number(pod.metadata.uid?.slice(-12) ?? 0),
  });
  return pods
    .map((pod) => ({ pod, ...rank(pod) }))
    .sort((a, b) => a.ready - b.ready || b.since - a.since || b.age - a.age)
    .map(({ pod }) => pod);
}

/** Counted from the whole second in which it became ready: the API knows no finer times. */
export function availableAt(world: World, set: ReplicaSet, pod: Pod): number | undefined {
  const { readySince } = lifeOf(world, pod);
  if (readySince === undefined) return undefined;
  const minReadyMs = (set.spec.minReadySeconds ?? 0) * 1000;
  return minReadyMs === 0 ? readySince : Math.floor(readySince / 1000) * 1000 + minReadyMs;
}

function writeStatus(world: World, set: ReplicaSet): void {
  const counts = { replicas: 0, ready: 0, available: 0 };
  for (const pod of podsOf(world, set)) {
    if (isDeleting(pod)) continue;
    counts.replicas++;
    if (!isReady(pod)) continue;
    counts.ready++;
    if ((availableAt(world, set, pod) ?? Infinity) <= world.store.now) counts.available++;
  }
  const was = set.status;
  const generation = set.metadata.generation ?? 1;
  const same =
    was?.replicas === counts.replicas &&
    (was.readyReplicas ?? 0) === counts.ready &&
    (was.availableReplicas ?? 0) === counts.available &&
    was.observedGeneration === generation;
  if (same) return;
  // The API server leaves zeroes out, as the real controller's serializer does.
  const status: ReplicaSet['status'] = { replicas: counts.replicas, observedGeneration: generation };
  if (counts.replicas) status.fullyLabeledReplicas = counts.replicas;
  if (counts.ready) status.readyReplicas = counts.ready;
  if (counts.available) status.availableReplicas = counts.available;
  world.store.replace('ReplicaSet', set.metadata.name, {}, (current) => ({ ...current, status }));
}

/** When the next pod that is ready has been so for minReadySeconds. */
export function nextAvailabilityMoment(world: World): number | undefined {
  let next: number | undefined;
  for (const set of world.store.table('ReplicaSet').values()) {
    if (!set.spec.minReadySeconds) continue;
    for (const pod of podsOf(world, set)) {
      const at = isReady(pod) && !isDeleting(pod) ? availableAt(world, set, pod) : undefined;
      if (at !== undefined && at > world.store.now && (next === undefined || at < next)) next = at;
    }
  }
  return next;
}

/** Sets whose pods may have become available by mere time. */
export function wakeForAvailability(world: World): void {
  for (const set of world.store.table('ReplicaSet').values())
    if (set.spec.minReadySeconds) world.due.replicaSets.add(set.metadata.name);
}
