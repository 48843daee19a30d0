import fc from 'fast-check';
import { describe, it } from 'vitest';
import { blueGreenHistory } from './history.ts';
import { playHistory } from './play.ts';
import { histories, runs } from './size.ts';

describe('Whatever happens to a blue-green Rollout', () => {
  it(
    `every decision is safe, and once faults stop it ends as asked (${histories} histories)`,
    { timeout: 600_000 },
    () => {
      const before = process.cpuUsage();
      fc.assert(
        fc.property(blueGreenHistory, (history) => playHistory(history)),
        runs(histories),
      );
      const { user, system } = process.cpuUsage(before);
      console.info(`${histories} histories in ${((user + system) / 1e6).toFixed(1)} s of one core`);
    },
  );
});
