import { expect, test } from 'vitest';
import { RoutedWorld } from '../testing/routed-world.ts';

const steps = [{ setWeight: 20 }, { pause: {} }];

test('an update that mends a first deploy which came to nothing takes its steps by its pods alone, and is routed once it is promoted', () => {
  const world = new RoutedWorld({ steps }, 5);
  world.broken.add('shop:1');
  world.settle().setImage('shop:2');
  expect(world.status).toMatchObject({ phase: 'Paused', currentStepIndex: 1, updatedReplicas: 1 });
  expect([world.weight, world.log.filter((line) => line.includes('weight'))]).toEqual([undefined, []]);
  world.promote();
  expect(world.status).toMatchObject({ phase: 'Healthy', stableRS: world.status.currentPodHash });
  expect(world.log).toContain('shop-stable selects shop:2');
  expect([world.weight, world.pods('shop:1'), world.pods('shop:2')]).toEqual([0, 0, 5]);
});

test('a first deploy without pods is told to its routers: the canary has nothing', () => {
  const world = new RoutedWorld({ steps }, 0).settle();
  expect(world.status).toMatchObject({ phase: 'Healthy', canary: { weights: { canary: { weight: 0 } } } });
});

test('pods of an update that was taken back before they answered go at once', () => {
  const world = new RoutedWorld({ steps }, 5).settle();
  world.broken.add('shop:2');
  world.setImage('shop:2').setImage('shop:1');
  expect([world.status.phase, world.pods('shop:2')]).toEqual(['Healthy', 0]);
});
