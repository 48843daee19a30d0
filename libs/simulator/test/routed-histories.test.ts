import fc from 'fast-check';
import { describe, it } from 'vitest';
import { playHistory } from './play.ts';
import { routedHistory } from './routed-history.ts';
import { histories, runs } from './size.ts';

describe('Whatever a traffic router does, and whatever happens to its rollout', { timeout: 600_000 }, () => {
  it('no traffic is sent where pods cannot answer it, and it ends where it was asked to go', () => {
    fc.assert(
      fc.property(routedHistory, (history) => playHistory(history)),
      runs(histories / 10),
    );
  });
});
