import { equal, isKey } from '../equality.ts';
import { limitFault } from '../fault.ts';
import { sorted } from '../order.ts';
import {
  AnyKeyMap,
  asValue,
  fitsAsKey,
  goTypeOf,
  isList,
  isMap,
  keysOf,
  sizeOf,
  truncated,
  valueAt,
  type List,
  type Value,
  type ValueMap,
} from '../value.ts';
import { define, fail, type CallSite, type LanguageFunction, type Parameter } from './function.ts';
import { characterCount } from './strings.ts';

const list: Parameter = ['list'];
const map: Parameter = ['map'];
const numbers: Parameter = ['int', 'float', 'list'];

/** Calls `take` for each number, lists of numbers opened at any depth. */
const eachNumber = (site: CallSite, items: List, take: (value: bigint | number) => void, depth = 0): void => {
  if (depth > site.budget.depth) throw limitFault(`the list nests deeper than ${site.budget.depth} levels`, site.at);
  site.budget.work(items.length, site.at);
  for (const item of items) {
    if (typeof item === 'number' || typeof item === 'bigint') take(item);
    else if (isList(item)) eachNumber(site, item, take, depth + 1);
    else throw fail(site, `${goTypeOf(asValue(item))} is not a number`);
  }
};

const extreme = (replaces: (candidate: bigint | number, best: bigint | number) => boolean): LanguageFunction =>
  define(
    [numbers],
    'any',
    (site, ...items: Value[]) => {
      let best: bigint | number | null = null;
      eachNumber(site, items, (value) => {
        if (best === null || replaces(value, best)) best = value;
      });
      return best;
    },
    { rest: numbers },
  );

const floats = (site: CallSite, items: List, what: string): number[] => {
  const all: number[] = [];
  eachNumber(site, items, (value) => {
    site.budget.make(1, site.at);
    all.push(Number(value));
  });
  // No data is no average: 0 would pass for a good answer.
  if (all.length === 0) throw fail(site, `${what} of an empty list: guard it with len(…) > 0`);
  return all;
};

const median = (values: number[]): number => {
  const ordered = Float64Array.from(values).sort();
  const middle = Math.floor(ordered.length / 2);
  const upper = ordered[middle] ?? NaN;
  return ordered.length % 2 === 1 ? upper : ((ordered[middle - 1] ?? NaN) + upper) / 2;
};

const statistic = (name: string, of: (values: number[]) => number): LanguageFunction =>
  define([numbers], 'float', (site, ...items: Value[]) => of(floats(site, items, name)), { rest: numbers });

const flattened = (site: CallSite, items: List, into: unknown[], depth: number): unknown[] => {
  if (depth > site.budget.depth) throw limitFault(`the list nests deeper than ${site.budget.depth} levels`, site.at);
  site.budget.make(items.length, site.at);
  for (const item of items) {
    if (isList(item)) flattened(site, item, into, depth + 1);
    else into.push(item);
  }
  return into;
};

const unique = (site: CallSite, items: List): Value => {
  site.budget.make(items.length, site.at);
  const kept: Value[] = [];
  const scalars = new Set<unknown>();
  for (const item of items) {
    const value = asValue(item);
    // Text is compared as itself, and quickly; anything else may equal another of another kind.
    if (typeof value === 'string') {
      site.budget.read(value.length, site.at);
      if (scalars.has(value)) continue;
      scalars.add(value);
    } else {
      site.budget.work(kept.length, site.at);
      if (kept.some((other) => equal(other, value, site.budget, site.at))) continue;
    }
    kept.push(value);
  }
  return kept;
};

const pairsOf = (site: CallSite, of: ValueMap): Value => {
  const keys = keysOf(of);
  site.budget.make(keys.length * 3, site.at);
  return keys.map((key) => [key, valueAt(of, key)]);
};

const fromPairs = (site: CallSite, items: List): Value => {
  site.budget.make(items.length, site.at);
  const made = new AnyKeyMap();
  for (const item of items) {
    if (!isList(item) || item.length !== 2)
      throw fail(site, 'fromPairs wants a list of lists that have two elements each: [[key, value], …]');
    const key = asValue(item[0]);
    if (!isKey(key)) throw fail(site, `cannot use ${goTypeOf(key)} as the key of a map`);
    made.set(key, asValue(item[1]));
  }
  return made;
};

/** Position of an element, negative ones counted from the end; undefined when there is none. */
export const positionIn = (length: number, index: bigint | number): number | undefined => {
  const whole = typeof index === 'bigint' ? Number(index) : Number(truncated(index) ?? NaN);
  const position = whole < 0 ? length + whole : whole;
  return position >= 0 && position < length ? position : undefined;
};

const got = (value: Value, key: Value): Value => {
  if (isMap(value)) return fitsAsKey(value, key) ? valueAt(value, key) : null;
  if (!isList(value) || (typeof key !== 'bigint' && typeof key !== 'number')) return null;
  const position = positionIn(value.length, key);
  return position === undefined ? null : asValue(value[position]);
};

const lengthOf = (site: CallSite, value: Value): Value => {
  if (typeof value === 'string') {
    site.budget.read(value.length, site.at);
    return BigInt(characterCount(value));
  }
  if (isList(value)) return BigInt(value.length);
  const size = sizeOf(value as ValueMap);
  site.budget.work(size, site.at);
  return BigInt(size);
};

const copy = (site: CallSite, items: List): unknown[] => {
  site.budget.make(items.length, site.at);
  return [...items];
};

export const collectionFunctions: Readonly<Record<string, LanguageFunction>> = {
  len: define([['list', 'map', 'string']], 'int', lengthOf),
  get: define(['any', 'any'], 'any', (_site, value: Value, key: Value) => got(value, key)),
  first: define([list], 'any', (_site, items: List) => asValue(items[0])),
  last: define([list], 'any', (_site, items: List) => asValue(items.at(-1))),
  take: define([list, ['int']], 'list', (site, items: List, count: bigint) => {
    if (count < 0n) throw fail(site, `cannot take ${count} elements`);
    return copy(site, items.slice(0, Number(count)));
  }),
  reverse: define([list], 'list', (site, items: List) => copy(site, items).reverse()),
  concat: define(
    [list],
    'list',
    (site, ...lists: List[]) => {
      lists.forEach((items) => site.budget.make(items.length, site.at));
      return lists.flat();
    },
    { rest: list },
  ),
  flatten: define([list], 'list', (site, items: List) => flattened(site, items, [], 0)),
  uniq: define([list], 'list', unique),
  sort: define(
    [list, ['string']],
    'list',
    (site, items: List, order = 'asc') => sorted(items, items, order as string, site),
    {
      optional: 1,
    },
  ),
  min: extreme((candidate, best) => candidate < best),
  max: extreme((candidate, best) => candidate > best),
  mean: statistic('mean', (values) => values.reduce((sum, value) => sum + value, 0) / values.length),
  median: statistic('median', median),
  keys: define([map], 'list', (site, of: ValueMap) => {
    const keys = keysOf(of);
    site.budget.make(keys.length, site.at);
    return keys;
  }),
  values: define([map], 'list', (site, of: ValueMap) => {
    const keys = keysOf(of);
    site.budget.make(keys.length, site.at);
    return keys.map((key) => valueAt(of, key));
  }),
  toPairs: define([map], 'list', pairsOf),
  fromPairs: define([list], 'map', fromPairs),
};
