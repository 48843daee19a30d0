import { evaluateCondition } from '@sluice/expression';
import type { VariableType } from '@sluice/expression';

// Is what was measured good or bad? Source: spec-analysis §5.1.

export interface Conditions {
  readonly successCondition?: string;
  readonly failureCondition?: string;
}

/** What the provider answered. */
export interface Answer {
  /** What `result` is in conditions; NaN and infinities are JavaScript's own. */
  readonly result: unknown;
  /** Known statically for some providers: `list of floats` for a Prometheus vector. Else derived from the value. */
  readonly resultType?: VariableType;
  /** What `now()` gives in conditions, in milliseconds since 1970. */
  readonly now?: number;
}

/** The answer of a provider of that name. Prometheus only ever answers with numbers: a list of them holds nothing else. Source: spec-analysis §5.4. */
export const answerOf = (provider: string, result: unknown, now: number): Answer => ({
  result,
  ...(provider === 'prometheus' && Array.isArray(result) && { resultType: 'list of floats' }),
  now,
});

export interface MeasurementVerdict {
  readonly phase: 'Successful' | 'Failed' | 'Inconclusive' | 'Error';
  readonly message?: string;
}

/** In conditions it stands behind what could not be evaluated; without any condition nothing else is left to say. */
export const noDataMessage = 'metric result is nil or empty: no data returned from the metric provider';

const isNoData = (result: unknown): boolean =>
  result === undefined || result === null || (Array.isArray(result) && result.length === 0);

/**
 * Both conditions are evaluated where both are given; a failure weighs more than a success. Without conditions any data is a success and no
 * data is an error: a verdict needs evidence.
 */
export function assessMeasurement(conditions: Conditions, answer: Answer): MeasurementVerdict {
  const { successCondition, failureCondition } = conditions;
  if (!successCondition && !failureCondition)
    return isNoData(answer.result) ? { phase: 'Error', message: noDataMessage } : { phase: 'Successful' };
  const success = successCondition ? evaluateCondition(successCondition, answer) : undefined;
  if (success?.ok === false)
    return {
      phase: 'Error',
      message: `could not evaluate successCondition "${successCondition}": ${success.detail}`,
    };
  const failure = failureCondition ? evaluateCondition(failureCondition, answer) : undefined;
  if (failure?.ok === false)
    return {
      phase: 'Error',
      message: `could not evaluate failureCondition "${failureCondition}": ${failure.detail}`,
    };
  return { phase: phaseOf(success?.verdict, failure?.verdict) };
}

/** Undefined where the condition is not given. */
function phaseOf(success: boolean | undefined, failure: boolean | undefined): MeasurementVerdict['phase'] {
  if (failure === true) return 'Failed';
  if (success === true) return 'Successful';
  if (success === undefined) return 'Successful';
  return failure === undefined ? 'Failed' : 'Inconclusive';
}
