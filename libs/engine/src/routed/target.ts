import type { CanaryPair } from '../canary-replicas.ts';
import { selectedHash, serviceOf } from '../canary-services.ts';
import { isUpToDate, lastingAvailable } from '../sets.ts';
import type { SetView } from '../sets.ts';
import { canaryOf, isBlocked, isFullyPromoted, stepsOf } from '../situation.ts';
import type { Situation } from '../situation.ts';
import { meetsThreshold } from '../steps.ts';
import { currentStepIndex, maxWeightOf, weightAtStep } from '../weight.ts';
import { scaleByHand, shareOf } from './counts.ts';
import { canaryHashSeen } from './routers.ts';
import { serviceNames } from './service-names.ts';
import { recordedShare } from './span.ts';
import type { TrafficSpan } from './span.ts';

/** Whether the pods are as the step asks for: enough of the canary, and the stable side whole. Source: spec-rollout §5.1. */
export function isAtRoutedCounts(s: Situation, wanted: CanaryPair): boolean {
  const { newSet, stableSet } = s.roles;
  if (!stableSet || !meetsThreshold(canaryOf(s), newSet, wanted.canary)) return false;
  return (
    canaryOf(s)?.dynamicStableScale === true ||
    (stableSet.spec === wanted.stable && stableSet.replicas === wanted.stable)
  );
}

/** The share that the rollout asks for in the state that it is in: the first row that fits. Source: spec-rollout §6. */
export function askedShare(s: Situation, wanted: CanaryPair): number {
  const { newSet } = s.roles;
  if (isFullyPromoted(s.status) || s.status.abort || lastingAvailable(newSet) === 0) return 0;
  if (isBlocked(s)) return recordedShare(s.status.canary?.weights, maxWeightOf(s));
  // A scale of 0 that was set by hand: nobody is to be there, so nobody is sent there.
  if (wanted.canary === 0 && s.replicas > 0) return 0;
  if (s.status.promoteFull) {
    return canaryOf(s)?.dynamicStableScale
      ? shareOf(s, newSet)
      : recordedShare(s.status.canary?.weights, maxWeightOf(s));
  }
  const steps = stepsOf(s);
  if (steps.length === 0) return 0;
  const index = currentStepIndex(s) ?? steps.length;
  const next = index >= steps.length ? maxWeightOf(s) : weightAtStep(s, index);
  if (isAtRoutedCounts(s, wanted) || next <= carriedShare(s)) return next;
  return index === 0 ? 0 : weightAtStep(s, index - 1);
}

/** What the new version was seen to carry. A share that falls waits for no pods: those that are too many wait for it. */
function carriedShare(s: Situation): number {
  const weights = s.status.canary?.weights;
  return weights?.canary.podTemplateHash === s.roles.newSet.hash ? recordedShare(weights, maxWeightOf(s)) : 0;
}

/** What the canary side of the routes reaches: a version, or all pods alike by a Service that somebody made select them all. */
export type Carrier = SetView | 'everyone' | undefined;

/**
 * The share to route now to what the canary side reaches: what was asked for, as far as pods that are available can carry it, on both sides. Traffic never
 * moves to a side that cannot take it, unless the other side has nothing left to answer with.
 */
export function routableShare(s: Situation, asked: number, routed: TrafficSpan, carrier: Carrier): number {
  const { newSet, stableSet } = s.roles;
  const carrying = carrier === undefined || carrier === 'everyone' ? newSet : carrier;
  const share = carryableShare(s, carrying);
  // More than it has gets only a set whose counts are about what it asks for now.
  const canCarry = isUpToDate(carrying) ? share : Math.min(share, routed.highest);
  const capped = Math.min(asked, canCarry);
  // Where both sides are the same pods, or nothing is to be taken from the canary side, only its own capacity counts.
  if (capped >= routed.highest || !stableSet || !carrier || carrier === stableSet) return capped;
  const beyondStable = maxWeightOf(s) - shareOf(s, stableSet);
  if (beyondStable <= 0) return capped;
  return Math.max(capped, Math.min(routed.highest, shareToKeep(s, carrier, stableSet, canCarry)));
}

/** The canary's share while the stable version cannot carry all the rest. */
function shareToKeep(s: Situation, carrier: SetView | 'everyone', stableSet: SetView, canCarry: number): number {
  const max = maxWeightOf(s);
  // Spread over all pods is better than on too few of them.
  if (carrier === 'everyone') return max;
  const beyondStable = max - shareOf(s, stableSet);
  if (canCarry >= beyondStable) return beyondStable;
  // Together they are too few: each gets its part by the pods that it has.
  const [here, there] = [lastingAvailable(carrier), lastingAvailable(stableSet)];
  return here + there === 0 ? 0 : Math.floor((max * here) / (here + there));
}

/** Where a user has set the canary's scale, its weight is what the step asks for, as long as there is a pod at all. Source: architecture §4.2. */
const carryableShare = (s: Situation, set: SetView): number =>
  set === s.roles.newSet && scaleByHand(s) && lastingAvailable(set) > 0 ? maxWeightOf(s) : shareOf(s, set);

/** The set whose pods get what is routed to the canary side now. */
export function carrierOf(s: Situation): SetView | undefined {
  const service = serviceOf(s, serviceNames(s).canary);
  const hash = (service && selectedHash(service)) || canaryHashSeen(s);
  return hash ? s.roles.all.find((set) => set.hash === hash) : undefined;
}

/** What the canary side of the routes selects: never a version without pods while the stable one has some. */
export function routedHash(s: Situation, hash: string): string {
  const { stableSet, all } = s.roles;
  const set = all.find((each) => each.hash === hash);
  const canAnswer = set !== undefined && lastingAvailable(set) > 0;
  return canAnswer || !stableSet || lastingAvailable(stableSet) === 0 ? hash : stableSet.hash;
}
