import fc from 'fast-check';
import { decideRollout } from '@sluice/engine';
import { describe, expect, it } from 'vitest';
import { edited, edits, snapshotOf } from './fuzz.ts';
import { blueGreenHistory, canaryHistory } from './history.ts';
import { assumesSense, remembers } from './mutants.ts';
import { histories, runs } from './size.ts';

const snapshot = fc
  .tuple(fc.oneof(canaryHistory, blueGreenHistory), edits)
  .map(([history, all]) => edited(snapshotOf(history), all));

const frozen = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
};

describe('The engine', () => {
  it('decides on any snapshot that the API server could hold, without changing it', { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(snapshot, (any) => {
        decideRollout(frozen(any));
      }),
      runs(histories / 5),
    );
  });

  it('decides the same again, also on an equal snapshot of other objects', { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(snapshot, (any) => {
        const decision = JSON.stringify(decideRollout(any));
        expect(JSON.stringify(decideRollout(any))).toBe(decision);
        expect(JSON.stringify(decideRollout(structuredClone(any)))).toBe(decision);
      }),
      runs(histories / 10),
    );
  });

  it('is caught when it throws', { timeout: 600_000 }, () => {
    const result = fc.check(
      fc.property(snapshot, (any) => void assumesSense(any)),
      { numRuns: 1000, seed: 42, endOnFailure: true },
    );
    expect(result.failed).toBe(true);
  });

  it('is caught when it remembers', { timeout: 600_000 }, () => {
    const decide = remembers();
    const result = fc.check(
      fc.property(snapshot, (any) => JSON.stringify(decide(any)) === JSON.stringify(decide(any))),
      { numRuns: 5, seed: 42, endOnFailure: true },
    );
    expect(result.failed).toBe(true);
  });
});
