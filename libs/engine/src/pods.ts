import { parseTime } from '@sluice/model';
import type { Pod } from '@sluice/model';
import type { SetView } from './sets.ts';
import type { EpochMs } from './snapshot.ts';

export const ownerOf = (pod: Pod): string | undefined =>
  pod.metadata.ownerReferences?.find((reference) => reference.controller)?.uid;

/** Pods of this set that serve and are not on their way out. */
export const availablePods = (set: SetView, pods: readonly Pod[], minReadySeconds: number, now: EpochMs): number =>
  pods.filter((pod) => ownerOf(pod) === set.stored?.metadata.uid && isAvailable(pod, minReadySeconds, now)).length;

function isAvailable(pod: Pod, minReadySeconds: number, now: EpochMs): boolean {
  if (pod.metadata.deletionTimestamp) return false;
  const ready = pod.status?.conditions?.find((condition) => condition.type === 'Ready');
  if (ready?.status !== 'True') return false;
  return minReadySeconds === 0 || (parseTime(ready.lastTransitionTime) ?? now) + minReadySeconds * 1000 <= now;
}
