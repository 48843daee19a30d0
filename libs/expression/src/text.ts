import { instantText } from './time/format.ts';
import { durationText } from './time/duration.ts';
import { Instant, Span } from './time/instant.ts';
import { Zone } from './time/zone.ts';
import type { Budget } from './budget.ts';
import { limitFault } from './fault.ts';
import { asValue, isList, keysOf, NamedNumber, valueAt, type Value } from './value.ts';

/** A float as Go prints it: shortest digits, an exponent of at least two digits below 1e-4 and from 1e21 on. */
export const floatText = (value: number): string => {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e21) return String(value);
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  return `${digits}e${exponent.charAt(0)}${exponent.slice(1).padStart(2, '0')}`;
};

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xe000;

/** Order of strings in Go: by their bytes, which is by their code points. */
export const compareText = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left === right) continue;
    // A surrogate stands for a code point beyond all that one unit can hold.
    if (isSurrogate(left) !== isSurrogate(right)) return isSurrogate(left) ? 1 : -1;
    return left - right;
  }
  return a.length - b.length;
};

const scalarText = (value: Value): string | undefined => {
  if (value === null) return '<nil>';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return floatText(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof Instant) return instantText(value);
  if (value instanceof Span) return durationText(value.ns);
  if (value instanceof Zone) return value.name;
  return value instanceof NamedNumber ? value.text : undefined;
};

const written = (text: string, budget: Budget, at: number): string => {
  budget.write(text.length, at);
  return text;
};

/** A value as Go's fmt prints it with `%v`: `[1 2]`, `map[a:1 b:2]`, `<nil>`. */
export const valueText = (value: Value, budget: Budget, at: number, depth = 0): string => {
  if (depth > budget.depth) throw limitFault(`the value nests deeper than ${budget.depth} levels`, at);
  const scalar = scalarText(value);
  if (scalar !== undefined) return written(scalar, budget, at);
  const inner = (item: unknown): string => valueText(asValue(item), budget, at, depth + 1);
  if (isList(value)) {
    budget.make(value.length, at);
    return written(`[${value.map(inner).join(' ')}]`, budget, at);
  }
  const map = value as Parameters<typeof keysOf>[0];
  const keys = keysOf(map);
  budget.make(keys.length, at);
  const entries = keys.map((key) => [inner(key), inner(valueAt(map, key))] as const);
  const sorted = entries.sort(([a], [b]) => compareText(a, b)).map(([key, item]) => `${key}:${item}`);
  return written(`map[${sorted.join(' ')}]`, budget, at);
};

const shownLength = 64;

/** Text of the user's, quoted and cut, for a message. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > shownLength ? `${text.slice(0, shownLength)}…` : text);
