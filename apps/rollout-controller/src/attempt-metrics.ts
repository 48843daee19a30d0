import { parseTime } from '@sluice/model';
import type { CompletionStatus, Rollout, RolloutDuration } from '@sluice/model';
import { labelsOf } from '@sluice/reconcile';
import { keyOf } from '@sluice/kube';
import type { Metrics } from '@sluice/service';

/** An attempt to roll out that is over. */
export interface EndedAttempt {
  readonly status: CompletionStatus;
  readonly seconds: number;
  /** Of these, so many were spent waiting for people. */
  readonly pausedSeconds: number;
}

/** What came to its end between two versions of a Rollout. Source: spec-rollout §2.5. */
export function endedBetween(before: Rollout, after: Rollout): EndedAttempt | undefined {
  const was = before.status?.duration ?? undefined;
  const is = after.status?.duration ?? undefined;
  const isSame = was?.rolloutStartedAt === is?.rolloutStartedAt;
  if (is?.finishedAt && is.completionStatus && !(isSame && was?.finishedAt))
    return ended(is, is.completionStatus, parseTime(is.finishedAt));
  const isReplaced = was?.rolloutStartedAt && !was.completionStatus && is?.rolloutStartedAt && !isSame;
  return isReplaced ? ended(was, 'Superseded', parseTime(is.rolloutStartedAt)) : undefined;
}

function ended(attempt: RolloutDuration, status: CompletionStatus, at: number | undefined): EndedAttempt | undefined {
  const startedAt = parseTime(attempt.rolloutStartedAt);
  if (startedAt === undefined || at === undefined) return undefined;
  const pausedSince = parseTime(attempt.manualPauseStartedAt);
  const pausing = pausedSince === undefined ? 0 : Math.max(0, at - pausedSince) / 1000;
  return {
    status,
    seconds: Math.max(0, at - startedAt) / 1000,
    pausedSeconds: (attempt.totalManualPauseDurationSeconds ?? 0) + pausing,
  };
}

// From a canary of seconds to one that waits over a weekend.
const buckets = [10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400, 259_200];

/** Called with each change of a Rollout that is ours, as it is stored: what was not stored has not ended. */
export function createAttemptMetrics(metrics: Metrics): (before: Rollout, after: Rollout) => void {
  const labels = ['namespace', 'name', 'status'] as const;
  const histogram = (name: string, help: string) => metrics.histogram({ name, prefix: '', help, labels, buckets });
  const whole = histogram('rollout_duration_seconds', 'Seconds that an update took, by how it ended.');
  const moving = histogram(
    'rollout_progression_duration_seconds',
    'The same without the time that it waited for people.',
  );
  const paused = histogram('rollout_manual_pause_duration_seconds', 'Seconds that an update waited for people.');
  return (before, after) => {
    const attempt = endedBetween(before, after);
    if (attempt === undefined) return;
    const { status, seconds, pausedSeconds } = attempt;
    const of = { ...labelsOf(keyOf(after.metadata)), status };
    whole.observe(of, seconds);
    moving.observe(of, Math.max(0, seconds - pausedSeconds));
    paused.observe(of, pausedSeconds);
  };
}
