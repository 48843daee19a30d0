import fc from 'fast-check';
import { describe, it } from 'vitest';
import { playCalmly } from './calm.ts';
import { calmCanaryHistory } from './history.ts';
import { histories, runs } from './size.ts';

describe('While nothing fails', () => {
  it(
    'a canary keeps the promised pods available, asks for no more than allowed and leaves no Service without pods',
    { timeout: 600_000 },
    () => {
      fc.assert(
        fc.property(calmCanaryHistory, (history) => playCalmly(history)),
        runs(histories / 5),
      );
    },
  );
});
