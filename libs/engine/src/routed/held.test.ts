import type { CanaryStrategy } from '@sluice/model';
import { describe, expect, test } from 'vitest';
import type { RolloutSnapshot } from '../snapshot.ts';
import { RoutedWorld } from '../testing/routed-world.ts';

const steps: CanaryStrategy['steps'] = [{ setWeight: 50 }, { pause: {} }, { setWeight: 75 }, { pause: {} }];

const pausedAtHalf = (strategy: CanaryStrategy = {}): RoutedWorld => {
  const world = new RoutedWorld({ steps, ...strategy }, 4).settle();
  world.setImage('shop:2');
  expect([world.pods('shop:1'), world.pods('shop:2'), world.weight]).toEqual([4, 2, 50]);
  return world;
};

const afterDelay = (world: RoutedWorld): RoutedWorld => {
  world.now += 60;
  return world.settle();
};

const uninstalled: Partial<RolloutSnapshot> = {
  capabilities: { routers: [], analysis: false, experiments: false, stepPlugins: [] },
};
const ingressGone: Partial<RolloutSnapshot> = {
  routerProblems: [{ router: 'nginx', path: 'stableIngress', value: 'shop', message: 'ingresses "shop" not found' }],
};

type Break = [what: string, breaks: (world: RoutedWorld) => unknown];
const breaks: readonly Break[] = [
  ['whose canary Service is gone', (world) => world.services.delete('shop-canary')],
  ['whose router has found something wrong', (world) => (world.further = ingressGone)],
  ['with a deadline that is too short', (world) => (world.spec = { ...world.spec, progressDeadlineSeconds: 0 })],
  [
    'with a new template that the API server refuses',
    (world) => {
      const template = {
        metadata: { labels: { app: 'other' } },
        spec: { containers: [{ name: 'shop', image: 'shop:3' }] },
      };
      world.spec = { ...world.spec, template };
    },
  ],
];

describe('a routed canary', () => {
  test.each(breaks)('%s keeps its weight, and an abort takes the weight back and then the pods', (_what, breakIt) => {
    const world = pausedAtHalf();
    breakIt(world);
    world.log.length = 0;
    world.settle();
    expect(world.log).toEqual([]);
    expect(world.status.phase).toBe('Degraded');
    expect(world.status.message).toMatch(/^InvalidSpec: /);
    expect(world.weight).toBe(50);
    world.abort();
    expect(world.log).toContain('apply weight 0');
    expect(world.weight).toBe(0);
    afterDelay(world);
    expect([world.pods('shop:1'), world.pods('shop:2')]).toEqual([4, 0]);
    expect(world.status).toMatchObject({ phase: 'Degraded', abort: true });
    expect(world.status.conditions?.map(({ type }) => type)).toContain('InvalidSpec');
  });

  test.each(breaks.slice(0, 3))(
    '%s follows spec.replicas in its proportion, with routes as they are',
    (_what, breakIt) => {
      const world = pausedAtHalf();
      breakIt(world);
      world.settle();
      world.spec = { ...world.spec, replicas: 12 };
      world.settle();
      expect([world.pods('shop:1'), world.pods('shop:2'), world.weight]).toEqual([12, 6, 50]);
      world.spec = { ...world.spec, replicas: 2 };
      world.settle();
      expect([world.pods('shop:1'), world.pods('shop:2'), world.weight]).toEqual([2, 1, 50]);
    },
  );

  test.each(breaks.slice(0, 3))(
    '%s converges to the stable version when the template is set back',
    (_what, breakIt) => {
      const world = pausedAtHalf();
      breakIt(world);
      world.settle();
      afterDelay(world.setImage('shop:1'));
      expect([world.pods('shop:1'), world.pods('shop:2'), world.weight]).toEqual([4, 0, 0]);
    },
  );

  test('that is paused by hand follows spec.replicas, with routes as they are', () => {
    const world = pausedAtHalf({ dynamicStableScale: false });
    world.spec = { ...world.spec, paused: true };
    world.settle();
    world.spec = { ...world.spec, replicas: 8 };
    world.settle();
    expect([world.pods('shop:1'), world.pods('shop:2'), world.weight]).toEqual([8, 4, 50]);
  });

  test('with a dynamic stable set that is paused by hand keeps both parts', () => {
    const world = new RoutedWorld({ steps, dynamicStableScale: true }, 4).settle();
    world.setImage('shop:2');
    world.spec = { ...world.spec, paused: true };
    world.settle();
    world.spec = { ...world.spec, replicas: 8 };
    world.settle();
    expect([world.pods('shop:1'), world.pods('shop:2'), world.weight]).toEqual([4, 4, 50]);
  });

  test('whose stable Service is gone sends no traffic there, and returns when it is back', () => {
    const world = pausedAtHalf();
    const stable = world.services.get('shop-stable')!;
    world.services.delete('shop-stable');
    world.settle().abort();
    expect(world.log).not.toContain('apply weight 0');
    expect(world.status).toMatchObject({ abort: true, phase: 'Degraded' });
    expect(world.pods('shop:2')).toBe(2);
    world.services.set('shop-stable', stable);
    world.settle();
    expect(world.weight).toBe(0);
  });

  test('whose router is not installed records an abort, keeps the pods that may get traffic, and returns when it is', () => {
    const world = pausedAtHalf();
    world.further = uninstalled;
    world.settle().abort();
    afterDelay(world);
    expect(world.status).toMatchObject({ abort: true, phase: 'Degraded' });
    expect(world.status.message).toMatch(/^NotInstalled: Traffic router "nginx" is not installed/);
    expect([world.pods('shop:1'), world.pods('shop:2')]).toEqual([4, 2]);
    world.further = {};
    afterDelay(world);
    expect([world.pods('shop:2'), world.weight]).toEqual([0, 0]);
    expect(world.status.conditions?.map(({ type }) => type)).not.toContain('NotInstalled');
  });
});
