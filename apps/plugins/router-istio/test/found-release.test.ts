// Given back without a configuration: what is this rollout's is known by its Services, its subsets and its name alone.
import { expect, test } from 'vitest';
import { emptied } from '../src/found-release.ts';
import { to, virtualService } from './build.ts';

const side = (service: string, podTemplateHash: string) => ({ service, podTemplateHash });
const versions = {
  release: {
    rollout: { namespace: 'default', name: 'shop', uid: 'uid-1' },
    stable: side('shop-stable', 'hash1'),
    canary: side('shop-canary', 'hash2'),
    managedRoutes: ['by-header'],
  },
  subsets: [{ host: 'shop', canary: 'new', stable: 'old' }],
};
const emptiedHttp = (...http: readonly object[]) => emptied(virtualService({ http }), versions)['spec'].http;

test('the canary gets nothing in each route that goes to both versions, and other destinations keep their share', () => {
  expect(
    emptiedHttp(
      { name: 'a', route: [to('shop-stable', 60), to('shop-canary', 30), to('legacy', 10)], timeout: '5s' },
      { name: 'b', route: [to('shop', 50, 'old'), to('shop.default.svc.cluster.local', 50, 'new')] },
    ),
  ).toEqual([
    { name: 'a', route: [to('shop-stable', 90), to('shop-canary', 0), to('legacy', 10)], timeout: '5s' },
    { name: 'b', route: [to('shop', 100, 'old'), to('shop.default.svc.cluster.local', 0, 'new')] },
  ]);
});

test('destinations of experiments go, and so does a route that a step has made', () => {
  expect(
    emptiedHttp(
      { name: 'by-header', route: [to('shop-canary', 100)] },
      { name: 'a', route: [to('shop-stable', 70), to('shop-canary', 20), to('shop-6765f5f78d-2-1-one', 10)] },
    ),
  ).toEqual([{ name: 'a', route: [to('shop-stable', 100), to('shop-canary', 0)] }]);
});

test.each([
  ['goes to one version only', [{ name: 'mine', route: [to('shop-canary', 100)] }]],
  ['is of another rollout', [{ route: [to('basket-stable', 50), to('basket-canary', 50)] }]],
  ['has subsets of another host', [{ route: [to('basket', 50, 'old'), to('basket', 50, 'new')] }]],
  ['has a managed name and goes elsewhere', [{ name: 'by-header', route: [to('basket', 100)] }]],
  ['is back already', [{ route: [to('shop-stable', 100), to('shop-canary')] }]],
])('a route that %s stays as it is', (_, http) => {
  const live = virtualService({ http });
  expect(emptied(live, versions)).toBe(live);
});
