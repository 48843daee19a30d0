import { formatTime, parseTime } from '@sluice/model';
import type { Measurement, MetricResult } from '@sluice/model';
import type { EpochMs } from '../snapshot.ts';
import { terminatedMessage } from './given-up.ts';
import { isCompleted, nextOrdinal, unfinished } from './metric-phase.ts';
import type { FinishedMeasurement, MeasurementOutcome, PendingMeasurement } from './snapshot.ts';

// How outcomes become results. Source: spec-analysis §4.

/** Members that say nothing are left out, as the API leaves them out. */
function withoutEmpty<T extends object>(object: T): T {
  const isEmpty = (value: unknown): boolean =>
    value === undefined ||
    value === '' ||
    value === 0 ||
    value === false ||
    (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0);
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isEmpty(value))) as T;
}

/** The counters after one more finished measurement. An error is no evidence: it counts apart, and never towards `count`. */
function counted(result: MetricResult, phase: FinishedMeasurement['phase']): MetricResult {
  const { count = 0, successful = 0, failed = 0, inconclusive = 0, error = 0 } = result;
  const isError = phase === 'Error';
  return withoutEmpty({
    ...result,
    count: count + (isError ? 0 : 1),
    successful: successful + (phase === 'Successful' ? 1 : 0),
    failed: failed + (phase === 'Failed' ? 1 : 0),
    inconclusive: inconclusive + (phase === 'Inconclusive' ? 1 : 0),
    error: error + (isError ? 1 : 0),
    consecutiveError: isError ? (result.consecutiveError ?? 0) + 1 : 0,
    consecutiveSuccess: phase === 'Successful' ? (result.consecutiveSuccess ?? 0) + 1 : 0,
  });
}

const longestValue = 16_384;
const longestMessage = 4_096;

/** Text that fits into an object of the API beside nine others like it: a run whose status cannot be stored would never end. */
const cut = (text: string | undefined, longest: number): string | undefined =>
  text !== undefined && text.length > longest ? `${text.slice(0, longest).toWellFormed()}…` : text;

/** The measurements with the last one replaced while it is unfinished, else with one more. */
const withMeasurement = (result: MetricResult, measurement: Measurement): Measurement[] => [
  ...(result.measurements ?? []).slice(0, unfinished(result) === undefined ? undefined : -1),
  measurement,
];

function finish(result: MetricResult, outcome: FinishedMeasurement): MetricResult {
  const begun = unfinished(result);
  const measurement = withoutEmpty<Measurement>({
    phase: outcome.phase,
    message: cut(outcome.message, longestMessage),
    startedAt: begun?.startedAt ?? formatTime(outcome.startedAt),
    finishedAt: formatTime(outcome.finishedAt),
    value: cut(outcome.value, longestValue),
    metadata: { ...begun?.metadata, ...outcome.metadata },
  });
  return { ...counted(result, outcome.phase), measurements: withMeasurement(result, measurement) };
}

/** A poll that came late says nothing new. */
const isOvertaken = (begun: Measurement | undefined, resumeAt: EpochMs): boolean =>
  (parseTime(begun?.resumeAt) ?? -Infinity) > resumeAt;

function suspend(result: MetricResult, outcome: PendingMeasurement, now: EpochMs): MetricResult | undefined {
  const begun = unfinished(result);
  const resumeAt = outcome.resumeAt ?? now;
  if (isOvertaken(begun, resumeAt)) return undefined;
  const measurement = withoutEmpty<Measurement>({
    phase: 'Running',
    message: cut(outcome.message, longestMessage),
    startedAt: begun?.startedAt ?? formatTime(outcome.startedAt),
    metadata: { ...begun?.metadata, ...outcome.metadata },
    resumeAt: formatTime(resumeAt),
  });
  return { ...result, measurements: withMeasurement(result, measurement) };
}

/**
 * The result of a metric with one more outcome, or undefined when the outcome is a duplicate, late or of no meaning. `result` is undefined
 * before the first one.
 */
export function withOutcome(
  result: MetricResult | undefined,
  outcome: MeasurementOutcome,
  dryRun: boolean,
  now: EpochMs,
): MetricResult | undefined {
  if (outcome.ordinal !== nextOrdinal(result) || isCompleted(result?.phase)) return undefined;
  const before: MetricResult =
    result ?? withoutEmpty({ name: outcome.metric, phase: 'Pending', dryRun, metadata: { ...outcome.metricMetadata } });
  return outcome.kind === 'finished' ? finish(before, outcome) : suspend(before, outcome, now);
}

/**
 * The result after its unfinished measurement was given up. It is inconclusive at once, whether or not the provider answers: a verdict does
 * not wait for a provider that hangs.
 */
export function giveUp(result: MetricResult, now: EpochMs): MetricResult {
  const begun = unfinished(result);
  if (begun === undefined) return result;
  const { resumeAt: _, ...rest } = begun;
  const measurement: Measurement = {
    ...rest,
    phase: 'Inconclusive',
    message: terminatedMessage,
    finishedAt: formatTime(now),
  };
  return { ...counted(result, 'Inconclusive'), measurements: withMeasurement(result, measurement) };
}
