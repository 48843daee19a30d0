import { formatTime, parseTime } from '@sluice/model';
import type { Pod, Rollout } from '@sluice/model';
import { targetOf } from './plan.ts';
import type { Plan } from './plan.ts';
import { availableFrom, availablePods, isAvailable, ownerOf } from './pods.ts';
import { reachedVersions } from './reached-versions.ts';
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
  const old = inRestartOrder(s, pods).filter((pod) => isOld(pod, restartAt));
  if (old.length === 0) return formatTime(restartAt);
  const evicted = evictedNow(s, plan, pods, old);
  for (const pod of evicted) plan.later({ kind: 'EvictPod', target: targetOf(pod), events: [] });
  // An eviction may be refused (a disruption budget), and nothing tells when it no longer would be. Otherwise pods that come or go are what moves it on.
  if (evicted.length > 0) plan.wake(s.now + RETRY_MS);
  else for (const at of awaitedPods(s, pods)) plan.wake(at);
  return restartedAt;
}

/** When pods that are ready now will count as available. */
const awaitedPods = (s: Situation, pods: readonly Pod[]): readonly EpochMs[] =>
  pods
    .map((pod) => availableFrom(pod, s.spec.minReadySeconds ?? 0))
    .filter((at) => at !== undefined && at > s.now) as EpochMs[];

const createdAt = (pod: Pod): EpochMs => parseTime(pod.metadata.creationTimestamp) ?? 0;
const isOld = (pod: Pod, restartAt: EpochMs): boolean => !pod.metadata.deletionTimestamp && createdAt(pod) < restartAt;

function evictedNow(s: Situation, plan: Plan, pods: readonly Pod[], old: readonly Pod[]): readonly Pod[] {
  const spare = sparePods(s, plan, pods);
  const evicted: Pod[] = [];
  let budget = evictable(s, plan, pods);
  for (const pod of old) {
    if (budget <= 0) break;
    const uid = ownerOf(pod) ?? '';
    const left = isAvailable(pod, s.spec.minReadySeconds ?? 0, s.now) ? (spare.get(uid) ?? Infinity) : Infinity;
    if (left <= 0) continue;
    spare.set(uid, left - 1);
    evicted.push(pod);
    budget--;
  }
  return evicted;
}

/** Available pods of this set that stay when the plan has been carried out. */
const staying = (s: Situation, plan: Plan | undefined, pods: readonly Pod[], set: SetView): number =>
  Math.min(plan?.replicasOf(set) ?? set.spec, set.spec, availablePods(set, pods, s.spec.minReadySeconds ?? 0, s.now));

/**
 * How many available pods of each set (by uid) may go although traffic reaches that version by name: all but the last, as long as another version
 * has pods. Whoever is sent to it could not be answered, and nobody sends them to the other one. Sets that are not here are free.
 */
function sparePods(s: Situation, plan: Plan | undefined, pods: readonly Pod[]): Map<string, number> {
  const spare = new Map<string, number>();
  const reached = reachedVersions(s, plan);
  for (const set of s.roles.all) {
    const isAlone = s.roles.all.every((other) => other === set || staying(s, plan, pods, other) === 0);
    const uid = set.stored?.metadata.uid;
    if (uid && reached.has(set.hash) && !isAlone) spare.set(uid, staying(s, plan, pods, set) - 1);
  }
  return spare;
}

/** The version whose last pod a restart waits with, and undefined where it waits with none. For people. */
export function heldBack(s: Situation): SetView | undefined {
  const restartAt = parseTime(s.spec.restartAt);
  const pods = s.snapshot.pods;
  if (!pods || restartAt === undefined || restartAt >= s.now || !isRestartPending(s.rollout)) return undefined;
  const spare = sparePods(s, undefined, pods);
  return s.roles.all.find((set) => {
    const uid = set.stored?.metadata.uid ?? '';
    const left = spare.get(uid);
    return left !== undefined && left <= 0 && pods.some((pod) => ownerOf(pod) === uid && isOld(pod, restartAt));
  });
}

/** How many may go now: whatever is available above the floor, at least one short of all. */
function evictable(s: Situation, plan: Plan, pods: readonly Pod[]): number {
  const strategy = blueGreenOf(s) ?? canaryOf(s);
  const { unavailable } = surgeOf(s.replicas, blueGreenOf(s) ? 0 : canaryOf(s)?.maxSurge, strategy?.maxUnavailable);
  // What the same plan takes away is spent already, and a set that is told to go keeps none of its pods, whatever still runs.
  const kept = s.roles.all.reduce((sum, set) => sum + (plan.replicasOf(set) ?? set.spec), 0);
  const required = Math.max(s.replicas, kept) - Math.max(unavailable, 1);
  const available = s.roles.all.reduce((sum, set) => sum + staying(s, plan, pods, set), 0);
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
