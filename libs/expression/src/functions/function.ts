import type { Site } from '../operators.ts';
import { runFault, type Fault } from '../fault.ts';
import type { Kind, Value } from '../value.ts';

/** Kinds of value that an argument may have. */
export type Parameter = 'any' | readonly Kind[];

/** Where a function was called, and what it may know of the evaluation. */
export interface CallSite extends Site {
  /** Nanoseconds since 1970; undefined when the caller gave no time. */
  readonly now: bigint | undefined;
  /** The variable `result`, for the functions that ask about it whatever their argument. */
  readonly result: Value;
}

/** A function of the language. Arguments have been counted, and their kinds checked, when `run` is called. */
export interface LanguageFunction {
  readonly takes: readonly Parameter[];
  /** So many parameters, counted from the last one, may be left out. */
  readonly optional: number;
  /** Any number of further arguments of these kinds. */
  readonly rest: Parameter | undefined;
  readonly gives: Kind | 'any';
  readonly run: (site: CallSite, ...args: never[]) => Value;
}

export const number: Parameter = ['int', 'float'];

/** Declares a function; the types of the arguments of `run` have to say the same as `takes`. */
export const define = <A extends (Value | undefined)[]>(
  takes: readonly Parameter[],
  gives: Kind | 'any',
  run: (site: CallSite, ...args: A) => Value,
  { optional = 0, rest }: { optional?: number; rest?: Parameter } = {},
): LanguageFunction => ({ takes, optional, rest, gives, run: run as unknown as LanguageFunction['run'] });

export const fail = (site: Site, message: string): Fault => runFault(message, site.at);
