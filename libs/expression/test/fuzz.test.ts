import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fuzzRound } from './fuzz/index.ts';

// A hundredth of what tools/bench/expression-fuzz.ts does.
const rounds = 20_000;

it('gives a verdict or an error with a place for any text and any answer', () => {
  const outcomes = new Set<string>();
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const { source, outcome, violation } = fuzzRound(seed);
      outcomes.add(outcome);
      expect(violation, source).toBeUndefined();
    }),
    { numRuns: rounds, seed: 6, endOnFailure: true },
  );
  expect([...outcomes].sort()).toEqual(['compile', 'false', 'limit', 'other value', 'run', 'true']);
}, 300_000);
