import type { IntOrString } from './api/schema.ts';

const decimal = /^[+-]?\d+$/;

/** A whole number in decimal text as Go's Atoi takes it, else undefined. */
const integerOf = (text: string): number | undefined => (decimal.test(text) ? Number(text) : undefined);

/**
 * Percent of text: any text is a percentage, with "%" or without ("25" is 25 %), as in the API's oldest versions.
 * Undefined when the text is no whole number.
 */
export const percentOf = (text: string): number | undefined => integerOf(text.replaceAll('%', ''));

/**
 * Resolves a count or percentage of `total` pods, or undefined when its text is not a number.
 * Round surge up and unavailability down, as Deployments do; otherwise 1 replica at 25% deadlocks.
 */
export const resolveIntOrPercent = (value: IntOrString, total: number, rounding: 'up' | 'down'): number | undefined => {
  if (typeof value === 'number') return value;
  const percent = percentOf(value);
  if (percent === undefined) return undefined;
  const exact = (percent * total) / 100;
  return rounding === 'up' ? Math.ceil(exact) : Math.floor(exact);
};

/** Whether the API's int-or-string is a whole number, in digits or as one. */
export const isWholeNumber = (value: IntOrString): boolean =>
  typeof value === 'number' ? Number.isInteger(value) : integerOf(value) !== undefined;

/** Count of an analysis (count, limits): text is decimal, and text that is no number counts as 0. */
export const countOf = (value: IntOrString): number => (typeof value === 'number' ? value : (integerOf(value) ?? 0));
