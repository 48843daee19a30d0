import type { KubeObject, ReplicaSet } from '@sluice/model';
import { parseTime } from '@sluice/model';
import { runningPod } from './kubelet.ts';
import { kinds } from './objects.ts';
import type { Kind, StoredKinds } from './objects.ts';
import { everyRolloutIsDue } from './world.ts';
import type { World } from './world.ts';

/**
 * Puts the objects of a moment of another cluster into this world as they are (uids, times, statuses), with pods that have been available for long.
 * Kinds that a world does not keep are left out. The clock should stand at `latestTimeIn(objects)`.
 */
export function restore(world: World, objects: readonly KubeObject[]): void {
  for (const object of objects) if (isKept(object.kind)) world.store.restore(object.kind, object as StoredKinds[Kind]);
  for (const set of world.store.list('ReplicaSet'))
    for (let i = 0; i < (set.status?.replicas ?? 0); i++)
      runningPod(world, `${set.metadata.name}-${i}`, set, createdAt(set));
  world.due.replicaSets.clear();
  world.due.deployments.clear();
  everyRolloutIsDue(world);
}

const isKept = (kind: string | undefined): kind is Kind => (kinds as readonly (string | undefined)[]).includes(kind);
const createdAt = (set: ReplicaSet): number => parseTime(set.metadata.creationTimestamp) ?? 0;

const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** The last moment that these objects speak of, other than deadlines to come: the time to go on from. */
export function latestTimeIn(objects: readonly KubeObject[]): number {
  const past = JSON.stringify(objects, (key, value: unknown) => (key === 'scale-down-deadline' ? undefined : value));
  return Math.max(0, ...[...past.matchAll(time)].map(([text]) => parseTime(text) ?? 0));
}
