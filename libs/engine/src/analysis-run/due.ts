import { formatTime, parseTime } from '@sluice/model';
import type { MetricResult } from '@sluice/model';
import type { EpochMs } from '../snapshot.ts';
import { hasCount, isCompleted, unfinished } from './metric-phase.ts';
import type { MetricLimits } from './limits.ts';

// When is a metric measured next? Source: spec-analysis §4.

/** An error is tried again after this time, whatever the interval. */
const retryMs = 10_000;
/** `interval: 0s` and less would ask the provider without a pause. */
const shortestIntervalMs = 100;

/** The exact moment where it is known, and agrees with the whole second that is stored. */
function exactly(stored: string | null | undefined, exact: EpochMs | undefined): EpochMs | undefined {
  return exact !== undefined && stored === formatTime(exact) ? exact : parseTime(stored);
}

export interface Timing {
  readonly now: EpochMs;
  /** When the run began; undefined until that is stored or about to be. */
  readonly startedAt: EpochMs | undefined;
  /** When this metric was last measured, to the millisecond, if the caller remembers. */
  readonly lastFinishedAt: EpochMs | undefined;
}

/** When to measure (or poll) next; undefined when time alone does not make it due. The run itself must not be over. */
export function nextDueAt(
  result: MetricResult | undefined,
  limits: MetricLimits,
  { now, startedAt, lastFinishedAt }: Timing,
): EpochMs | undefined {
  if (isCompleted(result?.phase)) return undefined;
  const begun = unfinished(result);
  if (begun !== undefined) return parseTime(begun.resumeAt) ?? now;
  const last = result?.measurements?.at(-1);
  if (result === undefined || last === undefined) {
    if (limits.initialDelayMs === undefined) return now;
    return startedAt === undefined ? undefined : startedAt + limits.initialDelayMs;
  }
  if (hasCount(result, limits)) return undefined;
  const finishedAt = exactly(last.finishedAt, lastFinishedAt) ?? now;
  if (last.phase === 'Error') return finishedAt + retryMs;
  return finishedAt + Math.max(limits.intervalMs ?? retryMs, shortestIntervalMs);
}
