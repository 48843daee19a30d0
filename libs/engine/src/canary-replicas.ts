import { lastingAvailable, totalOf } from './sets.ts';
import type { SetView } from './sets.ts';
import type { Surge } from './surge.ts';

/** Pods for the canary (new) and the stable set. */
export interface CanaryPair {
  readonly canary: number;
  readonly stable: number;
}

/**
 * The pair that comes nearest to the weight when pods are the only means to split traffic. At most one pod above
 * `replicas` is ever considered, whatever the surge is. Source: spec-rollout §4.3.
 */
export function idealPair(replicas: number, weight: number, maxWeight: number, surge: number): CanaryPair {
  if (replicas === 0) return { canary: 0, stable: 0 };
  const exact = (n: number): number => (n * weight) / maxWeight;
  const tie = (n: number): boolean => (2 * n * weight) % maxWeight === 0 && (n * weight) % maxWeight !== 0;
  const up = Math.ceil(exact(replicas));
  const down = Math.floor(exact(replicas));
  const whole = weight === 0 || weight === maxWeight || (replicas === 1 && surge === 0);
  const candidates: [canary: number, total: number][] = [];
  if (up < replicas || whole) candidates.push([up, replicas]);
  if (!tie(replicas) && (down !== 0 || whole)) candidates.push([down, replicas]);
  if (surge > 0) {
    candidates.push([up, replicas + 1]);
    if (!tie(replicas + 1) && (down !== 0 || whole)) candidates.push([down, replicas + 1]);
  }
  const error = ([canary, total]: [number, number]): number => Math.abs((canary * maxWeight) / total - weight);
  let best = candidates[0] ?? [up, replicas];
  for (const candidate of candidates) if (error(candidate) < error(best)) best = candidate;
  return { canary: best[0], stable: best[1] - best[0] };
}

export interface CanaryCountsInput {
  readonly replicas: number;
  readonly weight: number;
  readonly maxWeight: number;
  readonly limits: Surge;
  readonly newSet: SetView;
  readonly stableSet: SetView | undefined;
  readonly others: readonly SetView[];
}

/**
 * The counts to ask for now: a step from what is towards the ideal pair that neither exceeds `replicas + surge` pods nor leaves
 * fewer than `replicas - unavailable` available. Asked again whenever pods come or go, it reaches the ideal pair. Source: spec-rollout §4.4.
 */
export function canaryCounts(input: CanaryCountsInput): CanaryPair {
  const { stableSet, newSet, others, replicas } = input;
  if (stableSet === undefined || stableSet === newSet) return { canary: onlySet(input), stable: 0 };
  const ideal = idealPair(replicas, input.weight, input.maxWeight, input.limits.surge);
  const grown = scaleUp(input, ideal, stableSet);
  // While interrupted updates still have pods, those are the first to go.
  if (totalOf(others, 'spec') === 0) return scaleDown(input, ideal, stableSet, grown);
  return isStuck(input, stableSet, grown) ? withoutIdleSurplus(input, ideal, stableSet, grown) : grown;
}

/** Neither is there room for more pods, nor may one of an interrupted update go. */
function isStuck(
  { newSet, others, replicas, limits }: CanaryCountsInput,
  stableSet: SetView,
  grown: CanaryPair,
): boolean {
  if (grown.canary > newSet.spec || grown.stable > stableSet.spec) return false;
  const available = [newSet, stableSet, ...others].reduce((sum, set) => sum + lastingAvailable(set), 0);
  return available <= replicas - limits.unavailable && others.every((set) => set.spec <= set.available);
}

/**
 * Pods that answer nobody and are more than their side is to have make room. Otherwise an abort could wait for ever: for room that the pods of
 * a version hold that never becomes ready, while those of an interrupted update must not go before the stable version has replaced them.
 */
function withoutIdleSurplus(
  { newSet }: CanaryCountsInput,
  ideal: CanaryPair,
  stableSet: SetView,
  { canary, stable }: CanaryPair,
): CanaryPair {
  const kept = (set: SetView, wanted: number, to: number): number =>
    set.spec > wanted ? Math.min(to, Math.max(wanted, lastingAvailable(set))) : to;
  return { canary: kept(newSet, ideal.canary, canary), stable: kept(stableSet, ideal.stable, stable) };
}

/** Nothing to split: all pods are to be of the new version, as far as those of interrupted updates leave room. */
function onlySet({ replicas, limits, newSet, others }: CanaryCountsInput): number {
  if (newSet.spec >= replicas) return replicas;
  const room = replicas + limits.surge - newSet.spec - totalOf(others, 'spec');
  return Math.min(replicas, newSet.spec + Math.max(0, room));
}

function scaleUp(
  { replicas, limits, newSet, others }: CanaryCountsInput,
  ideal: CanaryPair,
  stableSet: SetView,
): CanaryPair {
  let budget = replicas + limits.surge - newSet.spec - stableSet.spec - totalOf(others, 'spec');
  let stable = stableSet.spec;
  if (stable < ideal.stable && budget > 0) {
    stable = Math.min(ideal.stable, stableSet.spec + budget);
    budget = stable < ideal.stable ? 0 : budget - (stable - stableSet.spec);
  }
  const canary = newSet.spec < ideal.canary && budget > 0 ? Math.min(ideal.canary, newSet.spec + budget) : newSet.spec;
  return { canary, stable };
}

function scaleDown(
  { replicas, limits, newSet }: CanaryCountsInput,
  ideal: CanaryPair,
  stableSet: SetView,
  grown: CanaryPair,
): CanaryPair {
  const floor = replicas - limits.unavailable;
  const growing = ideal.canary >= newSet.spec;
  // The side that is drained counts by what it asks for (its unavailable pods do not block), the growing side by what it can serve with.
  const counted = growing ? lastingAvailable(newSet) + stableSet.spec : newSet.spec + lastingAvailable(stableSet);
  const spare = counted - floor;
  if (spare <= 0) return grown;
  const cap = replicas + limits.surge;
  if (growing) {
    if (stableSet.spec <= ideal.stable) return grown;
    const stable = Math.max(ideal.stable, stableSet.spec - spare);
    const [drained, kept] = clamp({ set: stableSet, to: stable }, { set: newSet, to: grown.canary }, cap, floor);
    return { canary: kept, stable: drained };
  }
  const canary = Math.max(ideal.canary, newSet.spec - spare);
  const [drained, kept] = clamp({ set: newSet, to: canary }, { set: stableSet, to: grown.stable }, cap, floor);
  return { canary: drained, stable: kept };
}

interface Planned {
  readonly set: SetView;
  readonly to: number;
}

/** Keeps both within the cap and the floor: room taken from the kept side is given back where availability would suffer. */
function clamp(drain: Planned, keep: Planned, cap: number, floor: number): [drained: number, kept: number] {
  let kept = keep.to - Math.max(0, drain.to + keep.to - cap);
  const available = Math.min(drain.set.available, drain.to) + Math.min(keep.set.available, kept);
  const lost = Math.max(0, keep.set.available - kept);
  kept = Math.min(keep.to, kept + Math.min(lost, Math.max(0, floor - available)));
  return [drain.to - Math.max(0, drain.to + kept - cap), kept];
}
