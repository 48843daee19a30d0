import type { CanaryStrategy } from '@sluice/model';
import { describe, expect, test } from 'vitest';
import { service } from '../testing/build.ts';
import { RoutedWorld } from '../testing/routed-world.ts';

const deployed = (strategy: CanaryStrategy, replicas = 5) => new RoutedWorld(strategy, replicas).settle();
const applied = (world: RoutedWorld): readonly number[] =>
  world.decide().actions.flatMap((action) => (action.kind === 'ApplyTraffic' ? [action.intent.weight] : []));
/** Pods that are still available, but no more asked for. */
function askFor(world: RoutedWorld, image: string, replicas: number): void {
  for (const [name, set] of world.sets)
    if (set.spec.template?.spec?.containers[0]?.image === image)
      world.sets.set(name, { ...set, spec: { ...set.spec, replicas } });
}

describe('Traffic does not move', () => {
  const steps = [{ setWeight: 60 }, { pause: {} }];
  test('back to pods that the stable set asks for no more', () => {
    const world = deployed({ steps }).setImage('shop:2');
    askFor(world, 'shop:1', 2);
    world.status = { ...world.status, abort: true };
    expect(applied(world)).toEqual([]);
    askFor(world, 'shop:1', 5);
    expect(applied(world)).toEqual([0]);
  });
  test('to either side beyond its part, where both together have too few pods', () => {
    const world = deployed({ steps }).setImage('shop:2');
    askFor(world, 'shop:1', 1);
    askFor(world, 'shop:2', 1);
    expect(applied(world)).toEqual([50]);
  });
  test('to a stable version that has too few pods for it, only because a scale that was set by hand ends', () => {
    const world = deployed({ steps: [{ setCanaryScale: { replicas: 1 } }, { setWeight: 60 }, { pause: {} }] });
    world.setImage('shop:2');
    expect(world.weight).toBe(60);
    askFor(world, 'shop:1', 2);
    world.status = { ...world.status, promoteFull: true };
    expect(applied(world)).toEqual([33]);
  });
  test('through a stable Service that somebody has pointed at the new version, until the stable one can carry it', () => {
    const world = deployed({ steps: [{ setWeight: 20 }, { pause: {} }] }).setImage('shop:2');
    const stable = world.services.get('shop-stable')!;
    const hash = world.status.currentPodHash!;
    world.services.set('shop-stable', {
      ...stable,
      spec: { ...stable.spec, selector: { ...stable.spec?.selector, 'rollouts-pod-template-hash': hash } },
    });
    const switched = () => world.decide().actions.some((action) => action.kind === 'SwitchService');
    askFor(world, 'shop:1', 2);
    expect(switched()).toBe(false);
    askFor(world, 'shop:1', 5);
    expect(switched()).toBe(true);
  });
  test('with the canary Service to a stable version that lacks pods, while a router may still do what it was told before', () => {
    const world = deployed({ steps: [{ setWeight: 50 }, { pause: {} }] }, 2).setImage('shop:2');
    askFor(world, 'shop:1', 1);
    world.status = { ...world.status, abort: true };
    const { router } = world;
    if (router.kind !== 'observed') throw new Error('the router has not answered');
    const switchesWhen = (inSync: boolean): boolean => {
      world.router = { ...router, inSync, canaryWeight: 0 };
      return world.decide().actions.some((action) => action.kind === 'SwitchService');
    };
    expect([switchesWhen(false), switchesWhen(true)]).toEqual([false, true]);
  });
});

/** The same weights are out of that many from now on. */
class OtherMaximum extends RoutedWorld {
  outOf(maxTrafficWeight: number): this {
    this.strategy = { ...this.strategy, trafficRouting: { ...this.strategy.trafficRouting, maxTrafficWeight } };
    return this;
  }
}

