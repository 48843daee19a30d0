import fc from 'fast-check';
import { describe, it } from 'vitest';
import { canaryHistory } from './history.ts';
import { playHistory } from './play.ts';
import { histories, runs } from './size.ts';

describe('Whatever happens to a canary', () => {
  it(
    `every decision is safe, and once faults stop it ends as asked (${histories} histories)`,
    { timeout: 600_000 },
    () => {
      const began = performance.now();
      fc.assert(
        fc.property(canaryHistory, (history) => playHistory(history)),
        runs(histories),
      );
      console.info(`${histories} histories in ${((performance.now() - began) / 1000).toFixed(1)} s`);
    },
  );
});
