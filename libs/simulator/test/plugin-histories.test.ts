import fc from 'fast-check';
import { describe, it } from 'vitest';
import { decideRollout } from '@sluice/engine';
import { edited, edits, snapshotOf } from './fuzz.ts';
import { playHistory } from './play.ts';
import { pluginHistory } from './plugin-history.ts';
import { histories, runs } from './size.ts';

describe('Whatever step plugins do, and whatever happens to their rollout', { timeout: 600_000 }, () => {
  it('what they have begun comes to an end or is ended, and the rollout goes where it was asked to go', () => {
    fc.assert(
      fc.property(pluginHistory, (history) => playHistory(history)),
      runs(histories / 25),
    );
  });

  it('any snapshot with their entries gets a decision', () => {
    const snapshot = fc
      .tuple(pluginHistory, fc.array(edits, { minLength: 8, maxLength: 8 }))
      .map(([history, all]) => all.map((each) => edited(snapshotOf(history), each)));
    fc.assert(
      fc.property(snapshot, (several) => several.forEach((each) => void decideRollout(each))),
      runs(histories / 250),
    );
  });
});
