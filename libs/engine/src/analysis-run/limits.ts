import { countOf, durationMs } from '@sluice/model';
import type { Metric } from '@sluice/model';

/** The numbers of a metric as they count, with the defaults of spec-analysis §1.2. Times in milliseconds. */
export interface MetricLimits {
  /** Measurements wanted; Infinity when only an interval is given. */
  readonly count: number;
  readonly failureLimit: number;
  readonly inconclusiveLimit: number;
  readonly consecutiveErrorLimit: number;
  readonly consecutiveSuccessLimit: number;
  readonly intervalMs?: number;
  readonly initialDelayMs?: number;
}

const defaultConsecutiveErrorLimit = 4;

/** An absent count is one measurement; with an interval it is no limit. Validation refuses a count below 1. */
export const effectiveCount = ({ count, interval }: Metric): number => {
  const wanted = countOf(count ?? 0);
  if (wanted !== 0) return wanted;
  return interval ? Infinity : 1;
};

export function limitsOf(metric: Metric): MetricLimits {
  const intervalMs = metric.interval ? durationMs(metric.interval) : undefined;
  const initialDelayMs = metric.initialDelay ? durationMs(metric.initialDelay) : undefined;
  return {
    count: effectiveCount(metric),
    failureLimit: countOf(metric.failureLimit ?? 0),
    inconclusiveLimit: countOf(metric.inconclusiveLimit ?? 0),
    consecutiveErrorLimit: countOf(metric.consecutiveErrorLimit ?? defaultConsecutiveErrorLimit),
    consecutiveSuccessLimit: countOf(metric.consecutiveSuccessLimit ?? 0),
    ...(intervalMs !== undefined && { intervalMs }),
    ...(initialDelayMs !== undefined && { initialDelayMs }),
  };
}
