import { formatTime, parseTime } from '@sluice/model';
import type { Pod, Rollout } from '@sluice/model';
import { targetOf } from './plan.ts';
import type { Plan } from './plan.ts';
import { availablePods, ownerOf } from './pods.ts';
import type { SetView } from './sets.ts';
import { blueGreenOf, canaryOf } from './situation.ts';
import type { Situation } from './situation.ts';
import type { EpochMs } from './snapshot.ts';
import { surgeOf } from './surge.ts';

const RETRY_MS = 30_000;

export const isRestartPending = ({ spec, status }: Rollout): boolean =>
  isUnfinished(spec.restartAt, status?.restartedAt);

/** Compared as moments: the same one may be written with another zone. */
export const isUnfinished = (restartAt: string | null | undefined, restartedAt: string | null | undefined): boolean => {
  const asked = parseTime(restartAt);
  return asked !== undefined && asked !== parseTime(restartedAt);
};

/**
 * Evicts pods that are older than `spec.restartAt`, a few at a time, stable ones first. Returns `restartedAt` once none is left.
 * Source: spec-rollout §5.8.
 */
export function planRestart(s: Situation, plan: Plan): string | undefined {
  const restartAt = parseTime(s.spec.restartAt);
  const restartedAt = s.status.restartedAt ?? undefined;
  if (restartAt === undefined || !isUnfinished(s.spec.restartAt, restartedAt)) return restartedAt;
  if (restartAt >= s.now) {
    plan.wake(restartAt + 1);
    return restartedAt;
  }
  const pods = s.snapshot.pods;
  if (pods === undefined) return restartedAt;
  const old = inRestartOrder(s, pods).filter((pod) => !pod.metadata.deletionTimestamp && createdAt(pod) < restartAt);
  if (old.length === 0) return formatTime(restartAt);
  for (const pod of old.slice(0, evictable(s, plan, pods))) {
    plan.later({ kind: 'EvictPod', target: targetOf(pod), events: [] });
  }
  plan.wake(s.now + RETRY_MS);
  return restartedAt;
}

const createdAt = (pod: Pod): EpochMs => parseTime(pod.metadata.creationTimestamp) ?? 0;

/** How many may go now: whatever is available above the floor, at least one short of all. */
function evictable(s: Situation, plan: Plan, pods: readonly Pod[]): number {
  const strategy = blueGreenOf(s) ?? canaryOf(s);
  const { unavailable } = surgeOf(s.replicas, blueGreenOf(s) ? 0 : canaryOf(s)?.maxSurge, strategy?.maxUnavailable);
  // What the same plan takes away is spent already, and a set that is told to go keeps none of its pods, whatever still runs.
  const planned = (set: SetView): number => plan.replicasOf(set) ?? set.spec;
  const kept = s.roles.all.reduce((sum, set) => sum + planned(set), 0);
  const required = Math.max(s.replicas, kept) - Math.max(unavailable, 1);
  const serving = (set: SetView): number => availablePods(set, pods, s.spec.minReadySeconds ?? 0, s.now);
  const available = s.roles.all.reduce((sum, set) => sum + Math.min(planned(set), set.spec, serving(set)), 0);
  return Math.max(0, available - required);
}

function inRestartOrder(s: Situation, pods: readonly Pod[]): readonly Pod[] {
  const { newSet, stableSet } = s.roles;
  const rank = (pod: Pod): number => {
    const owner = ownerOf(pod);
    return owner === stableSet?.stored?.metadata.uid ? 0 : owner === newSet.stored?.metadata.uid ? 1 : 2;
  };
  return pods.toSorted((a, b) => rank(a) - rank(b) || createdAt(a) - createdAt(b));
}
