import { conditionReasons, conditionTypes, parseTime } from '@sluice/model';
import type { RolloutStatus } from '@sluice/model';
import { conditionsOf, findCondition } from './conditions.ts';
import type { Conditions } from './conditions.ts';
import { lastingAvailable } from './sets.ts';
import { blueGreenOf, canaryOf, isFullyPromoted, isObserved, stepsOf } from './situation.ts';
import type { Situation } from './situation.ts';
import { isHeldWithoutStable } from './stable-missing.ts';
import { currentStepIndex } from './weight.ts';
import type { EpochMs } from './snapshot.ts';

export const deadlineMsOf = (s: Situation): number => (s.spec.progressDeadlineSeconds ?? 600) * 1000;

/** All that was asked for is there, and the last status was about this spec. Source: spec-rollout §2.2 “Healthy predicate”. */
export function isHealthy(s: Situation, next: RolloutStatus): boolean {
  if (next.updatedReplicas !== s.replicas || next.availableReplicas !== s.replicas || !isObserved(s)) return false;
  const blueGreen = blueGreenOf(s);
  if (blueGreen) {
    const { activeSelector, previewSelector } = next.blueGreen ?? {};
    return (
      activeSelector === next.currentPodHash && (!blueGreen.previewService || previewSelector === next.currentPodHash)
    );
  }
  const index = next.currentStepIndex;
  const stepsDone = stepsOf(s).length === 0 || index === undefined || index === null || index >= stepsOf(s).length;
  return stepsDone && !!next.stableRS && next.stableRS === next.currentPodHash && next.replicas === s.replicas;
}

/** Something moved towards the goal between two statuses, so that the progress deadline starts again. */
export function hasProgressed(s: Situation, before: RolloutStatus, after: RolloutStatus): boolean {
  const n = (value: number | null | undefined): number => value ?? 0;
  const old = (status: RolloutStatus): number => n(status.replicas) - n(status.updatedReplicas);
  const pods =
    n(after.updatedReplicas) !== n(before.updatedReplicas) ||
    old(after) < old(before) ||
    n(after.readyReplicas) > n(before.readyReplicas) ||
    n(after.availableReplicas) > n(before.availableReplicas);
  if (pods) return true;
  if (canaryOf(s)) {
    const bothIndexed = typeof before.currentStepIndex === 'number' && typeof after.currentStepIndex === 'number';
    return (
      (after.stableRS ?? '') !== (before.stableRS ?? '') ||
      (bothIndexed && after.currentStepIndex !== before.currentStepIndex) ||
      (after.currentStepHash ?? '') !== (before.currentStepHash ?? '')
    );
  }
  const selectors = (status: RolloutStatus): string =>
    `${status.blueGreen?.activeSelector ?? ''}/${status.blueGreen?.previewSelector ?? ''}`;
  return selectors(after) !== selectors(before);
}

/** Steps during which nothing is expected to move: pauses, analyses and experiments. */
export function isAtIndefiniteStep(s: Situation, conditions: Conditions = conditionsOf(s.status)): boolean {
  if (findCondition(conditions, conditionTypes.paused)?.status === 'True') return true;
  const index = currentStepIndex(s);
  const step = index === undefined ? undefined : stepsOf(s)[index];
  return step !== undefined && !!(step.pause || step.analysis || step.experiment);
}

/** When the progress deadline runs out, or undefined where no clock is ticking. */
export function progressDeadline(s: Situation, conditions: Conditions): EpochMs | undefined {
  const condition = findCondition(conditions, conditionTypes.progressing);
  if (!condition || condition.reason === conditionReasons.aborted || condition.reason === conditionReasons.paused)
    return undefined;
  if (isHeldWithoutStable(s)) return undefined;
  if (isAtIndefiniteStep(s, conditions) || awaitsOldPodsAlone(s)) return undefined;
  if (condition.reason === conditionReasons.progressDeadlineExceeded) return 0;
  return (parseTime(condition.lastUpdateTime) ?? s.now) + deadlineMsOf(s);
}

/** The version that is rolled out is there in full and stable: what is left is older versions, which keep their pods for as long as they were asked to. */
function awaitsOldPodsAlone(s: Situation): boolean {
  const { newSet, others } = s.roles;
  if (!others.some((set) => set.deadline !== undefined)) return false;
  return isFullyPromoted(s.status) && lastingAvailable(newSet) >= s.replicas;
}

export const hasTimedOut = (s: Situation, conditions: Conditions): boolean => {
  const deadline = progressDeadline(s, conditions);
  return deadline !== undefined && deadline < s.now;
};
