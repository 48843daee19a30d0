import type { CanaryPair } from '../canary-replicas.ts';
import { selectedHash, serviceOf } from '../canary-services.ts';
import type { SetView } from '../sets.ts';
import { canaryOf, isFullyPromoted, stepsOf } from '../situation.ts';
import type { Situation } from '../situation.ts';
import { meetsThreshold } from '../steps.ts';
import { currentStepIndex, maxWeightOf, weightAtStep } from '../weight.ts';
import { scaleByHand, shareFor } from './counts.ts';
import type { Routed } from './routers.ts';
import { serviceNames } from './service-names.ts';

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
  if (isFullyPromoted(s.status) || s.status.abort || newSet.available === 0) return 0;
  if (s.status.promoteFull) {
    return canaryOf(s)?.dynamicStableScale
      ? shareFor(s, newSet.available)
      : (s.status.canary?.weights?.canary.weight ?? 0);
  }
  const steps = stepsOf(s);
  if (steps.length === 0) return 0;
  const index = currentStepIndex(s) ?? steps.length;
  if (!isAtRoutedCounts(s, wanted)) return index === 0 ? 0 : weightAtStep(s, index - 1);
  return index >= steps.length ? maxWeightOf(s) : weightAtStep(s, index);
}

/**
 * The share to route now: what was asked for, as far as pods that are available can carry it, on both sides. Traffic never moves to
 * a side that cannot take it, unless the other side has nothing left to answer with.
 */
export function routableShare(s: Situation, asked: number, routed: Routed): number {
  const max = maxWeightOf(s);
  const { newSet, stableSet } = s.roles;
  const canCarry = scaleByHand(s) && newSet.available > 0 ? max : shareFor(s, newSet.available);
  const capped = Math.min(asked, canCarry);
  const carrier = carrierOf(s);
  // Where both sides are the same pods, or nothing is to be taken from the canary side, only its own capacity counts.
  if (capped >= routed.highest || !stableSet || !carrier || carrier === stableSet) return capped;
  const beyondStable = max - shareFor(s, stableSet.available);
  return Math.max(capped, Math.min(beyondStable, shareFor(s, carrier.available), routed.highest));
}

/** The set whose pods get what is routed to the canary side now. */
export function carrierOf(s: Situation): SetView | undefined {
  const service = serviceOf(s, serviceNames(s).canary);
  const hash = (service && selectedHash(service)) || s.status.canary?.weights?.canary.podTemplateHash;
  return hash ? s.roles.all.find((set) => set.hash === hash) : undefined;
}

/**
 * The version on the canary side: the new one. Going back to the stable version, it is the one that traffic is taken from, until there is none
 * left on it.
 */
export function canaryHash(s: Situation): string {
  const { newSet, stableSet, all } = s.roles;
  const recorded = s.status.canary?.weights?.canary;
  const isLeaving = newSet === stableSet && recorded && recorded.weight > 0 && recorded.podTemplateHash !== newSet.hash;
  return isLeaving && all.some((set) => set.hash === recorded.podTemplateHash)
    ? recorded.podTemplateHash!
    : newSet.hash;
}

/** What the canary side of the routes selects: never a version without pods while the stable one has some. */
export function routedCanaryHash(s: Situation): string {
  const hash = canaryHash(s);
  const { stableSet, all } = s.roles;
  const canAnswer = (all.find((set) => set.hash === hash)?.available ?? 0) > 0;
  return canAnswer || !stableSet || stableSet.available === 0 ? hash : stableSet.hash;
}
