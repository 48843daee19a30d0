import type { Budget } from '../budget.ts';
import type { StaticType } from '../types.ts';
import { goTypeOf, type JsonObject, type Value } from '../value.ts';
import { compileFault, runFault } from '../fault.ts';
import { typeName } from '../types.ts';

/** What one evaluation works on. Predicates and `let` keep their values in slots that were numbered at compilation. */
export interface Frame {
  readonly slots: Value[];
  readonly budget: Budget;
  readonly variables: JsonObject;
  /** Nanoseconds since 1970. */
  readonly now: bigint | undefined;
}

/** A part of the expression, ready to run. */
export interface Part {
  readonly type: StaticType;
  readonly at: number;
  /** The number of nodes: what running it once costs, loops aside. */
  readonly size: number;
  readonly run: (frame: Frame) => Value;
  /** Made of integer literals alone: it may stand for a float. */
  readonly literalInteger: boolean;
}

export const part = (
  type: StaticType,
  at: number,
  inner: readonly Part[],
  run: (frame: Frame) => Value,
  literalInteger = false,
): Part => ({ type, at, size: inner.reduce((sum, { size }) => sum + size, 1), run, literalInteger });

/** A condition of `if`, `?:`, `and`, `or`, `not` has to be a bool; there is no truth in other values. */
export const boolean = (of: Part, complaint: (type: string) => string): ((frame: Frame) => boolean) => {
  const { type, at, run } = of;
  if (type.kind !== 'bool' && type.kind !== 'any') throw compileFault(complaint(typeName(type)), at);
  return (frame) => {
    const value = run(frame);
    if (typeof value !== 'boolean') throw runFault(complaint(goTypeOf(value)), at);
    return value;
  };
};
