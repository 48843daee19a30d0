import { expect, it } from 'vitest';
import type { Split } from './split.ts';
import { describeSplit } from './split.ts';

const version = (role: 'stable' | 'canary', name: string, hash: string, percent: number) => ({
  ...{ role, version: name, hash, percent, requests: percent },
  ...{ errors: 0, errorPercent: 0, meanMs: 1, p95Ms: 1 },
});
const split: Split = {
  rollout: 'default/shop',
  seconds: 10,
  asked: {
    from: 'weights',
    shares: [
      { hash: 'one', percent: 80 },
      { hash: 'two', percent: 20 },
    ],
  },
  requests: 100,
  versions: [version('stable', '1', 'one', 79), version('canary', '2', 'two', 21)],
  mirrored: [],
  failed: 0,
  avoidable: 0,
};

it.each([
  [{}, 'clients got stable 1: 79 % (80 asked), canary 2: 21 % (20 asked) of 100 requests in 10 s'],
  [{ asked: undefined, versions: [] }, 'clients got nothing of 100 requests in 10 s'],
  [
    { asked: { from: 'active', shares: [{ hash: 'two', percent: 100 }] }, failed: 3, avoidable: 2 },
    'clients got stable 1: 79 % (0 asked), canary 2: 21 % (100 asked) of 100 requests in 10 s; 3 failed, 2 of them for want of order',
  ],
] as const)('A split with %j is told in one line', (change, line) => {
  expect(describeSplit({ ...split, ...change })).toBe(line);
});
