import { parseTime } from '@sluice/model';
import type { Pod } from '@sluice/model';
import type { SetView } from './sets.ts';
import type { EpochMs } from './snapshot.ts';

export const ownerOf = (pod: Pod): string | undefined =>
  pod.metadata.ownerReferences?.find((reference) => reference.controller)?.uid;

/** Pods of this set that serve and are not on their way out. */
export const availablePods = (set: SetView, pods: readonly Pod[], minReadySeconds: number, now: EpochMs): number =>
  pods.filter((pod) => ownerOf(pod) === set.stored?.metadata.uid && isAvailable(pod, minReadySeconds, now)).length;

export function isAvailable(pod: Pod, minReadySeconds: number, now: EpochMs): boolean {
  if (minReadySeconds === 0) return isReady(pod);
  return isReady(pod) && (availableFrom(pod, minReadySeconds) ?? now) <= now;
}

/** When a ready pod has been ready for long enough; undefined where it is not ready, or nobody knows since when. */
export function availableFrom(pod: Pod, minReadySeconds: number): EpochMs | undefined {
  const since = isReady(pod) ? parseTime(readiness(pod)?.lastTransitionTime) : undefined;
  return since === undefined ? undefined : since + minReadySeconds * 1000;
}

const readiness = (pod: Pod) => pod.status?.conditions?.find((condition) => condition.type === 'Ready');
const isReady = (pod: Pod): boolean => !pod.metadata.deletionTimestamp && readiness(pod)?.status === 'True';
