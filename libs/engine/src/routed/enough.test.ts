import { expect, test } from 'vitest';
import { RoutedWorld } from '../testing/routed-world.ts';

test('a threshold that the new version passes is enough to promote it, though one pod never gets ready', () => {
  const world = new RoutedWorld(
    {
      replicaProgressThreshold: { type: 'Percent', value: 80 },
      steps: [{ setWeight: 40 }, { pause: {} }, { setWeight: 100 }],
    },
    5,
  ).settle();
  world.setImage('shop:2');
  // The last of five.
  world.lacking.set('shop:2', 1);
  world.promote();
  expect(world.status.stableRS).toBe(world.status.currentPodHash);
  const { selector } = world.services.get('shop-stable')?.spec ?? {};
  expect(selector?.['rollouts-pod-template-hash']).toBe(world.status.currentPodHash);
});

test('below the threshold the old version stays the stable one', () => {
  const world = new RoutedWorld(
    { replicaProgressThreshold: { type: 'Percent', value: 80 }, steps: [{ setWeight: 100 }] },
    5,
  ).settle();
  world.lacking.set('shop:2', 2);
  world.setImage('shop:2');
  expect(world.status.stableRS).not.toBe(world.status.currentPodHash);
});

test('where no pods are asked for, no step makes any, and the steps pass', () => {
  const steps = [
    { setCanaryScale: { replicas: 1 } },
    { setWeight: 20 },
    { setCanaryScale: { weight: 50 } },
    { setWeight: 50 },
  ];
  const world = new RoutedWorld({ steps, minPodsPerReplicaSet: 2 }, 0).settle();
  world.setImage('shop:2');
  expect(world.pods('shop:2')).toBe(0);
  expect(world.status).toMatchObject({ stableRS: world.status.currentPodHash, currentStepIndex: 4, phase: 'Healthy' });
});

test.each([false, true])(
  'the progress deadline is about the version that is rolled out, also while an older one keeps its pods (abort: %s)',
  (progressDeadlineAbort) => {
    const world = new RoutedWorld({ scaleDownDelaySeconds: 600, steps: [{ setWeight: 50 }] }, 2).settle();
    world.spec = { ...world.spec, progressDeadlineSeconds: 8, progressDeadlineAbort };
    world.setImage('shop:2');
    expect(world.status.phase).toBe('Healthy');
    expect(world.pods('shop:1')).toBe(2);
    world.now += 60;
    expect(world.settle().status.phase).toBe('Healthy');
    world.broken.add('shop:3');
    world.setImage('shop:3');
    world.now += 20;
    world.settle();
    expect(world.status.phase).toBe('Degraded');
    expect(world.status.abort === true).toBe(progressDeadlineAbort);
  },
);
