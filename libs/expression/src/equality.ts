import type { Budget } from './budget.ts';
import { limitFault } from './fault.ts';
import { Instant, Span } from './time/instant.ts';
import { Zone } from './time/zone.ts';
import {
  asValue,
  hasKey,
  isList,
  isMap,
  keysOf,
  kindOf,
  NamedNumber,
  valueAt,
  type JsonObject,
  type List,
  type Value,
  type ValueMap,
} from './value.ts';

/** How numbers compare: `amount` has 1 equal to 1.0, `type` tells them apart, as Go does inside of maps. */
type Numbers = 'amount' | 'type';

export const plainNumber = (value: Value): Value => (value instanceof NamedNumber ? value.number : value);

/** Two values compared. Lists compare element by element; within maps an integer is not a float. */
class Comparison {
  readonly #budget: Budget;
  readonly #at: number;

  constructor(budget: Budget, at: number) {
    this.#budget = budget;
    this.#at = at;
  }

  equal(left: Value, right: Value, numbers: Numbers, depth: number): boolean {
    const a = plainNumber(left);
    const b = plainNumber(right);
    if (typeof a === 'number' || typeof a === 'bigint') return this.#equalNumbers(a, b, numbers);
    if (typeof a === 'string') {
      if (typeof b !== 'string' || a.length !== b.length) return false;
      this.#budget.read(a.length, this.#at);
      return a === b;
    }
    if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
    if (depth > this.#budget.depth)
      throw limitFault(`the values nest deeper than ${this.#budget.depth} levels`, this.#at);
    if (isList(a)) return isList(b) && this.#equalLists(a, b, numbers, depth);
    if (isMap(a)) return isMap(b) && this.#equalMaps(a, b, depth);
    return equalTimes(a, b);
  }

  #equalNumbers(a: number | bigint, b: Value, numbers: Numbers): boolean {
    if (typeof b !== 'number' && typeof b !== 'bigint') return false;
    if (typeof a === typeof b) return a === b;
    return numbers === 'amount' && Number(a) === Number(b);
  }

  #equalLists(a: List, b: List, numbers: Numbers, depth: number): boolean {
    if (a.length !== b.length) return false;
    this.#budget.work(a.length, this.#at);
    return a.every((item, i) => this.equal(asValue(item), asValue(b[i]), numbers, depth + 1));
  }

  #equalMaps(a: ValueMap | JsonObject, b: ValueMap | JsonObject, depth: number): boolean {
    const keys = keysOf(a);
    this.#budget.work(keys.length, this.#at);
    const other = keysOf(b);
    this.#budget.work(other.length, this.#at);
    return (
      keys.length === other.length &&
      keys.every((key) => hasKey(b, key) && this.equal(valueAt(a, key), valueAt(b, key), 'type', depth + 1))
    );
  }
}

const equalTimes = (a: Value, b: Value): boolean => {
  if (a instanceof Instant) return b instanceof Instant && a.ns === b.ns;
  if (a instanceof Span) return b instanceof Span && a.ns === b.ns;
  return a instanceof Zone && b instanceof Zone && a.name === b.name;
};

export const equal = (a: Value, b: Value, budget: Budget, at: number): boolean =>
  new Comparison(budget, at).equal(a, b, 'amount', 0);

/** Whether the list has an element that equals the value. */
export const includes = (list: List, value: Value, budget: Budget, at: number): boolean => {
  const comparison = new Comparison(budget, at);
  return list.some((item) => {
    budget.work(1, at);
    return comparison.equal(asValue(item), value, 'amount', 0);
  });
};

/** Whether a value can be a key of a map: lists and maps cannot. */
export const isKey = (value: Value): boolean => {
  const kind = kindOf(value);
  return kind !== 'list' && kind !== 'map';
};
