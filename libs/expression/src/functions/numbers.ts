import { truncated, wrapped, type Value } from '../value.ts';
import { NamedNumber } from '../value.ts';
import { quoted } from '../text.ts';
import { Span } from '../time/instant.ts';
import { define, fail, number, type CallSite, type LanguageFunction, type Parameter } from './function.ts';

const int: Parameter = ['int'];

const smallest = -(2n ** 63n);
const largest = 2n ** 63n - 1n;

/** The integer that a text says in base 10. The error is Go's own text. */
export const integerOfText = (text: string): bigint | string => {
  if (!/^[+-]?\d+$/.test(text)) return `strconv.Atoi: parsing ${quoted(text)}: invalid syntax`;
  const digits = text.replace(/^([+-]?)0+(?=\d)/, '$1');
  const value = digits.length > 20 ? undefined : BigInt(digits.startsWith('+') ? digits.slice(1) : digits);
  return value === undefined || value < smallest || value > largest
    ? `strconv.Atoi: parsing ${quoted(text)}: value out of range`
    : value;
};

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const infinite = /^([+-]?)inf(?:inity)?$/i;

/** The float that a text says; `NaN` and `Inf` are floats too. The error is Go's own text. */
export const floatOfText = (text: string): number | string => {
  const infinity = infinite.exec(text);
  if (infinity !== null) return infinity[1] === '-' ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return NaN;
  if (!decimal.test(text)) return `strconv.ParseFloat: parsing ${quoted(text)}: invalid syntax`;
  const value = Number(text);
  return Number.isFinite(value) ? value : `strconv.ParseFloat: parsing ${quoted(text)}: value out of range`;
};

const orFail = <T extends bigint | number>(site: CallSite, result: T | string): T => {
  if (typeof result === 'string') throw fail(site, result);
  return result;
};

/** Numbers are cut towards zero, strings read in base 10. */
export const toInteger = (site: CallSite, value: Value): bigint => {
  if (typeof value === 'bigint') return value;
  if (value instanceof NamedNumber) return value.number;
  if (value instanceof Span) return value.ns;
  if (typeof value === 'number') {
    const whole = truncated(value);
    if (whole === undefined) throw fail(site, `${value} is not within the range of integers`);
    return whole;
  }
  site.budget.read((value as string).length, site.at);
  return orFail(site, integerOfText(value as string));
};

export const toFloat = (site: CallSite, value: Value): number => {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof NamedNumber) return Number(value.number);
  site.budget.read((value as string).length, site.at);
  return orFail(site, floatOfText(value as string));
};

/** Halves go away from zero. */
const rounded = (value: number): number => {
  const whole = Math.trunc(value);
  return Math.abs(value - whole) >= 0.5 ? whole + Math.sign(value) : whole;
};

const toWhole = (how: (value: number) => number): LanguageFunction =>
  define([number], 'float', (_site, value: number | bigint) => how(Number(value)));

const bits = (combine: (a: bigint, b: bigint) => bigint): LanguageFunction =>
  define([int, int], 'int', (_site, a: bigint, b: bigint) => wrapped(combine(a, b)));

const shift = (combine: (value: bigint, count: bigint) => bigint): LanguageFunction =>
  define([int, int], 'int', (site, value: bigint, count: bigint) => {
    if (count < 0n) throw fail(site, `invalid operation: negative shift count ${count}`);
    // Beyond 64 bits nothing more changes; the bits of a bigger shift would be made first and dropped then.
    return wrapped(combine(value, count > 64n ? 64n : count));
  });

export const numberFunctions: Readonly<Record<string, LanguageFunction>> = {
  abs: define([number], 'any', (_site, value: number | bigint) => {
    if (typeof value === 'number') return Math.abs(value);
    return wrapped(value < 0n ? -value : value);
  }),
  ceil: toWhole(Math.ceil),
  floor: toWhole(Math.floor),
  round: toWhole(rounded),
  int: define([['int', 'float', 'string', 'month', 'weekday', 'duration']], 'int', toInteger),
  float: define([['int', 'float', 'string', 'month', 'weekday']], 'float', toFloat),
  bitand: bits((a, b) => a & b),
  bitor: bits((a, b) => a | b),
  bitxor: bits((a, b) => a ^ b),
  // AND NOT, as the language defines it.
  bitnand: bits((a, b) => a & ~b),
  bitnot: define([int], 'int', (_site, value: bigint) => ~value),
  bitshl: shift((value, count) => value << count),
  bitshr: shift((value, count) => value >> count),
  bitushr: shift((value, count) => BigInt.asUintN(64, value) >> count),
};
