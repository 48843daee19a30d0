import { formatTime, parseTime } from '@sluice/model';
import type { CompletionStatus, RolloutDuration } from '@sluice/model';
import { blueGreenOf, pausesOf, stepsOf } from './situation.ts';
import type { Situation } from './situation.ts';
import { currentStepIndex } from './weight.ts';
import type { EpochMs } from './snapshot.ts';

/** One attempt to roll out: from the change of the pod template or the steps to its promotion, abort or replacement. Source: spec-rollout §2.5. */
export const startAttempt = (now: EpochMs): RolloutDuration => ({ rolloutStartedAt: formatTime(now) });

export const isOpen = (duration: RolloutDuration | null | undefined): boolean =>
  !!duration?.rolloutStartedAt && !duration.completionStatus;

export function endAttempt(duration: RolloutDuration | null | undefined, as: CompletionStatus): RolloutDuration {
  return { ...duration, completionStatus: as };
}

export function finishAttempt(duration: RolloutDuration | null | undefined, now: EpochMs): RolloutDuration | undefined {
  if (!duration?.completionStatus || duration.finishedAt) return duration ?? undefined;
  return { ...duration, finishedAt: formatTime(now) };
}

/** Adds up how long an open attempt has waited for people. */
export function accountManualPause(
  duration: RolloutDuration | null | undefined,
  isWaiting: boolean,
  now: EpochMs,
): RolloutDuration | undefined {
  if (!duration?.rolloutStartedAt) return duration ?? undefined;
  const since = duration.manualPauseStartedAt;
  if (isWaiting && isOpen(duration)) return since ? duration : { ...duration, manualPauseStartedAt: formatTime(now) };
  if (!since) return duration;
  const { manualPauseStartedAt: _over, ...rest } = duration;
  const seconds = Math.max(0, Math.floor((now - (parseTime(since) ?? now)) / 1000));
  return { ...rest, totalManualPauseDurationSeconds: (duration.totalManualPauseDurationSeconds ?? 0) + seconds };
}

/** Whether only a person can move it on. */
export function isWaitingForPerson(s: Situation, pauses: ReturnType<typeof pausesOf>): boolean {
  if (s.spec.paused) return true;
  return pauses.some(({ reason }) => {
    if (reason === 'InconclusiveAnalysisRun' || reason === 'InconclusiveExperiment') return true;
    if (reason === 'BlueGreenPause') return blueGreenOf(s)?.autoPromotionEnabled === false;
    const index = currentStepIndex(s);
    const pause = index === undefined ? undefined : stepsOf(s)[index]?.pause;
    return !!pause && (pause.duration === undefined || pause.duration === null);
  });
}
