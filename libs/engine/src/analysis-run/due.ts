import { formatTime, parseTime } from '@sluice/model';
import type { Measurement, MetricResult } from '@sluice/model';
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

/** Of the metric with this name: any text may be one. */
export const lastFinish = (all: Readonly<Record<string, EpochMs>>, metric: string): EpochMs | undefined =>
  Object.hasOwn(all, metric) ? all[metric] : undefined;

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
  return (exactly(last.finishedAt, lastFinishedAt) ?? now) + pauseMs(last, limits);
}

/** How long after a finished measurement the next one is due. */
const pauseMs = ({ phase }: Measurement, { intervalMs }: MetricLimits): number =>
  phase === 'Error' ? retryMs : Math.max(intervalMs ?? retryMs, shortestIntervalMs);

/**
 * When a measurement ended by the clock of whoever decides. Workers have clocks of their own: one that is ahead must not put the next
 * measurement off, and one that is behind must not make measurements follow each other without their interval.
 */
export function finishedBy(
  reported: EpochMs,
  result: MetricResult | undefined,
  limits: MetricLimits,
  { now, lastFinishedAt }: Timing,
): EpochMs {
  const last = result?.measurements?.findLast(({ finishedAt }) => Boolean(finishedAt));
  const previous = last && exactly(last.finishedAt, lastFinishedAt);
  const notBefore = last && previous !== undefined ? previous + pauseMs(last, limits) : -Infinity;
  return Math.min(now, Math.max(plausible(reported, now), notBefore));
}

const lastMoment = Date.UTC(9999, 11, 31, 23, 59, 59);

/** A moment as reported, or `now` where it is none that the API could hold. */
export const plausible = (reported: EpochMs, now: EpochMs): EpochMs =>
  reported >= 0 && reported <= lastMoment ? reported : now;
