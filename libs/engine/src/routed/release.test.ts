import { expect, test } from 'vitest';
import { RoutedWorld } from '../testing/routed-world.ts';

const halfway = () =>
  new RoutedWorld({ steps: [{ setWeight: 40 }, { pause: {} }] }, 5).settle().setImage('shop:2').unroute();

test('a router that the strategy names no more is asked to give back its routes, and the split is remembered until it has', () => {
  const world = halfway();
  world.routerWorks = false;
  const first = world.decide();
  expect(first.actions.filter(({ kind }) => kind === 'ReleaseTraffic')).toEqual([
    { kind: 'ReleaseTraffic', routers: ['nginx'], events: [] },
  ]);
  world.releases = { nginx: { reason: 'connection refused' } };
  expect(world.decide().status.canary?.weights?.canary.weight).toBe(40);
  world.releases = { nginx: 'released' };
  const last = world.decide();
  expect(last.status.canary?.weights).toBeUndefined();
  expect(last.actions.filter(({ kind }) => kind === 'ReleaseTraffic')).toEqual([]);
});

test('given back, nothing is asked for again', () => {
  const world = halfway().settle();
  expect(world.log.filter((line) => line.startsWith('release'))).toEqual(['release nginx']);
  expect(world.status.canary?.weights).toBeUndefined();
});

test('what is waited for is explained when nothing else is', () => {
  const world = halfway().settle();
  world.promote();
  world.status = { ...world.status, canary: { weights: { canary: { weight: 40 }, stable: { weight: 60 } } } };
  world.releases = { nginx: { reason: 'connection refused' } };
  const { explanation, status } = world.decide();
  expect(status.phase).toBe('Healthy');
  expect(explanation).toMatchObject({
    code: 'WaitingForRouter',
    detail: expect.stringContaining('"nginx" has not given back the routes'),
  });
});
