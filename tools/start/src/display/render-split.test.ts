import type { Split } from '@sluice/local-cluster';
import { expect, it } from 'vitest';
import { renderSplit, renderTotals } from './render-split.ts';

const version = (role: 'stable' | 'canary' | 'experiment', name: string, hash: string, percent: number) => ({
  ...{ role, version: name, hash, percent, requests: percent },
  ...{ errors: 0, errorPercent: 0, meanMs: 1, p95Ms: 1 },
});
const split: Split = {
  rollout: 'default/shop',
  seconds: 1,
  asked: {
    from: 'weights',
    shares: [
      { hash: 'one', percent: 90 },
      { hash: 'two', percent: 10 },
    ],
  },
  requests: 100,
  versions: [version('stable', '1.27', 'one', 90.4), version('canary', '1.28', 'two', 9.6)],
  mirrored: [],
  failed: 0,
  avoidable: 0,
};

it.each([
  [{}, 'clients get  stable 1.27 90 % (90 asked)  canary 1.28 10 % (10 asked)  of 100 requests'],
  [{ asked: undefined, versions: [], failed: 3 }, 'clients get  no answer  of 100 requests  3 failed'],
  [
    { asked: undefined, failed: 3, avoidable: 2 },
    'clients get  stable 1.27 90 %  canary 1.28 10 %  of 100 requests  3 failed, 2 of them for want of order',
  ],
  [
    {
      asked: {
        from: 'weights',
        shares: ['one', 'two', 'three'].map((hash, i) => ({ hash, percent: [60, 30, 10][i]! })),
      },
      versions: [
        version('stable', '1', 'one', 59),
        version('experiment', '1', 'two', 31),
        version('experiment', '2', 'three', 10),
      ],
    },
    'clients get  stable 1 59 % (60 asked)  experiment 41 % (40 asked)  of 100 requests',
  ],
] as const)('A split with %j is shown in one line', (change, line) => {
  expect(renderSplit({ ...split, ...change })).toBe(line);
});

it('At the end it is said what became of all requests', () => {
  expect(renderTotals({ requests: 812, failed: 0, avoidable: 0 })).toBe(
    'Clients sent 812 requests meanwhile; every one was answered.',
  );
  expect(renderTotals({ requests: 812, failed: 5, avoidable: 1 })).toBe(
    'Clients sent 812 requests meanwhile; 5 were not answered, 1 of them for want of order.',
  );
});
