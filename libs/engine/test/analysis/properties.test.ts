import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideAnalysisRun, verdictOf } from '../../src/index.ts';
import type { MeasurementOutcome } from '../../src/index.ts';
import { Driver, start } from './driver.ts';
import { history, Play, playHistory } from './histories.ts';
import { anyOutcome, anyRun } from './nonsense.ts';

/** Random histories; another number with SLUICE_HISTORIES, others with SLUICE_SEED (a number, or `random`). */
const histories = Number(process.env['SLUICE_HISTORIES'] ?? 2000);
const seed = process.env['SLUICE_SEED'] === 'random' ? undefined : Number(process.env['SLUICE_SEED'] ?? 2026);
const runs = (numRuns: number) => ({ numRuns: Math.ceil(numRuns), ...(seed === undefined ? {} : { seed }) });

describe('in every history of a run', { timeout: 240_000 }, () => {
  it('each answer counts once, the verdict is that of the answers, and nothing succeeds without evidence', () => {
    fc.assert(
      fc.property(history, (one) => playHistory(one)),
      runs(histories),
    );
  });

  it('answers that come together say the same as one after the other', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 20 }), (one, turns) => {
        const play = new Play(one);
        for (const happening of one.happenings.slice(0, turns)) play.happen(happening);
        const { driver } = play;
        const outcomes: MeasurementOutcome[] = driver.inFlight.map((identity) => play.answer(identity));
        const together = new Driver(driver.run);
        const inTurn = new Driver(driver.run);
        together.now = inTurn.now = driver.now;
        together.decide(outcomes);
        for (const outcome of outcomes) inTurn.decide([outcome]);
        expect(inTurn.status).toEqual(together.status);
        expect(inTurn.events).toEqual(together.events);
      }),
      runs(histories / 10),
    );
  });
});

describe('on any run and any answer', { timeout: 240_000 }, () => {
  it('decides, without changing what it was given, and the same each time', () => {
    fc.assert(
      fc.property(anyRun, fc.array(anyOutcome, { maxLength: 5 }), (run, outcomes) => {
        const given = structuredClone({ run, outcomes });
        const snapshot = { now: start, run, outcomes };
        const decision = decideAnalysisRun(snapshot);
        expect(decideAnalysisRun({ ...snapshot, run: structuredClone(run) })).toEqual(decision);
        expect({ run, outcomes }).toEqual(given);
        verdictOf({ ...run, status: decision.status! });
      }),
      runs(histories / 3),
    );
  });

  it('comes to rest: the same moment and nothing new changes nothing', () => {
    fc.assert(
      fc.property(anyRun, fc.array(anyOutcome, { maxLength: 5 }), (run, outcomes) => {
        const { status } = decideAnalysisRun({ now: start, run, outcomes });
        if (status === undefined) return;
        const again = decideAnalysisRun({ now: start, run: { ...run, status } });
        expect(again.statusUrgency).toBe('unchanged');
        expect(again.status).toBe(status);
      }),
      runs(histories / 3),
    );
  });
});
