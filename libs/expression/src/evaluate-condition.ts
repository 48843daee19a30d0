import type { ExpressionError, VariableType } from './api.ts';
import { compile } from './compile.ts';
import type { Limits } from './limits.ts';
import { Instant } from './time/instant.ts';
import { variableTypeOf } from './types.ts';

export interface ConditionInput {
  /** The answer of the metric provider. JSON; NaN and infinities are JavaScript's own. */
  readonly result: unknown;
  /** Type of the answer when it says more than the value: `list of floats` for the vectors of Prometheus. */
  readonly resultType?: VariableType;
  /** What `now()` gives, in milliseconds since 1970. */
  readonly now?: number;
  readonly limits?: Partial<Limits>;
}

export type ConditionVerdict =
  | { readonly ok: true; readonly verdict: boolean }
  | {
      readonly ok: false;
      /** Why there is no verdict, as it stands in the message of a measurement. */
      readonly detail: string;
      readonly error: ExpressionError;
    };

const noData = 'metric result is nil or empty: no data returned from the metric provider';

const isEmpty = (result: unknown): boolean =>
  result === null || result === undefined || (Array.isArray(result) && result.length === 0);

const notBoolean = (type: string): ExpressionError => ({
  kind: 'run',
  message: `expected bool, but got ${type}`,
  position: 0,
  line: 1,
  column: 1,
});

/**
 * Whether a metric's answer fulfils a condition (spec-analysis §5). A condition that cannot be evaluated has no verdict, and one
 * about an answer without data says so. Never throws.
 */
export const evaluateCondition = (source: string, input: ConditionInput): ConditionVerdict => {
  const { result, resultType = variableTypeOf(result), now, limits } = input;
  const failed = (error: ExpressionError): ConditionVerdict => ({
    ok: false,
    detail: isEmpty(result) ? noData : (error.brief ?? error.message),
    error,
  });
  const compiled = compile(source, { variables: { result: resultType }, ...(limits && { limits }) });
  if (!compiled.ok) return failed(compiled.error);
  const evaluated = compiled.condition.evaluate({ variables: { result }, ...(now !== undefined && { now }) });
  if (!evaluated.ok) return failed(evaluated.error);
  return typeof evaluated.value === 'boolean'
    ? { ok: true, verdict: evaluated.value }
    : failed(notBoolean(evaluated.type));
};

export type TimeVerdict =
  | { readonly ok: true; readonly epochMs: number }
  | { readonly ok: false; readonly detail: string; readonly error: ExpressionError };

/** The time that an expression of a Prometheus range gives: `now() - duration("1h")`. Never throws. */
export const evaluateTime = (source: string, { now }: { readonly now: number }): TimeVerdict => {
  const compiled = compile(source, { variables: {}, functions: 'range' });
  if (!compiled.ok) return { ok: false, detail: compiled.error.message, error: compiled.error };
  const evaluated = compiled.condition.evaluate({ variables: {}, now });
  if (!evaluated.ok) return { ok: false, detail: evaluated.error.message, error: evaluated.error };
  if (evaluated.value instanceof Instant) return { ok: true, epochMs: Number(evaluated.value.ns) / 1e6 };
  const error = { ...notBoolean(evaluated.type), message: `expected time.Time, but got ${evaluated.type}` };
  return { ok: false, detail: error.message, error };
};
