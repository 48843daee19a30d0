import type { Limits } from './limits.ts';

/** Where the trouble lies: in the text, in what it met while it ran, or in how much it asked for. */
export type ExpressionErrorKind = 'compile' | 'run' | 'limit';

export interface ExpressionError {
  readonly kind: ExpressionErrorKind;
  /** What is wrong, without the place. */
  readonly message: string;
  /** The same in the language's own words, where `message` says more: in statuses people and tools know it by those. */
  readonly brief?: string;
  /** Offset into the source in UTF-16 units, as JavaScript counts them, from 0. */
  readonly position: number;
  /** From 1. */
  readonly line: number;
  /** In characters, from 1. */
  readonly column: number;
}

/**
 * Type of a variable, as far as it is known before the expression runs. A mistake that the types give away (`list > 1`) is
 * an error of compilation, even in a branch that would not run; with `any` everything is left to the run.
 * `JSON` values: numbers are `float`, lists are `list of any`, objects `map`.
 */
export type VariableType =
  'any' | 'nil' | 'bool' | 'int' | 'float' | 'string' | 'list' | 'list of floats' | 'map' | 'time' | 'duration';

export interface CompileOptions {
  /** Variables that the expression may name, and their types. Default: `result`, of type `any`. */
  readonly variables?: Readonly<Record<string, VariableType>>;
  /** Which functions exist beside the language's own: those of conditions, or those of a Prometheus range. Default: `condition`. */
  readonly functions?: 'condition' | 'range' | 'none';
  readonly limits?: Partial<Limits>;
}

export interface EvaluationEnvironment {
  /** Values of the variables: JSON (numbers, NaN and infinities too, are floats), or bigint for integers. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** What `now()` gives: milliseconds since 1970, fractions allowed. Without it `now()` is an error. */
  readonly now?: number;
}

export type Evaluation =
  | {
      readonly ok: true;
      /** JSON as JavaScript has it; integers are bigint, times and durations objects of this library. */
      readonly value: unknown;
      /** Go's name of the value's type: `bool`, `float64`, `[]interface {}`, `<nil>`, `time.Time`. */
      readonly type: string;
    }
  | { readonly ok: false; readonly error: ExpressionError };

export interface Condition {
  readonly source: string;
  /** Go's name of the type of what it gives, as far as that is known before it runs: `bool`, `float64`; else `unknown`. */
  readonly type: string;
  /** Never throws. */
  evaluate(environment: EvaluationEnvironment): Evaluation;
}

export type Compilation =
  { readonly ok: true; readonly condition: Condition } | { readonly ok: false; readonly error: ExpressionError };
