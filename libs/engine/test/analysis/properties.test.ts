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

/** A run in the middle of its history, and the answers to all that is under way. */
const together = fc.tuple(history, fc.integer({ min: 1, max: 20 })).map(([one, turns]) => {
  const play = new Play(one);
  for (const happening of one.happenings.slice(0, turns)) play.happen(happening);
  const outcomes: MeasurementOutcome[] = play.driver.inFlight.map((identity) => play.answer(identity));
  return { driver: play.driver, outcomes };
});

function copyOf({ run, held, now }: Driver): Driver {
  const copy = new Driver(run);
  copy.held = held;
  copy.now = now;
  return copy;
}

const byName = ({ status, events }: Driver) => ({
  ...status,
  metricResults: status?.metricResults?.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  events: events.map(({ reason, message }) => `${reason} ${message}`).sort(),
});

describe('in every history of a run', { timeout: 240_000 }, () => {
  it('each answer counts once, the verdict is that of the answers, and nothing succeeds without evidence', () => {
    fc.assert(
      fc.property(history, (one) => playHistory(one)),
      runs(histories),
    );
  });

  it('answers that come together say the same as one after the other, unless one ends the run before the last', () => {
    fc.assert(
      fc.property(together, ({ driver, outcomes }) => {
        const atOnce = copyOf(driver);
        const inTurn = copyOf(driver);
        atOnce.decide(outcomes);
        let hasEndedEarly = false;
        for (const outcome of outcomes) {
          hasEndedEarly = inTurn.status?.completedAt !== undefined;
          inTurn.decide([outcome]);
        }
        fc.pre(!hasEndedEarly);
        expect(inTurn.status).toEqual(atOnce.status);
        expect(inTurn.events).toEqual(atOnce.events);
      }),
      runs(histories / 10),
    );
  });

  it('answers that come together say the same in whichever order they come, and each is kept', () => {
    fc.assert(
      fc.property(together, ({ driver, outcomes }) => {
        const one = copyOf(driver);
        const other = copyOf(driver);
        one.decide(outcomes);
        other.decide(outcomes.toReversed());
        expect(byName(other)).toEqual(byName(one));
        for (const { metric } of driver.status?.completedAt ? [] : outcomes)
          expect(one.result(metric)?.measurements).not.toHaveLength(0);
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