describe('Pods of the new version', () => {
  test('stay while a stable Service that somebody has pointed at them waits for the stable version', () => {
    const world = deployed({ steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 0 }, { pause: {} }] });
    world.setImage('shop:2');
    const stable = world.services.get('shop-stable')!;
    const selector = { ...stable.spec?.selector, 'rollouts-pod-template-hash': world.status.currentPodHash! };
    world.services.set('shop-stable', { ...stable, spec: { ...stable.spec, selector } });
    world.broken.add('shop:1');
    for (const [name, set] of world.sets)
      if (set.metadata.labels?.['rollouts-pod-template-hash'] === world.status.stableRS)
        world.sets.set(name, { ...set, status: { ...set.status!, availableReplicas: 0 } });
    world.promote();
    expect([world.imageOf(selector['rollouts-pod-template-hash']), world.pods('shop:2')]).toEqual(['shop:2', 1]);
    world.broken.clear();
    world.settle();
    expect([world.log.includes('shop-stable selects shop:1'), world.pods('shop:2')]).toEqual([true, 0]);
  });
  test('stay for the share that they have until the router has obeyed, also when their weight is a smaller share from now on', () => {
    const world = new OtherMaximum({ steps: [{ setWeight: 60 }, { pause: {} }] }, 5).settle();
    world.setImage('shop:2');
    world.routerWorks = false;
    expect(world.outOf(1000).settle().pods('shop:2')).toBe(3);
    world.routerWorks = true;
    expect(world.settle().pods('shop:2')).toBe(1);
  });
  test('go when a share falls, after it has fallen', () => {
    const world = deployed({ steps: [{ setWeight: 60 }, { pause: {} }, { setWeight: 20 }, { pause: {} }] });
    world.setImage('shop:2').promote();
    expect(world.log).toEqual(['apply weight 20', 'scale shop:2 from 3 to 1']);
    expect(world.status).toMatchObject({ currentStepIndex: 3, phase: 'Paused' });
  });
  test('are sent nobody by a header route where none of them are asked for', () => {
    const match = [{ headerName: 'x', headerValue: { exact: '1' } }];
    const trafficRouting = { istio: { virtualService: { name: 'shop' } }, managedRoutes: [{ name: 'internal' }] };
    const world = deployed({ trafficRouting, steps: [{ setHeaderRoute: { name: 'internal', match } }, { pause: {} }] });
    world.setImage('shop:2');
    expect(world.router).toMatchObject({ kind: 'observed', intent: { headerRoutes: [] } });
  });
  test('go with an abort where no pods are asked for, though nobody knows the routes', () => {
    const world = deployed({ steps: [{ setCanaryScale: { replicas: 3 } }, { pause: {} }] });
    world.setImage('shop:2');
    expect(world.pods('shop:2')).toBe(3);
    world.spec = { ...world.spec, replicas: 0 };
    world.now += 100;
    world.abort();
    world.now += 100;
    world.settle();
    expect(world.pods('shop:2')).toBe(0);
  });
  test('stay while a Service selects all versions and the stable one has not all of its own', () => {
    const scale = (replicas: number) => ({ setCanaryScale: { replicas } });
    const world = deployed({ steps: [scale(3), { pause: {} }, scale(1), { pause: {} }] }).setImage('shop:2');
    world.status = { ...world.status, currentStepIndex: 2, pauseConditions: undefined };
    world.services.set('shop-stable', service('shop-stable', undefined, false));
    const isDrained = () => world.decide().actions.some((action) => action.kind === 'UpdateReplicaSet');
    expect(isDrained()).toBe(true);
    for (const [name, set] of world.sets)
      if (set.status?.replicas === 5) world.sets.set(name, { ...set, status: { ...set.status, availableReplicas: 2 } });
    expect(isDrained()).toBe(false);
  });
  test('stay while a router has been told where traffic goes and routes something else', () => {
    const world = deployed({ steps: [{ setWeight: 60 }, { pause: {} }, { setWeight: 20 }, { pause: {} }] });
    world.setImage('shop:2').promote();
    const { router } = world;
    askFor(world, 'shop:2', 3);
    const isDrained = () => world.decide().actions.some((action) => action.kind === 'UpdateReplicaSet');
    expect(isDrained()).toBe(true);
    if (router.kind === 'observed') world.router = { ...router, inSync: false };
    expect(isDrained()).toBe(false);
  });
});

test('Pods of a stable version that shrinks as its traffic goes stay while a Service selects all versions and the new one has not all of its own', () => {
  const world = deployed({ dynamicStableScale: true, steps: [{ setWeight: 60 }, { pause: {} }] }).setImage('shop:2');
  expect([world.pods('shop:1'), world.pods('shop:2')]).toEqual([2, 3]);
  world.services.set('shop-canary', service('shop-canary', undefined, false));
  const stableSet = [...world.sets].find(([, set]) => set.spec.replicas === 2)!;
  world.sets.set(stableSet[0], { ...stableSet[1], spec: { ...stableSet[1].spec, replicas: 4 } });
  const isDrained = () => world.decide().actions.some((action) => action.kind === 'UpdateReplicaSet');
  expect(isDrained()).toBe(false);
  world.services.delete('shop-canary');
  world.services.set('shop-canary', service('shop-canary', world.status.currentPodHash));
  expect(isDrained()).toBe(true);
});
