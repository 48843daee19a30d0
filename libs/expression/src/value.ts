import { Instant, Span } from './time/instant.ts';
import { Zone } from './time/zone.ts';

// Integers are bigint (64 bits, as Go's int), floats are number: the two kinds stay apart as they do in the language.
// JSON comes in as JavaScript has it, its numbers as floats; maps made by an expression are Maps, since their keys may be anything.

/** A number with a name of its own: months and weekdays. It calculates as an integer and prints as its name. */
export class NamedNumber {
  readonly typeName: 'time.Month' | 'time.Weekday';
  readonly number: bigint;
  readonly text: string;

  constructor(typeName: NamedNumber['typeName'], number: bigint, text: string) {
    this.typeName = typeName;
    this.number = number;
    this.text = text;
  }
}

/** A map whose keys may be of any kind: what groupBy and fromPairs make. Other maps have strings for keys. */
export class AnyKeyMap extends Map<Value, Value> {}

export type ValueMap = ReadonlyMap<Value, Value>;
export interface JsonObject {
  readonly [key: string]: unknown;
}
export type List = readonly unknown[];
export type Value =
  null | boolean | bigint | number | string | Instant | Span | Zone | NamedNumber | List | ValueMap | JsonObject;

export type Kind =
  'nil' | 'bool' | 'int' | 'float' | 'string' | 'list' | 'map' | 'time' | 'duration' | 'timezone' | 'month' | 'weekday';

const kindOfObject = (value: object): Kind => {
  if (Array.isArray(value)) return 'list';
  if (value instanceof Instant) return 'time';
  if (value instanceof Span) return 'duration';
  if (value instanceof Zone) return 'timezone';
  if (value instanceof NamedNumber) return value.typeName === 'time.Month' ? 'month' : 'weekday';
  return 'map';
};

/** What a value is. What JSON cannot hold (undefined, functions, symbols) counts as nil. */
export const kindOf = (value: unknown): Kind => {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'float';
    case 'string':
      return 'string';
    case 'object':
      return value === null ? 'nil' : kindOfObject(value);
    default:
      return 'nil';
  }
};

/** Anything that came from outside or out of a list, as a value. */
export const asValue = (value: unknown): Value =>
  value === undefined || typeof value === 'function' || typeof value === 'symbol' ? null : (value as Value);

export const isList = (value: unknown): value is List => Array.isArray(value);
export const isMap = (value: unknown): value is ValueMap | JsonObject => kindOf(value) === 'map';

export const goTypeNames: Readonly<Record<Kind, string>> = {
  nil: '<nil>',
  bool: 'bool',
  int: 'int',
  float: 'float64',
  string: 'string',
  list: '[]interface {}',
  map: 'map[string]interface {}',
  time: 'time.Time',
  duration: 'time.Duration',
  timezone: '*time.Location',
  month: 'time.Month',
  weekday: 'time.Weekday',
};

/** Go's name of the type of a value. */
export const goTypeOf = (value: unknown): string =>
  value instanceof AnyKeyMap ? 'map[interface {}]interface {}' : goTypeNames[kindOf(value)];

/** Whether a value of the kind can be a key of the map at all. */
export const fitsAsKey = (map: ValueMap | JsonObject, key: unknown): boolean =>
  map instanceof AnyKeyMap ? !isList(key) && !isMap(key) : typeof key === 'string';

/** Value of a key; nil when the map has no such key. Keys that only JavaScript knows (`__proto__`) are not there. */
export const valueAt = (map: ValueMap | JsonObject, key: unknown): Value => {
  if (map instanceof Map) return asValue((map as ValueMap).get(key as Value));
  return typeof key === 'string' && Object.hasOwn(map, key) ? asValue((map as JsonObject)[key]) : null;
};

export const hasKey = (map: ValueMap | JsonObject, key: unknown): boolean =>
  map instanceof Map ? map.has(key as Value) : typeof key === 'string' && Object.hasOwn(map, key);

export const keysOf = (map: ValueMap | JsonObject): Value[] =>
  map instanceof Map ? Array.from((map as ValueMap).keys()) : Object.keys(map);

/** The number of entries. Of a JSON object it takes as long as the object is large. */
export const sizeOf = (map: ValueMap | JsonObject): number => (map instanceof Map ? map.size : Object.keys(map).length);

const wordBits = 64;

/** An integer as 64 bits hold it: it wraps around, as Go's does. */
export const wrapped = (value: bigint): bigint => BigInt.asIntN(wordBits, value);

/** A float cut to an integer, towards zero; undefined for NaN and what 64 bits cannot hold. */
export const truncated = (value: number): bigint | undefined =>
  Math.abs(value) < 2 ** 63 ? BigInt(Math.trunc(value)) : undefined;
