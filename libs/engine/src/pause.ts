import { formatTime, parseTime, pauseSeconds } from '@sluice/model';
import type { PauseCondition, PauseStep, RolloutPauseReason } from '@sluice/model';
import type { Plan } from './plan.ts';
import { isResumedByUser, pausesOf } from './situation.ts';
import type { Situation } from './situation.ts';
import type { EpochMs } from './snapshot.ts';

export const findPause = (pauses: readonly PauseCondition[], reason: RolloutPauseReason): PauseCondition | undefined =>
  pauses.find((pause) => pause.reason === reason);
export const withoutPause = (
  pauses: readonly PauseCondition[],
  reason: RolloutPauseReason,
): readonly PauseCondition[] => pauses.filter((pause) => pause.reason !== reason);
export const withPause = (
  pauses: readonly PauseCondition[],
  reason: RolloutPauseReason,
  now: EpochMs,
): readonly PauseCondition[] => [...pauses, { reason, startTime: formatTime(now) }];

/** When a pause of so many seconds ends; the API keeps whole seconds, so it may end up to a second early. */
export const pauseEnd = (pause: PauseCondition, seconds: number): EpochMs =>
  (parseTime(pause.startTime) ?? 0) + seconds * 1000;

/** A pause step is over when a user resumed it or when its time is up. Source: spec-rollout §5.1. */
export function isPauseOver(s: Situation, step: PauseStep): boolean {
  const pause = findPause(pausesOf(s.status), 'CanaryPauseStep');
  if (s.status.controllerPause && !pause) return true;
  const seconds = pauseSeconds(step);
  return seconds !== undefined && pause !== undefined && pauseEnd(pause, seconds) < s.now;
}

/** Begins the pause of the current step, once, and asks to be woken at its end. */
export function enterPauseStep(s: Situation, plan: Plan, step: PauseStep): readonly PauseCondition[] {
  const pauses = pausesOf(s.status);
  if (isResumedByUser(s.status)) return pauses;
  const entered = findPause(pauses, 'CanaryPauseStep') ? pauses : withPause(pauses, 'CanaryPauseStep', s.now);
  const seconds = pauseSeconds(step);
  const pause = findPause(entered, 'CanaryPauseStep')!;
  if (seconds !== undefined) plan.wake(pauseEnd(pause, seconds) + 1);
  return entered;
}
