import fc from 'fast-check';
import { describe, it } from 'vitest';
import { experimentHistory } from './experiment-history.ts';
import { playHistory } from './play.ts';
import { histories, runs } from './size.ts';

describe('Whatever happens to a rollout and its experiments', { timeout: 600_000 }, () => {
  it('nothing goes past an experiment without its success, and nothing of it stays or joins the Services', () => {
    fc.assert(
      fc.property(experimentHistory, (history) => playHistory(history)),
      runs(histories / 25),
    );
  });
});
