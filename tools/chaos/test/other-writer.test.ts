import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectsOf, routeKind, routeOf, routers } from '../src/apps.ts';
import type { RouterKind } from '../src/apps.ts';
import { World } from '../src/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.open(routers);
});
afterAll(() => world.close());

const writesOf = (router: RouterKind): number =>
  world.writes().filter(({ user, verb }) => user === `router-${router}` && verb !== 'delete').length;

describe.concurrent.each(routers)('another writer that puts the routes of %s back each time', (router) => {
  it('is written over a bounded number of times, and explained', async () => {
    const app = { router, name: `fought-${router}`, namespace: world.namespace };
    await world.create(...objectsOf({ ...app, steps: [{ setWeight: 20 }, { pause: {} }] }));
    await world.healthy(app.name);
    const [kind, name] =
      router === 'nginx' ? ['Ingress', `${app.name}-${app.name}-canary`] : [routeKind[router], app.name];
    const putBack =
      router === 'nginx'
        ? { metadata: { annotations: { 'nginx.ingress.kubernetes.io/canary-weight': '0' } } }
        : { spec: routeOf(app)['spec'] };
    const selfHealing = new AbortController();
    const healing = (async () => {
      let seen = '';
      while (!selfHealing.signal.aborted) {
        const live = await world.find(kind, name);
        if (live && live.metadata.resourceVersion !== seen)
          seen = (await world.patch(kind, name, putBack)).metadata.resourceVersion ?? '';
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();

    const before = writesOf(router);
    await world.setImage(app.name, 'shop:2');
    // Looked at every 30 s at first, soon again from then on: it takes a minute until the free rewrites are used up.
    await world.until('the first rewrite', () => writesOf(router) - before > 1);
    // While a rewrite stands, for the moment until it is put back again, the weight is as asked for: only the look that finds it put back can tell.
    let told = '';
    const isHeld = async (): Promise<boolean> => {
      const { explanation } = await world.explain(app.name);
      if (explanation.code !== 'WaitingForRouter' || writesOf(router) - before <= 5) return false;
      told = explanation.detail;
      return true;
    };
    await world.until('the rewrites to end', isHeld);
    console.log(`${router}: ${told}`);
    expect((await world.rollout(app.name)).status?.phase).not.toBe('Healthy');
    // As many rewrites as are free, and the slow ones that a busy machine has time for.
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const writes = writesOf(router) - before;
    console.log(`${router}: ${writes} writes`);
    expect(writes).toBeLessThan(15);

    selfHealing.abort();
    await healing;
  });
});
