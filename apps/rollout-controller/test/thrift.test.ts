import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, liveRollout } from './live-world.ts';

const timeout = 120_000;
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
}, timeout);
afterAll(() => world.close(), timeout);

describe('writes', { timeout }, () => {
  it('are at most 12 for an update of 2 pods with the steps 25 %, 1 s, 50 %, 1 s', async () => {
    const controller = await world.startController();
    const steps = [{ setWeight: 25 }, { pause: { duration: '1s' } }, { setWeight: 50 }, { pause: { duration: '1s' } }];
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
