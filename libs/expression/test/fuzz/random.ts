/** Chance with a seed: the same inputs in every run. */
export interface Chance {
  /** From 0 up to and without 1. */
  next(): number;
  /** A whole number from 0 up to and without `limit`. */
  below(limit: number): number;
  of<T>(choices: readonly [T, ...T[]]): T;
}

/** Marsaglia's xorshift with 32 bits: quick, and good enough to pick inputs. */
export const createChance = (seed: number): Chance => {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { next, below, of: (choices) => choices[below(choices.length)] ?? choices[0] };
};
