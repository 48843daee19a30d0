import type { CanaryStep, CanaryStrategy } from '@sluice/model';
import type { CanaryPair } from './canary-replicas.ts';
import { hasExperimentSucceeded } from './experiment-step/turn.ts';
import { isPauseOver } from './pause.ts';
import { isPluginStepDone } from './plugin-step/next-call.ts';
import { hasSucceeded } from './rollout-analysis/entries.ts';
import { awaitsFirstWordUntil } from './rollout-analysis/first-word.ts';
import { lastingAvailable, totalOf } from './sets.ts';
import type { SetView } from './sets.ts';
import { canaryOf } from './situation.ts';
import type { Situation } from './situation.ts';
import { currentStepIndex } from './weight.ts';

/**
 * Whether enough of the new set is available to go on. A threshold given as a number of pods holds whatever was asked for.
 * Source: spec-rollout §5.1.
 */
export function meetsThreshold(canary: CanaryStrategy | undefined, set: SetView, wanted: number): boolean {
  const threshold = canary?.replicaProgressThreshold;
  if (!threshold || threshold.value === undefined || threshold.value < 0)
    return set.spec === wanted && set.available === wanted;
  if (threshold.type !== 'Percent') return lastingAvailable(set) >= threshold.value;
  return wanted === 0 || (lastingAvailable(set) / wanted) * 100 >= threshold.value - 1e-10;
}

/** Fewer pods than all of them are enough to go on with, by the threshold that the user has set, and so many are available. */
export const hasPassedThreshold = (s: Situation, set: SetView): boolean =>
  !!canaryOf(s)?.replicaProgressThreshold && meetsThreshold(canaryOf(s), set, s.replicas);

/** Whether the pods are as this weight asks for, with nothing left of interrupted updates. */
export function isAtCounts(s: Situation, wanted: CanaryPair): boolean {
  const { newSet, stableSet, others } = s.roles;
  if (!stableSet || !meetsThreshold(canaryOf(s), newSet, wanted.canary)) return false;
  const isStableThere = stableSet.spec === wanted.stable && stableSet.replicas === wanted.stable;
  return isStableThere && totalOf(others, 'available') === 0;
}

/** Whether the current step is done. `wanted` are the counts that its weight asks for. */
export function isStepDone(s: Situation, step: CanaryStep, wanted: CanaryPair): boolean {
  if (s.spec.paused) return false;
  if (step.pause) return isPauseOver(s, step.pause);
  if (step.setCanaryScale || (step.setWeight !== undefined && step.setWeight !== null))
    return isAtCounts(s, wanted) && awaitsFirstWordUntil(s) === undefined;
  if (step.analysis) return hasSucceeded(s.status, 'Step');
  if (step.experiment) return hasExperimentSucceeded(s);
  if (step.plugin) return isPluginStepDone(s, currentStepIndex(s) ?? 0);
  // A header or mirror route is done once it is declared.
  return !!(step.setHeaderRoute || step.setMirrorRoute);
}
