import type { Site } from './operators.ts';
import { runFault } from './fault.ts';
import { plainNumber } from './equality.ts';
import { compareText } from './text.ts';
import { Instant, Span } from './time/instant.ts';
import { asValue, goTypeOf, type Value } from './value.ts';

const compare = <T extends bigint | number>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

/** NaN stands before all other numbers, so that an order exists whatever there is. */
const compareFloats = (a: number, b: number): number =>
  Number.isNaN(a) || Number.isNaN(b) ? Number(Number.isNaN(b)) - Number(Number.isNaN(a)) : compare(a, b);

/** Order of two values of one kind; numbers of both kinds, strings, times, durations and booleans have one. */
const orderOf = (left: Value, right: Value, { budget, at }: Site): number => {
  const a = plainNumber(left);
  const b = plainNumber(right);
  if (typeof a === 'bigint' && typeof b === 'bigint') return compare(a, b);
  if ((typeof a === 'number' || typeof a === 'bigint') && (typeof b === 'number' || typeof b === 'bigint'))
    return compareFloats(Number(a), Number(b));
  if (typeof a === 'string' && typeof b === 'string') {
    budget.read(Math.min(a.length, b.length), at);
    return compareText(a, b);
  }
  if (a instanceof Instant && b instanceof Instant) return compare(a.ns, b.ns);
  if (a instanceof Span && b instanceof Span) return compare(a.ns, b.ns);
  throw runFault(`cannot sort ${goTypeOf(left)} and ${goTypeOf(right)}: they have no order`, at);
};

/** The items in the order of their keys, `asc` or `desc`; those of equal keys stay as they are. */
export const sorted = (items: readonly unknown[], keys: readonly unknown[], order: string, site: Site): Value => {
  if (order !== 'asc' && order !== 'desc')
    throw runFault(`invalid order ${JSON.stringify(order)}: expected asc or desc`, site.at);
  site.budget.make(items.length * 2, site.at);
  const sign = order === 'asc' ? 1 : -1;
  const pairs = items.map((item, i) => ({ item, key: asValue(keys[i]) }));
  pairs.sort((a, b) => {
    site.budget.work(1, site.at);
    return sign * orderOf(a.key, b.key, site);
  });
  return pairs.map(({ item }) => item);
};
