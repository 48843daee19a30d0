import { durationHint, isWholeNumber, parseDuration } from '@sluice/model';
import type { AnalysisRunSpec, Metric } from '@sluice/model';

// Numbers that would disable a guard: a count that is reached before anything was measured, a limit that is no number
// and would count as 0, a time that has passed before it begins.

const countFields = ['count', 'failureLimit', 'inconclusiveLimit', 'consecutiveErrorLimit', 'consecutiveSuccessLimit'];

type CountField = 'count' | 'failureLimit' | 'inconclusiveLimit' | 'consecutiveErrorLimit' | 'consecutiveSuccessLimit';

const at = ({ name }: Metric, value: unknown): string => `metric '${name}' has ${JSON.stringify(value)}`;

const textErrors = (metric: Metric): readonly string[] =>
  (countFields as readonly CountField[]).flatMap((field) => {
    const value = metric[field] ?? undefined;
    return value === undefined || isWholeNumber(value)
      ? []
      : [`${field} must be a whole number: ${at(metric, value)}. Write it in digits, such as 3`];
  });

const countError = (metric: Metric): string | undefined => {
  const count = metric.count ?? undefined;
  if (count === undefined || !isWholeNumber(count) || Number(count) >= 1) return undefined;
  const without = metric.interval ? 'no limit' : 'one measurement';
  return `count must be at least 1: ${at(metric, count)}. Leave it out for ${without}`;
};

const timeErrors = (metric: Metric): readonly string[] =>
  (['interval', 'initialDelay'] as const).flatMap((field) => {
    const text = metric[field];
    const parsed = text ? parseDuration(text) : undefined;
    return parsed?.ok && parsed.ms < 0
      ? [`${field} must not be negative: ${at(metric, text)}. Write a time such as 30s, or leave it out`]
      : [];
  });

/** All numbers of a metric, with its arguments substituted, that disable a guard; each text begins with the field's name. */
export const metricNumberErrors = (metric: Metric): readonly string[] => {
  const count = countError(metric);
  return [...textErrors(metric), ...(count === undefined ? [] : [count]), ...timeErrors(metric)];
};

export const metricNumberError = (metric: Metric): string | undefined => metricNumberErrors(metric)[0];

/** A time that is no duration. A run says so in its own words. */
export function metricDurationError(metric: Metric): string | undefined {
  for (const field of ['interval', 'initialDelay'] as const) {
    const text = metric[field];
    const parsed = text ? parseDuration(text) : undefined;
    if (parsed?.ok === false) return `${field} is no duration: ${at(metric, text)}. ${parsed.error}: ${durationHint}`;
  }
  return undefined;
}

/** A negative time to live deletes the run, and its verdict, at the moment it ends. */
export function lifetimeError({ ttlStrategy }: Pick<AnalysisRunSpec, 'ttlStrategy'>): string | undefined {
  const negative = Object.entries(ttlStrategy ?? {}).find(([, seconds]) => typeof seconds === 'number' && seconds < 0);
  if (negative === undefined) return undefined;
  const [field, seconds] = negative;
  return `ttlStrategy.${field} must be >= 0: it is ${seconds}. Write seconds, or leave it out to keep the run`;
}
