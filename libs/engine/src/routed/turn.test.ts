import { describe, expect, test } from 'vitest';
import { RoutedWorld } from '../testing/routed-world.ts';
import type { RouterObservation } from './intent.ts';

const steps = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }];
const deployed = (strategy = {}, replicas = 5) => new RoutedWorld({ steps, ...strategy }, replicas).settle();

describe('a canary behind a router', () => {
  test('is deployed at once, and its routes are declared when its pods are there', () => {
    const world = deployed();
    expect(world.log).toEqual([
      'create shop:1 with 5',
      'shop-stable selects shop:1',
      'shop-canary selects shop:1',
      'observe weight 0',
      'apply weight 0',
    ]);
    expect(world.status).toMatchObject({
      phase: 'Healthy',
      canary: { weights: { canary: { weight: 0 }, stable: { weight: 100 } } },
    });
  });

  test('gets pods first, then its Service, then its share', () => {
    const world = deployed().setImage('shop:2');
    expect(world.log).toEqual(['create shop:2 with 1', 'shop-canary selects shop:2', 'apply weight 20']);
    expect(world.status).toMatchObject({ phase: 'Paused', currentStepIndex: 1 });
    expect([world.pods('shop:1'), world.pods('shop:2')]).toEqual([5, 1]);
  });

  test('goes past a weight that nobody is to answer, since its scale was set to nothing by hand', () => {
    const byHand = [{ setCanaryScale: { replicas: 0 } }, { setWeight: 40 }, { pause: {} }];
    const world = deployed({ steps: [...byHand, { setCanaryScale: { matchTrafficWeight: true } }, { pause: {} }] });
    world.setImage('shop:2');
    expect([world.status.currentStepIndex, world.weight, world.pods('shop:2')]).toEqual([2, 0, 0]);
    world.promote();
    expect([world.status.currentStepIndex, world.weight, world.pods('shop:2')]).toEqual([4, 40, 2]);
  });

  test('is promoted when all traffic was seen on it; the old pods wait for their delay', () => {
    const world = deployed().setImage('shop:2').promote();
    expect([world.weight, world.pods('shop:2')]).toEqual([60, 3]);
    world.promote();
    expect(world.log).toEqual([
      'scale shop:2 from 3 to 5',
      'apply weight 100',
      'shop-stable selects shop:2',
      'apply weight 0',
    ]);
    expect(world.status).toMatchObject({
      phase: 'Healthy',
      canary: { weights: { canary: { weight: 0 }, stable: { weight: 100 } } },
    });
    expect(world.pods('shop:1')).toBe(5);
    world.now += 31;
    world.settle();
    expect(world.pods('shop:1')).toBe(0);
  });

  test('taken back, its traffic leaves before its pods do', () => {
    const world = deployed().setImage('shop:2').promote().abort();
    expect(world.log).toEqual(['shop-canary selects shop:1', 'apply weight 0']);
    expect(world.status).toMatchObject({ phase: 'Degraded', canary: { weights: { canary: { weight: 0 } } } });
    expect(world.pods('shop:2')).toBe(3);
    world.now += 31;
    world.settle();
    expect(world.pods('shop:2')).toBe(0);
  });

  test('superseded, its traffic goes back before the next version gets any', () => {
    const world = deployed().setImage('shop:2').promote().setImage('shop:3');
    expect(world.log.slice(0, 2)).toEqual(['create shop:3 with 1', 'apply weight 0']);
    expect(world.log.indexOf('shop-canary selects shop:3')).toBeGreaterThan(world.log.indexOf('apply weight 0'));
    expect(world.log.indexOf('scale shop:2 from 3 to 0')).toBeGreaterThan(
      world.log.indexOf('shop-canary selects shop:3'),
    );
    expect([world.weight, world.pods('shop:2'), world.pods('shop:3')]).toEqual([20, 0, 1]);
  });

  test('gets no share that its pods cannot carry', () => {
    const world = deployed();
    world.broken.add('shop:2');
    world.setImage('shop:2');
    expect(world.weight).toBe(0);
    expect(world.log).not.toContain('apply weight 20');
    expect(world.status.currentStepIndex).toBe(0);
  });

  test('loses its share when its pods are lost', () => {
    const world = deployed().setImage('shop:2').promote();
    world.broken.add('shop:2');
    world.settle();
    expect(world.weight).toBe(0);
  });

  test('with a dynamic stable set, pods follow the traffic in both directions', () => {
    const world = deployed({ dynamicStableScale: true }).setImage('shop:2');
    expect([world.pods('shop:1'), world.pods('shop:2')]).toEqual([4, 1]);
    expect(world.log.indexOf('scale shop:1 from 5 to 4')).toBeGreaterThan(world.log.indexOf('apply weight 20'));
    world.promote();
    expect([world.pods('shop:1'), world.pods('shop:2')]).toEqual([2, 3]);
    world.abort();
    expect(world.log.indexOf('scale shop:1 from 2 to 5')).toBeLessThan(world.log.indexOf('apply weight 0'));
    expect([world.weight, world.pods('shop:1'), world.pods('shop:2')]).toEqual([0, 5, 0]);
  });

  test('a dynamic stable set is let go as the promotion moves its traffic', () => {
    const world = deployed({ dynamicStableScale: true }).setImage('shop:2').promote().promote();
    expect([world.pods('shop:1'), world.pods('shop:2'), world.weight]).toEqual([0, 5, 0]);
  });

  test('follows a scale that was set by hand, and the weight follows the step', () => {
    const byHand = [
      { setCanaryScale: { replicas: 3 } },
      { pause: {} },
      { setWeight: 10 },
      { pause: {} },
      { setCanaryScale: { weight: 50 } },
      { pause: {} },
      { setCanaryScale: { matchTrafficWeight: true } },
      { setWeight: 40 },
      { pause: {} },
    ];
    const world = deployed({ steps: byHand }).setImage('shop:2');
    const seen = () => [world.status.currentStepIndex, world.weight, world.pods('shop:2')];
    expect(seen()).toEqual([1, 0, 3]);
    expect((world.promote(), seen())).toEqual([3, 10, 3]);
    expect((world.promote(), seen())).toEqual([5, 10, 3]);
    expect((world.promote(), seen())).toEqual([8, 40, 2]);
  });

  test('keeps the minimum of pods that was asked for', () => {
    const world = deployed({ minPodsPerReplicaSet: 2, steps: [{ setWeight: 5 }, { pause: {} }] }).setImage('shop:2');
    expect([world.weight, world.pods('shop:2')]).toEqual([5, 2]);
  });

  test('promoted in full, keeps its share until all its pods are there', () => {
    const world = deployed().setImage('shop:2');
    world.status = { ...world.status, promoteFull: true };
    world.log.length = 0;
    world.settle();
    expect(world.log).toEqual(['scale shop:2 from 1 to 5', 'shop-stable selects shop:2', 'apply weight 0']);
    expect(world.status).toMatchObject({ phase: 'Healthy', duration: { completionStatus: 'FastPromoted' } });
  });
});

