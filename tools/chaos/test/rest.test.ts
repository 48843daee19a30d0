import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectsOf, routers } from '../src/apps.ts';
import { World } from '../src/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.open(routers);
});
afterAll(() => world.close());

const fleet = Array.from({ length: 200 }, (_, i) => ({ router: routers[i % 3]!, name: `app-${i}` }));
const lookedForMs = 40_000;

describe('a fleet of 200 routed rollouts that nobody changes', () => {
  it('costs no API write and no Apply, also when their routes are looked at again', async () => {
    const { namespace } = world;
    for (const { router, name } of fleet)
      await world.create(...objectsOf({ router, name, namespace, replicas: 1, steps: [{ setWeight: 50 }] }));
    for (const { name } of fleet) await world.healthy(name);
    await untilQuiet();

    const calls = () => Promise.all(routers.map((router) => world.routerCalls(router)));
    const before = await calls();
    const writes = world.writes().length;
    await sleep(lookedForMs);
    const after = await calls();
    const gained = (method: string): number =>
      after.reduce((sum, counts, i) => sum + (counts[method] ?? 0) - (before[i]?.[method] ?? 0), 0);
    console.log(
      `in ${lookedForMs / 1000} s: ${world.writes().length - writes} writes, ${gained('Apply')} Apply, ${gained('Observe')} Observe`,
    );
    expect(world.writes().slice(writes)).toEqual([]);
    expect(gained('Apply')).toBe(0);
    expect(gained('Observe')).toBeGreaterThan(fleet.length / 2);
  });
});

/** Late counters of the burst before belong to the burst. */
async function untilQuiet(): Promise<void> {
  let seen = -1;
  await world.until('the fleet to be at rest', async () => {
    const count = world.writes().length;
    const isQuiet = count === seen;
    seen = count;
    await sleep(3_000);
    return isQuiet;
  });
}
