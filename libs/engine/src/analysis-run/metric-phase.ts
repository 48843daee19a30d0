import type { AnalysisPhase, Measurement, MetricResult } from '@sluice/model';
import { wasGivenUp } from './given-up.ts';
import type { MetricLimits } from './limits.ts';

// Is a metric done, and how? Source: spec-analysis §6.1; the numbers are its rows.

const completed: ReadonlySet<AnalysisPhase | undefined> = new Set(['Successful', 'Failed', 'Error', 'Inconclusive']);

export const isCompleted = (phase: AnalysisPhase | undefined): boolean => completed.has(phase);

/** A measurement that goes on at its provider. */
export const unfinished = (result: MetricResult | undefined): Measurement | undefined => {
  const last = result?.measurements?.at(-1);
  return last !== undefined && !isCompleted(last.phase) ? last : undefined;
};

/** The how-manieth attempt the next (or unfinished) measurement is: errors count as well. */
export const nextOrdinal = (result: MetricResult | undefined): number =>
  (result?.count ?? 0) + (result?.error ?? 0) + 1;

export interface Excess {
  readonly phase: 'Error' | 'Inconclusive' | 'Failed';
  readonly reason: string;
}

/** Which limit is exceeded (rows 4 to 6). Within one metric errors weigh more than failures. */
export function excessOf(result: MetricResult, limits: MetricLimits): Excess | undefined {
  const { consecutiveError = 0, inconclusive = 0, failed = 0 } = result;
  const { consecutiveErrorLimit, inconclusiveLimit, failureLimit } = limits;
  if (consecutiveError > consecutiveErrorLimit)
    return {
      phase: 'Error',
      reason: `consecutiveErrors (${consecutiveError}) > consecutiveErrorLimit (${consecutiveErrorLimit})`,
    };
  if (inconclusive > inconclusiveLimit)
    return {
      phase: 'Inconclusive',
      reason: `inconclusive (${inconclusive}) > inconclusiveLimit (${inconclusiveLimit})`,
    };
  return failureLimit >= 0 && failed > failureLimit
    ? { phase: 'Failed', reason: `failed (${failed}) > failureLimit (${failureLimit})` }
    : undefined;
}

/** Whether a provider has answered at least once. Errors and measurements that were stopped are no evidence. */
export const hasEvidence = (result: MetricResult | undefined): boolean =>
  (result?.count ?? 0) > (wasGivenUp(result?.measurements?.at(-1)) ? 1 : 0);

/** Whether so many successes in a row are what the metric waits for (row 7). */
export const hasSuccessesInARow = (
  result: Pick<MetricResult, 'consecutiveSuccess'>,
  { consecutiveSuccessLimit }: MetricLimits,
): boolean => consecutiveSuccessLimit > 0 && (result.consecutiveSuccess ?? 0) >= consecutiveSuccessLimit;

/** Errors are not counted: without one measurement that is evidence, no count is reached. */
export const hasCount = (result: Pick<MetricResult, 'count'>, { count }: MetricLimits): boolean =>
  (result.count ?? 0) >= Math.max(1, count);

/** What every wanted measurement having been made says about the metric (rows 8 to 10). */
function phaseAtCount(result: MetricResult, { failureLimit, consecutiveSuccessLimit }: MetricLimits): AnalysisPhase {
  if (consecutiveSuccessLimit <= 0) return hasEvidence(result) ? 'Successful' : 'Inconclusive';
  return failureLimit >= 0 ? 'Inconclusive' : 'Failed';
}

/** `result` is undefined for a metric that was never measured. */
export function metricPhase(
  result: MetricResult | undefined,
  limits: MetricLimits,
  isTerminating: boolean,
): AnalysisPhase {
  if (result !== undefined && isCompleted(result.phase)) return result.phase;
  if (result === undefined || !result.measurements?.length) return isTerminating ? 'Successful' : 'Pending';
  if (unfinished(result) !== undefined) return 'Running';
  const excess = excessOf(result, limits);
  if (excess !== undefined) return excess.phase;
  if (hasSuccessesInARow(result, limits)) return 'Successful';
  if (hasCount(result, limits)) return phaseAtCount(result, limits);
  if (!isTerminating) return 'Running';
  return hasEvidence(result) ? 'Successful' : 'Inconclusive';
}
