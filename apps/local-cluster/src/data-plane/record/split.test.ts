import { expect, it } from 'vitest';
import type { Split } from './split.ts';
import { createClusterObjects } from '../objects/cluster-objects.ts';
import type { RoutedObject } from '../objects/shapes.ts';
import { describeSplit, splitOf, tallyKeys } from './split.ts';
import { newTally } from './window.ts';

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

it('Versions of an experiment are told from those of the Rollout by the weights that it gives them', () => {
  const objects = createClusterObjects();
  const weights = { additional: [{ podTemplateHash: 'b', weight: 20 }] };
  const status = { stableRS: 'one', currentPodHash: 'two', canary: { weights } };
  objects.put('rollouts', { metadata: { namespace: 'default', name: 'shop' }, status } as RoutedObject);
  const tallies = new Map(
    ['gone', 'b', 'two', 'one'].map((hash) => [
      tallyKeys.version('default/shop', false, '1', hash),
      { ...newTally(), requests: 10 },
    ]),
  );
  const roles = splitOf(objects, 'default/shop', 1, tallies)?.versions.map(({ hash, role }) => `${hash} ${role}`);
  expect(roles).toEqual(['one stable', 'two canary', 'b experiment', 'gone other']);
});
