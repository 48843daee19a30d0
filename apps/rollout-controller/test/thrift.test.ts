import { createPluginHost } from '@sluice/plugin-host';
import { servePlugin } from '@sluice/plugin-sdk';
import type { ServedPlugin } from '@sluice/plugin-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, liveRollout, liveServices } from './live-world.ts';

const timeout = 240_000;
const steps = [{ setWeight: 25 }, { pause: { duration: '1s' } }, { setWeight: 50 }, { pause: { duration: '1s' } }];
let world: LiveWorld;
let router: ServedPlugin;
/** Canary shares that the router was told, one after the other, and how often it was told anything. */
const told = { shares: [] as number[], times: 0 };

const share = ({ weight }: { readonly weight: number }) => {
  told.times += 1;
  if (told.shares.at(-1) !== weight) told.shares.push(weight);
  return Promise.resolve({ inSync: true, canaryWeight: weight });
};

beforeAll(async () => {
  world = await LiveWorld.open();
  router = await servePlugin({
    name: 'nginx',
    version: '1.0.0',
    router: {
      apply: share,
      observe: ({ weight }) =>
        Promise.resolve({ inSync: told.shares.at(-1) === weight, canaryWeight: told.shares.at(-1) ?? 0 }),
      release: () => Promise.resolve(),
    },
  });
}, timeout);
afterAll(async () => {
  await world.close();
  await router.stop(200);
}, timeout);

describe('writes', { timeout }, () => {
  it('are at most 12 for an update of 2 pods with the steps 25 %, 1 s, 50 %, 1 s', async () => {
    const controller = await world.startController();
    await world.apply(liveRollout('fleet', { canary: { steps } }));
    await world.healthy('fleet');
    await world.settled(1_500);
    world.cluster.audit.clear();
    await world.setImage('fleet', 'shop:2');
    await world.healthy('fleet');
    await world.settled(1_500);
    const writes = world.writes().map(({ verb, resource, subresource }) => `${verb} ${resource}/${subresource}`);
    expect(writes.length, writes.join('\n')).toBeLessThanOrEqual(12);
    await controller.stop();
  });

  it('are at most 16 for the same behind a router that is told 4 shares, the end of the old pods included', async () => {
    const plugins = createPluginHost({ configured: [{ type: 'router', name: 'nginx', address: router.address }] });
    const controller = await world.startController({ plugins });
    const canary = {
      steps,
      stableService: 'routed-stable',
      canaryService: 'routed-canary',
      trafficRouting: { nginx: { stableIngress: 'routed' } },
      scaleDownDelaySeconds: 1,
    };
    await world.apply(...liveServices('routed', 'stable', 'canary'), liveRollout('routed', { canary }));
    await world.healthy('routed');
    await world.settled(1_500);
    world.cluster.audit.clear();
    told.times = 0;
    await world.setImage('routed', 'shop:2');
    await world.healthy('routed');
    await world.until('the old pods to go', async () => (await world.sizes('routed')) === 'shop:2×2');
    await world.settled(1_500);
    const writes = world.writes().map(({ verb, resource, subresource }) => `${verb} ${resource}/${subresource}`);
    expect(writes.length, writes.join('\n')).toBeLessThanOrEqual(16);
    expect(told.shares).toEqual([0, 25, 50, 100, 0]);
    expect(told.times).toBeLessThanOrEqual(6);
    await controller.stop();
  });

  it('are none for 200 Rollouts that nobody changes, however often they are looked at', async () => {
    const builder = await world.startController({ workers: 50 });
    const names = Array.from({ length: 200 }, (_, index) => `still-${index}`);
    const strategies = [{ canary: {} }, { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } }];
    for (const [index, name] of names.entries())
      await world.apply(liveRollout(name, strategies[index % 2] ?? {}, { replicas: 1 }));
    for (const name of names) await world.healthy(name);
    await world.settled(2_000);
    await builder.stop();
    world.cluster.audit.clear();
    const looks = new Map<string, number>();
    const onReconciled = (key: string): void => void looks.set(key, (looks.get(key) ?? 0) + 1);
    await world.startController({ resyncMs: 500, hooks: { rollouts: { onReconciled } } });
    await world.until('three looks at each', () => names.every((name) => (looks.get(`shop/${name}`) ?? 0) >= 3));
    expect(world.writes()).toEqual([]);
  });
});
