import { AnyKeyMap, asValue, goTypeOf, type List, type Value } from '../value.ts';
import type { Kind } from '../value.ts';
import { arithmetic, type Site } from '../operators.ts';
import { runFault } from '../fault.ts';
import { isKey } from '../equality.ts';
import { sorted } from '../order.ts';

/** The predicate of a call, asked about one element. Counts the work that it does. */
export type Ask = (item: Value, index: number, accumulator?: Value) => Value;

/** A function that walks through a list with a predicate: `name(list, predicate, further argument)`. */
export interface LoopFunction {
  /** Without a predicate each element stands for itself. */
  readonly predicate: 'required' | 'optional';
  /** What the predicate has to give. */
  readonly asks: 'bool' | 'any';
  readonly accumulates: boolean;
  /** Kinds of the one further argument, which may be left out; undefined when there can be none. */
  readonly further: readonly Kind[] | 'any' | undefined;
  readonly gives: Kind | 'any' | 'element';
  readonly run: (items: List, ask: Ask, site: Site, further: Value | undefined) => Value;
}

const loop = (
  gives: LoopFunction['gives'],
  asks: LoopFunction['asks'],
  run: LoopFunction['run'],
  options: Partial<LoopFunction> = {},
): LoopFunction => ({ predicate: 'required', accumulates: false, further: undefined, gives, asks, run, ...options });

const holds = (ask: Ask, item: unknown, index: number, { at }: Site): boolean => {
  const answer = ask(asValue(item), index);
  if (typeof answer !== 'boolean') throw runFault(`the predicate should give a bool, not ${goTypeOf(answer)}`, at);
  return answer;
};

const add = arithmetic('+');

const summed = (items: List, ask: Ask, site: Site): Value =>
  items.reduce<Value>((total, item, i) => {
    const term = ask(asValue(item), i);
    if (typeof term !== 'number' && typeof term !== 'bigint')
      throw runFault(`cannot sum: ${goTypeOf(term)} is not a number`, site.at);
    return add(total, term, site);
  }, 0n);

const grouped = (items: List, ask: Ask, site: Site): Value => {
  const groups = new AnyKeyMap();
  items.forEach((item, i) => {
    const key = ask(asValue(item), i);
    if (!isKey(key)) throw runFault(`cannot use ${goTypeOf(key)} as the key of a group`, site.at);
    site.budget.make(2, site.at);
    const group = groups.get(key) as Value[] | undefined;
    if (group === undefined) groups.set(key, [asValue(item)]);
    else group.push(asValue(item));
  });
  return groups;
};

const reduced = (items: List, ask: Ask, { at }: Site, initial: Value | undefined): Value => {
  if (items.length === 0 && initial === undefined)
    throw runFault('reduce of an empty list: give an initial value as third argument', at);
  const start = initial === undefined ? 1 : 0;
  let accumulator = initial === undefined ? asValue(items[0]) : initial;
  for (let i = start; i < items.length; i += 1) accumulator = ask(asValue(items[i]), i, accumulator);
  return accumulator;
};

const filtered = (items: List, ask: Ask, site: Site): Value =>
  items.filter((item, i) => {
    const kept = holds(ask, item, i, site);
    if (kept) site.budget.make(1, site.at);
    return kept;
  });

const position = (index: number): Value => (index < 0 ? null : BigInt(index));

export const loopFunctions: Readonly<Record<string, LoopFunction>> = {
  all: loop('bool', 'bool', (items, ask, site) => items.every((item, i) => holds(ask, item, i, site))),
  any: loop('bool', 'bool', (items, ask, site) => items.some((item, i) => holds(ask, item, i, site))),
  none: loop('bool', 'bool', (items, ask, site) => !items.some((item, i) => holds(ask, item, i, site))),
  one: loop('bool', 'bool', (items, ask, site) => items.filter((item, i) => holds(ask, item, i, site)).length === 1),
  filter: loop('list', 'bool', filtered),
  map: loop('list', 'any', (items, ask, site) => {
    site.budget.make(items.length, site.at);
    return items.map((item, i) => ask(asValue(item), i));
  }),
  count: loop(
    'int',
    'bool',
    (items, ask, site) =>
      BigInt(items.reduce<number>((count, item, i) => count + Number(holds(ask, item, i, site)), 0)),
    { predicate: 'optional' },
  ),
  sum: loop('any', 'any', summed, { predicate: 'optional' }),
  find: loop('element', 'bool', (items, ask, site) => asValue(items.find((item, i) => holds(ask, item, i, site)))),
  findIndex: loop('int', 'bool', (items, ask, site) =>
    position(items.findIndex((item, i) => holds(ask, item, i, site))),
  ),
  findLast: loop('element', 'bool', (items, ask, site) =>
    asValue(items.findLast((item, i) => holds(ask, item, i, site))),
  ),
  findLastIndex: loop('int', 'bool', (items, ask, site) =>
    position(items.findLastIndex((item, i) => holds(ask, item, i, site))),
  ),
  groupBy: loop('map', 'any', grouped),
  sortBy: loop(
    'list',
    'any',
    (items, ask, site, order) => {
      const keys = items.map((item, i) => ask(asValue(item), i));
      return sorted(items, keys, (order as string | undefined) ?? 'asc', site);
    },
    { further: ['string'] },
  ),
  reduce: loop('any', 'any', reduced, { further: 'any', accumulates: true }),
};
