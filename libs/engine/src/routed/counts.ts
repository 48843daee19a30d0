import type { SetCanaryScale } from '@sluice/model';
import type { CanaryPair } from '../canary-replicas.ts';
import { lastingAvailable } from '../sets.ts';
import type { SetView } from '../sets.ts';
import { canaryOf, isFullyPromoted, stepsOf } from '../situation.ts';
import type { Situation } from '../situation.ts';
import { currentStepIndex, desiredCanaryWeight, maxWeightOf } from '../weight.ts';
import type { TrafficSpan } from './span.ts';

/** Pods that this share of the traffic needs. */
export const podsFor = (s: Situation, weight: number): number => Math.ceil((weight * s.replicas) / maxWeightOf(s));

/**
 * The highest share that the available pods of this set can carry. Those that it asks for no more do not count: they go as soon as the ReplicaSet
 * controller sees it, however long it takes until they are gone from `available`.
 */
export const shareOf = (s: Situation, set: SetView): number => shareFor(s, lastingAvailable(set));

const shareFor = (s: Situation, pods: number): number =>
  s.replicas === 0 ? maxWeightOf(s) : Math.min(maxWeightOf(s), Math.floor((maxWeightOf(s) * pods) / s.replicas));

const atLeastMinimum = (s: Situation, pods: number): number => {
  const minimum = canaryOf(s)?.minPodsPerReplicaSet;
  return pods === 0 || !minimum ? pods : Math.max(pods, Math.min(minimum, s.replicas));
};

/** The setCanaryScale that rules now: the nearest at or before the current step. Source: spec-rollout §4.6. */
export function scaleByHand(s: Situation): SetCanaryScale | undefined {
  const index = currentStepIndex(s);
  if (index === undefined || s.status.promoteFull) return undefined;
  if (s.status.abort && canaryOf(s)?.abortScaleDownDelaySeconds !== 0) return undefined;
  for (let i = index; i >= 0; i--) {
    const scale = stepsOf(s)[i]?.setCanaryScale;
    if (scale) return scale.matchTrafficWeight ? undefined : scale;
  }
  return undefined;
}

/**
 * Pods for both sides. The stable side stays whole unless `dynamicStableScale` lets it shrink, and then only as far as traffic has been
 * seen to leave it. Source: spec-rollout §4.6.
 */
export function routedCounts(s: Situation, routed: TrafficSpan): CanaryPair {
  if (isFullyPromoted(s.status) || !s.status.stableRS || !s.roles.stableSet)
    return { canary: s.replicas, stable: s.replicas };
  const byHand = scaleByHand(s);
  const weight = byHand
    ? byHand.replicas === undefined || byHand.replicas === null
      ? (byHand.weight ?? 0)
      : 0
    : desiredCanaryWeight(s);
  // Where no pods are asked for, none are made, whatever a step says.
  const canary = s.replicas === 0 ? 0 : (byHand?.replicas ?? atLeastMinimum(s, podsFor(s, weight)));
  if (!canaryOf(s)?.dynamicStableScale) return { canary, stable: s.replicas };
  const max = maxWeightOf(s);
  const carried = podsFor(s, max - routed.lowest);
  return {
    canary: atLeastMinimum(s, canary),
    stable: atLeastMinimum(s, Math.max(podsFor(s, Math.max(0, max - weight)), carried)),
  };
}
