import { isFullyPromoted, stepsOf } from './situation.ts';
import type { Situation } from './situation.ts';

export const maxWeightOf = (s: Situation): number => s.spec.strategy?.canary?.trafficRouting?.maxTrafficWeight ?? 100;

/** Index of the step that is under way, or undefined when there are none left or none at all. */
export function currentStepIndex(s: Situation): number | undefined {
  const steps = stepsOf(s);
  if (steps.length === 0) return undefined;
  const index = Math.max(0, s.status.currentStepIndex ?? 0);
  return index < steps.length ? index : undefined;
}

/** The share of the traffic that the new version should have now, out of maxWeight. Source: spec-rollout §4.2. */
export function desiredCanaryWeight(s: Situation): number {
  const max = maxWeightOf(s);
  if (s.status.promoteFull || !s.status.stableRS || isFullyPromoted(s.status)) return max;
  if (s.status.abort) return 0;
  const index = currentStepIndex(s);
  if (index === undefined) return max;
  return weightAtStep(s, index);
}

/** The last setWeight at or before this step; 0 where there is none. */
export function weightAtStep(s: Situation, index: number): number {
  const steps = stepsOf(s);
  for (let i = Math.min(index, steps.length - 1); i >= 0; i--) {
    const weight = steps[i]?.setWeight;
    if (weight !== undefined && weight !== null) return weight;
  }
  return 0;
}
