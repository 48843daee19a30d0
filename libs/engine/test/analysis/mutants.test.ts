// A property that finds nothing proves nothing: here each is shown a decision that breaks it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecideAnalysisRun } from './driver.ts';
import { verdictOf } from '../../src/index.ts';
import { Broken, history, playHistory } from './histories.ts';
import type { Property } from './histories.ts';
import * as mutants from './mutants.ts';

/** Whether one of so many histories breaks this property; what else they break does not count. */
const catches = (property: Property, decide: DecideAnalysisRun | undefined, verdict = verdictOf): boolean =>
  fc.sample(history, { numRuns: 300, seed: 42 }).some((sample) => {
    try {
      playHistory(sample, decide, verdict);
      return false;
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      return error.property === property;
    }
  });

const cases: readonly [string, DecideAnalysisRun, Property][] = [
  ['counts answers twice', mutants.countsAnything, 'counted once'],
  ['takes errors for successes', mutants.trustsErrors, 'counted once'],
  ['counts errors as measurements', mutants.countsErrors, 'counted once'],
  ['turns a failure into a success', mutants.endsWell, 'verdict'],
  ['succeeds before there is evidence', mutants.isEasilyPleased, 'counted once'],
  ['never looks at a run again', mutants.losesTrack, 'ends'],
  ['does not measure again what was lost', mutants.trustsTheQueue, 'ends'],
  ['changes a verdict', mutants.changesItsMind, 'final'],
  ['lets a verdict wait', mutants.isLeisurely, 'prompt'],
  ['never comes to rest', mutants.neverRests, 'idempotent'],
  ['measures without a pause', mutants.hasNoPatience, 'no hammering'],
  ['asks for a measurement twice', mutants.asksTwice, 'one at a time'],
];

describe('A decision is caught that', () => {
  it.each(cases)('%s', { timeout: 240_000 }, (_, decide, property) => {
    expect(catches(property, decide)).toBe(true);
  });

  it('takes a run that was stopped for one that succeeded', { timeout: 240_000 }, () => {
    expect(catches('evidence', undefined, mutants.believesThePhase)).toBe(true);
  });
});
