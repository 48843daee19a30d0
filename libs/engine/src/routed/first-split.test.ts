import { expect, test } from 'vitest';
import { RoutedWorld } from '../testing/routed-world.ts';

const steps = [{ setWeight: 40 }, { pause: {} }];
const told = (world: RoutedWorld) => world.log.filter((line) => line.startsWith('apply'));

test('a router that gets its first declaration in mid-update is told that the canary has nothing, until the status says so', () => {
  const world = new RoutedWorld({ steps }, 5).settle().setImage('shop:2');
  const { canary: _, ...rest } = world.status;
  world.status = { ...rest, currentStepIndex: 0, pauseConditions: undefined };
  world.log.length = 0;
  world.settle();
  expect(told(world)).toEqual(['apply weight 0', 'apply weight 40']);
  expect(world.status.canary?.weights).toMatchObject({ canary: { weight: 40 }, stable: { weight: 60 } });
});

test('a step that may end with less than its weight does not end with what the router is told first', () => {
  const replicaProgressThreshold = { type: 'Percent' as const, value: 50 };
  const world = new RoutedWorld({ steps, replicaProgressThreshold }, 5).settle().setImage('shop:2');
  const { canary: _, ...rest } = world.status;
  world.status = { ...rest, currentStepIndex: 0, pauseConditions: undefined };
  world.settle();
  expect(world.status).toMatchObject({ currentStepIndex: 1, canary: { weights: { canary: { weight: 40 } } } });
});