describe('a router that does not answer', () => {
  test('freezes its rollout where it is, says so, and lets it go on when it is back', () => {
    const world = deployed().setImage('shop:2');
    world.routerWorks = false;
    world.promote();
    expect(world.status).toMatchObject({
      currentStepIndex: 2,
      phase: 'Progressing',
      message: 'waiting for traffic router "nginx": connection refused',
    });
    expect(world.decide().explanation.code).toBe('WaitingForRouter');
    expect(world.weight).toBe(20);
    world.routerWorks = true;
    world.settle();
    expect([world.status.currentStepIndex, world.weight]).toEqual([3, 60]);
  });
  test('is told before the pause that its rollout is at', () => {
    const world = deployed().setImage('shop:2');
    expect(world.decide().explanation.code).toBe('PausedAtStep');
    world.router = { kind: 'unavailable', reason: 'connection refused', lowest: 0, highest: 20 };
    expect(world.decide().explanation.code).toBe('WaitingForRouter');
  });
  test('keeps pods that may still get traffic, even when their delay is over', () => {
    const world = deployed().setImage('shop:2').promote();
    world.routerWorks = false;
    world.abort();
    world.now += 100;
    world.settle();
    world.now += 100;
    world.settle();
    expect(world.pods('shop:2')).toBe(3);
  });
  test('nobody has looked since a restart: it is asked before anything is scaled', () => {
    const world = deployed({ dynamicStableScale: true }).setImage('shop:2');
    const decision = (world.router = { kind: 'unknown' } as const) && world.decide();
    expect(decision.actions.map((action) => (action.kind === 'ApplyTraffic' ? action.mode : action.kind))).toEqual([
      'observe',
    ]);
    expect(decision.statusUrgency).toBe('unchanged');
  });
});

