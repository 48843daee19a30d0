/** Random choices that the same seed makes again. */
export interface Random {
  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number;
  one<T>(choices: readonly T[]): T;
  /** True as often as `share` (0 to 1) says. */
  chance(share: number): boolean;
}

/** Seeded with any whole number (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return { whole, one: (choices) => choices[whole(0, choices.length - 1)]!, chance: (share) => next() < share };
}
