import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectsOf, routeKind, routeOf, routers, servicesOf } from '../src/apps.ts';
import type { App, RouterKind } from '../src/apps.ts';
import { World } from '../src/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.open(routers);
});
afterAll(() => world.close());

/** A Rollout in mid-update, with half of the traffic on its canary. */
async function halfway(router: RouterKind, why: string): Promise<App> {
  const app: App = { router, name: `${router}-${why}`, namespace: world.namespace };
  await world.create(...objectsOf(app));
  await world.healthy(app.name);
  await world.setImage(app.name, 'shop:2');
  await world.paused(app.name, 1);
  return app;
}

/** The route is as a person had written it, and nothing of ours is beside it. */
async function isGivenBack(app: App): Promise<boolean> {
  const route = await world.find(routeKind[app.router], app.name);
  expect(route?.['spec']).toEqual(routeOf(app)['spec']);
  expect(route?.metadata.labels ?? {}).toEqual({});
  if (app.router === 'nginx') expect(await world.find('Ingress', `${app.name}-${app.name}-canary`)).toBeUndefined();
  return true;
}

describe.each(routers)('%s gives back what was taken', (router) => {
  it('when it leaves the spec', async () => {
    const app = await halfway(router, 'left');
    await world.patch('Rollout', app.name, { spec: { strategy: { canary: { trafficRouting: null } } } });
    await world.until('the route to be given back', () => isGivenBack(app));
  });

  it('when the strategy becomes blue-green', async () => {
    const app = await halfway(router, 'blue-green');
    const [active, preview] = servicesOf(app).map(({ metadata }) => metadata.name);
    const blueGreen = { activeService: active, previewService: preview };
    await world.patch('Rollout', app.name, { spec: { strategy: { canary: null, blueGreen } } });
    await world.until('the route to be given back', () => isGivenBack(app));
  });

  it('when it leaves the spec while the controller is away, and also the router for a while', async () => {
    const app = await halfway(router, 'forgotten');
    await world.killController();
    await world.patch('Rollout', app.name, { spec: { strategy: { canary: { trafficRouting: null } } } });
    await world.killRouter(router);
    await world.startController();
    await world.promote(app.name);
    const isAwaited = async () =>
      JSON.stringify(await world.explain(app.name)).includes('has not given back the routes of this Rollout');
    await world.until('the router to be waited for', isAwaited);
    await world.startRouter(router);
    await world.until('the route to be given back', () => isGivenBack(app));
    await world.status(app.name, 'without weights', ({ canary }) => canary?.weights === undefined);
  });

  it('when the Rollout is deleted', async () => {
    const app = await halfway(router, 'deleted');
    await world.remove('Rollout', app.name);
    await world.until('the route to be given back', () => isGivenBack(app));
  });

  it('when the Rollout is deleted while the router is away', async () => {
    const app = await halfway(router, 'late');
    await world.killRouter(router);
    await world.remove('Rollout', app.name);
    await world.until('the Rollout to go', async () => (await world.find('Rollout', app.name)) === undefined);
    await world.startRouter(router);
    await world.until('the route to be given back', () => isGivenBack(app));
  });
});