describe('A router whose routes are not obeyed yet', () => {
  const dynamic = () => deployed({ dynamicStableScale: true }).setImage('shop:2');
  const scaled = (world: RoutedWorld) =>
    world.decide().actions.flatMap((action) => (action.kind === 'UpdateReplicaSet' ? [action.change.replicas] : []));
  const observed = (world: RoutedWorld): Extract<RouterObservation, { kind: 'observed' }> => {
    if (world.router.kind !== 'observed') throw new Error('expected an observation');
    return world.router;
  };

  test('takes no pods from the side that traffic may still be on, while that is not verified', () => {
    const world = dynamic();
    world.status = { ...world.status, abort: true };
    const { intent } = observed(world);
    world.router = {
      ...observed(world),
      intent: { ...intent, weight: 0 },
      canaryWeight: 0,
      verification: 'pending',
      detail: 'not obeyed yet',
    };
    expect(scaled(world).filter((replicas) => replicas === 0)).toEqual([]);
  });

  test('keeps the stable pods for traffic that was told to come back', () => {
    const world = dynamic();
    const { intent } = observed(world);
    world.status = { ...world.status, pauseConditions: undefined, currentStepIndex: 0 };
    world.router = { ...observed(world), intent: { ...intent, weight: 0 }, inSync: false, canaryWeight: 20 };
    expect(scaled(world)).toContain(5);
  });
});

test('Where no pods are asked for, none wait for traffic that goes nowhere', () => {
  const world = deployed().setImage('shop:2').setImage('shop:3');
  world.spec = { ...world.spec, replicas: 0 };
  world.settle();
  expect(['shop:1', 'shop:2', 'shop:3'].map((image) => world.pods(image))).toEqual([0, 0, 0]);
});

test('Taken back, a canary Service that may still get traffic does not move to a stable version that cannot carry all of it', () => {
  const world = deployed().setImage('shop:2');
  const { weights } = world.status.canary ?? {};
  world.status = {
    ...world.status,
    canary: { ...world.status.canary, weights: { ...weights!, canary: { ...weights!.canary, weight: 0 } } },
  };
  world.router = { kind: 'unavailable', reason: 'connection refused', lowest: 0, highest: 20 };
  world.image = 'shop:1';
  const switched = () => world.decide().actions.filter(({ kind }) => kind === 'SwitchService').length;
  expect(switched()).toBe(1);
  world.spec = { ...world.spec, replicas: 10 };
  expect(switched()).toBe(0);
});

test('a set that waits for its delay is not written when the Rollout is scaled', () => {
  const world = deployed().setImage('shop:2');
  world.status = { ...world.status, promoteFull: true };
  world.settle();
  world.spec = { ...world.spec, replicas: 7 };
  world.settle();
  const waiting = [...world.sets.values()].find(({ metadata }) => metadata.annotations?.['scale-down-deadline']);
  expect(waiting?.metadata.annotations?.['rollout.argoproj.io/desired-replicas']).toBe('5');
  expect([world.pods('shop:1'), world.pods('shop:2')]).toEqual([5, 7]);
});
