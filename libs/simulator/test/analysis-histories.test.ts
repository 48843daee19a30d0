import fc from 'fast-check';
import { describe, it } from 'vitest';
import { measuredBlueGreenHistory, measuredCanaryHistory } from './history.ts';
import { playHistory } from './play.ts';
import { histories, runs } from './size.ts';

describe('Whatever metrics say, and whoever ends or deletes their runs', { timeout: 600_000 }, () => {
  it('nothing goes past an analysis without evidence, and a canary ends as asked', () => {
    fc.assert(
      fc.property(measuredCanaryHistory, (history) => playHistory(history)),
      runs(histories / 10),
    );
  });

  it('nothing is promoted without evidence, and a blue-green update ends as asked', () => {
    fc.assert(
      fc.property(measuredBlueGreenHistory, (history) => playHistory(history)),
      runs(histories / 10),
    );
  });
});
