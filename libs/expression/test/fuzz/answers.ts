import type { Chance } from './random.ts';

const deep = (levels: number, wrap: (inner: unknown) => unknown): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i += 1) value = wrap(value);
  return value;
};

/** Answers that are large, made once and shared: evaluation never changes what it is given. */
const large: readonly [unknown, ...unknown[]] = [
  Array.from({ length: 100_000 }, (_, i) => i / 7),
  Array.from({ length: 20_000 }, (_, i) => ({ value: i, name: `n${i}`, a: [i] })),
  Array.from({ length: 5_000 }, (_, i) => `text ${i % 17}`),
  Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`key${i}`, i])),
  'a'.repeat(1_000_000),
  'é😀'.repeat(50_000),
  deep(100_000, (inner) => [inner]),
  deep(100_000, (inner) => ({ a: inner, value: inner })),
  Array.from({ length: 1_000 }, () => Array.from({ length: 100 }, () => NaN)),
];

const scalars: readonly [unknown, ...unknown[]] = [
  0,
  ...[-0, 1, 0.5, -1.5, NaN, Infinity, -Infinity, 5e-324, 1.7976931348623157e308, 2 ** 53, 1e21],
  ...['', 'ok', '1.5', 'NaN', '9223372036854775808', '\0', '\ud800', '😀', '[1]', '{"a":1}', '2023-08-14', '1h'],
  ...[true, false, null, undefined],
];

const keys: readonly [string, ...string[]] = [
  ...(['a', 'value', 'Name', '', '0', '-1', 'length', '__proto__', 'constructor', 'toString', 'a b', '😀'] as const),
];

const json = (chance: Chance, depth: number): unknown => {
  const share = chance.next();
  if (depth === 0 || share < 0.4) return chance.of(scalars);
  if (share < 0.7) return Array.from({ length: chance.below(6) }, () => json(chance, depth - 1));
  // As JSON.parse does it: `__proto__` is a key like any other.
  const members = Array.from({ length: chance.below(5) }, () => [chance.of(keys), json(chance, depth - 1)] as const);
  const made: Record<string, unknown> = {};
  for (const [key, value] of members)
    Object.defineProperty(made, key, { value, enumerable: true, writable: true, configurable: true });
  return made;
};

/** Anything that a metric provider could hand over: small and odd, or huge, or deeper than any stack. */
export const anyAnswer = (chance: Chance): unknown => {
  const share = chance.next();
  if (share < 0.3) return chance.of(scalars);
  if (share < 0.5) return Array.from({ length: chance.below(20) }, () => chance.of([chance.next() * 100, NaN, 0]));
  return share < 0.99 ? json(chance, 4) : chance.of(large);
};
