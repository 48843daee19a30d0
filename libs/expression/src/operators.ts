import type { Budget } from './budget.ts';
import { compareText } from './text.ts';
import { Instant, Span, withinCalendar } from './time/instant.ts';
import { runFault } from './fault.ts';
import { plainNumber } from './equality.ts';
import { goTypeOf, kindOf, wrapped, type Kind, type Value } from './value.ts';

/** Where an operator stands, and what it may still spend. */
export interface Site {
  readonly budget: Budget;
  readonly at: number;
}

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '**' | '<' | '<=' | '>' | '>=' | '..';

/** One meaning of an operator: for operands of these kinds. */
interface Overload {
  readonly left: Kind;
  readonly right: Kind;
  readonly gives: Kind;
  readonly run: (left: never, right: never, site: Site) => Value;
}

const overload = <L extends Value, R extends Value>(
  left: Kind,
  right: Kind,
  gives: Kind,
  run: (left: L, right: R, site: Site) => Value,
): Overload => ({ left, right, gives, run: run as Overload['run'] });

const moved = (instant: Instant, ns: bigint, { at }: Site): Instant => {
  const sum = instant.ns + ns;
  if (!withinCalendar(sum)) throw runFault('the time is too far away for a calendar', at);
  return new Instant(sum, instant.zone);
};

/** Whole numbers stay integers; one float makes the result a float. */
const numeric = (
  integers: ((a: bigint, b: bigint, site: Site) => Value) | undefined,
  floats: (a: number, b: number) => Value,
  gives: Kind,
): Overload[] => [
  overload(
    'int',
    'int',
    integers === undefined ? gives : gives === 'bool' ? 'bool' : 'int',
    (a: bigint, b: bigint, site) => (integers === undefined ? floats(Number(a), Number(b)) : integers(a, b, site)),
  ),
  overload('float', 'float', gives, (a: number, b: number) => floats(a, b)),
  overload('int', 'float', gives, (a: bigint, b: number) => floats(Number(a), b)),
  overload('float', 'int', gives, (a: number, b: bigint) => floats(a, Number(b))),
];

const ordering = (holds: (order: number) => boolean): Overload[] => [
  ...numeric(
    (a, b) => holds(a < b ? -1 : a > b ? 1 : 0),
    // NaN is neither less nor greater than anything.
    (a, b) => (a <= b || a >= b ? holds(a < b ? -1 : a > b ? 1 : 0) : false),
    'bool',
  ),
  overload('string', 'string', 'bool', (a: string, b: string, { budget, at }) => {
    budget.read(Math.min(a.length, b.length), at);
    return holds(compareText(a, b));
  }),
  overload('time', 'time', 'bool', (a: Instant, b: Instant) => holds(a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0)),
  overload('duration', 'duration', 'bool', (a: Span, b: Span) => holds(a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0)),
];

const scaled = (span: Span, factor: number, { at }: Site): Span => {
  const ns = Number(span.ns) * factor;
  if (!(Math.abs(ns) < 2 ** 63)) throw runFault('the duration is too long', at);
  return new Span(BigInt(Math.trunc(ns)));
};

const range = (from: bigint, to: bigint, { budget, at }: Site): Value => {
  if (to < from) return [];
  budget.make(Number(to - from + 1n), at);
  return Array.from({ length: Number(to - from + 1n) }, (_, i) => from + BigInt(i));
};

const overloads: Readonly<Record<ArithmeticOperator, readonly Overload[]>> = {
  '+': [
    ...numeric(
      (a, b) => wrapped(a + b),
      (a, b) => a + b,
      'float',
    ),
    overload('string', 'string', 'string', (a: string, b: string, { budget, at }) => {
      budget.write(a.length + b.length, at);
      return a + b;
    }),
    overload('time', 'duration', 'time', (a: Instant, b: Span, site) => moved(a, b.ns, site)),
    overload('duration', 'time', 'time', (a: Span, b: Instant, site) => moved(b, a.ns, site)),
    overload('duration', 'duration', 'duration', (a: Span, b: Span) => new Span(a.ns + b.ns)),
  ],
  '-': [
    ...numeric(
      (a, b) => wrapped(a - b),
      (a, b) => a - b,
      'float',
    ),
    overload('time', 'time', 'duration', (a: Instant, b: Instant) => new Span(a.ns - b.ns)),
    overload('time', 'duration', 'time', (a: Instant, b: Span, site) => moved(a, -b.ns, site)),
    overload('duration', 'duration', 'duration', (a: Span, b: Span) => new Span(a.ns - b.ns)),
  ],
  '*': [
    ...numeric(
      (a, b) => wrapped(a * b),
      (a, b) => a * b,
      'float',
    ),
    overload('duration', 'int', 'duration', (a: Span, b: bigint) => new Span(a.ns * b)),
    overload('int', 'duration', 'duration', (a: bigint, b: Span) => new Span(a * b.ns)),
    overload('duration', 'float', 'duration', (a: Span, b: number, site) => scaled(a, b, site)),
    overload('float', 'duration', 'duration', (a: number, b: Span, site) => scaled(b, a, site)),
  ],
  '/': numeric(undefined, (a, b) => a / b, 'float'),
  '%': [
    overload('int', 'int', 'int', (a: bigint, b: bigint, { at }) => {
      if (b === 0n) throw runFault('integer divide by zero', at);
      return a % b;
    }),
  ],
  '**': numeric(undefined, (a, b) => a ** b, 'float'),
  '<': ordering((order) => order < 0),
  '<=': ordering((order) => order <= 0),
  '>': ordering((order) => order > 0),
  '>=': ordering((order) => order >= 0),
  '..': [overload('int', 'int', 'list', range)],
};

/** Months and weekdays calculate as integers. */
const operandKind = (kind: Kind): Kind => (kind === 'month' || kind === 'weekday' ? 'int' : kind);

const fits = (wanted: Kind, kind: Kind | 'any'): boolean => kind === 'any' || wanted === operandKind(kind);

/** The kinds of result that the operator can have for operands of these kinds; none when it has no meaning for them. */
export const resultKinds = (operator: ArithmeticOperator, left: Kind | 'any', right: Kind | 'any'): readonly Kind[] =>
  Array.from(
    new Set(
      overloads[operator]
        .filter((candidate) => fits(candidate.left, left) && fits(candidate.right, right))
        .map(({ gives }) => gives),
    ),
  );

const byKinds = (list: readonly Overload[]): ReadonlyMap<Kind, ReadonlyMap<Kind, Overload>> => {
  const ofLeft = Map.groupBy(list, ({ left }) => left);
  return new Map(Array.from(ofLeft, ([left, group]) => [left, new Map(group.map((one) => [one.right, one]))]));
};

/** How the operator is computed once both operands are known. Wrong kinds of operand are a fault. */
export const arithmetic = (operator: ArithmeticOperator): ((left: Value, right: Value, site: Site) => Value) => {
  const meanings = byKinds(overloads[operator]);
  return (leftValue, rightValue, site) => {
    const left = plainNumber(leftValue);
    const right = plainNumber(rightValue);
    const meaning = meanings.get(kindOf(left))?.get(kindOf(right));
    if (meaning === undefined) throw mismatch(operator, leftValue, rightValue, site.at);
    return meaning.run(left as never, right as never, site);
  };
};

const mismatch = (operator: string, left: Value, right: Value, at: number): Error =>
  runFault(`invalid operation: ${goTypeOf(left)} ${operator} ${goTypeOf(right)}`, at);
