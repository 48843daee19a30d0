// What is written, when, and what is told about it: over gRPC, with the writes that the API server has seen.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TrafficIntent } from '@sluice/contracts';
import { resources } from '@sluice/kube';
import type { RawObject } from '@sluice/kube';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tests need a cluster
import { startLocalCluster } from '@sluice/local-cluster';
// eslint-disable-next-line @nx/enforce-module-boundaries -- as above
import type { LocalCluster } from '@sluice/local-cluster';
import { callRouter, serveRouter } from '@sluice/routed-objects/testing';
import type { RouterCalls, ServedRouter } from '@sluice/routed-objects/testing';
import { createNginxRouter, introduction } from '../src/index.ts';
import { ingress, path, rule } from './build.ts';

let cluster: LocalCluster;
let served: ServedRouter;
let router: RouterCalls;

beforeAll(async () => {
  cluster = await startLocalCluster({ workloads: false });
  served = await serveRouter({
    cluster,
    introduction,
    namespace: 'default',
    create: (client) => createNginxRouter({ client }),
  });
  router = callRouter(served.address);
});
afterAll(async () => {
  router.close();
  await served.stop();
  await cluster.stop();
});
beforeEach(async () => {
  cluster.faults.clear();
  for (const { metadata } of (await served.admin.list(resources.ingresses, { namespace: 'default' })).items)
    await served.admin.remove(resources.ingresses, metadata);
  cluster.audit.clear();
});

let uids = 0;
beforeEach(() => void uids++);
const one = { stableIngress: 'web' };
const intent = (weight: number, config: object = one): TrafficIntent => ({
  rollout: { namespace: 'default', name: 'shop', uid: `uid-${uids}` },
  configJson: JSON.stringify(config),
  stable: { service: 'shop-stable', podTemplateHash: 'h1' },
  canary: { service: 'shop-canary', podTemplateHash: 'h2' },
  weight,
  maxWeight: 100,
  extraDestinations: [],
  headerRoutes: [],
  mirrorRoutes: [],
  managedRoutes: [],
});
const make = (...objects: readonly RawObject[]): Promise<unknown> =>
  Promise.all(objects.map((object) => served.admin.create(resources.ingresses, object)));
const stable = (name = 'web'): RawObject => ingress(name, [rule(`${name}.example.com`, path('shop-stable'))]);
const names = async (): Promise<unknown[]> =>
  (await served.admin.list(resources.ingresses, { namespace: 'default' })).items.map(({ metadata }) => metadata.name);
const verbs = (): string[] =>
  cluster.audit
    .writes()
    .filter(({ user, code }) => user === 'router' && code < 300)
    .map(({ verb }) => verb);

describe('the life of a canary Ingress', () => {
  test('made once, patched for each weight, not at all when nothing differs', async () => {
    await make(stable());
    expect((await router.apply(intent(0))).events).toEqual([
      'CreatingCanaryIngress: Creating canary ingress `shop-web-canary` with weight `0`',
    ]);
    expect((await router.apply(intent(20))).events).toEqual([
      "PatchingCanaryIngress: Updating Ingress `shop-web-canary` to desiredWeight '20'",
    ]);
    expect((await router.apply(intent(20))).events).toEqual([]);
    expect(verbs()).toEqual(['create', 'patch']);
  });

  test('one that somebody else has made in between is taken over when it is ours, and refused when it is not', async () => {
    await make(stable());
    await router.apply(intent(0));
    const ours = await served.admin.get(resources.ingresses, { namespace: 'default', name: 'shop-web-canary' });
    await served.admin.remove(resources.ingresses, ours.metadata);
    const { resourceVersion: _, ...metadata } = ours.metadata;
    served.watched.faults.beforeWrite = () => make({ ...ours, metadata } as RawObject).then(() => undefined);
    expect((await router.apply(intent(20))).observation).toMatchObject({ inSync: true, canaryWeight: 20 });

    await served.admin.remove(resources.ingresses, { namespace: 'default', name: 'shop-web-canary' });
    served.watched.faults.beforeWrite = () =>
      make(ingress('shop-web-canary', [rule('x', path('theirs'))])).then(() => undefined);
    await expect(router.apply(intent(20))).rejects.toMatchObject({
      code: 'Conflict',
      message: expect.stringContaining('controlled by different object'),
    });
  });

  test('that of an Ingress that the manifest names no longer goes, also when the router was restarted meanwhile', async () => {
    await make(stable('a'), stable('b'), stable('c'));
    await router.apply(intent(20, { stableIngresses: ['a', 'b', 'c'] }));
    await router.apply(intent(20, { stableIngresses: ['a', 'b'] }));
    expect(await names()).toEqual(['a', 'b', 'c', 'shop-a-canary', 'shop-b-canary']);
    await served.restart();
    await router.apply(intent(20, { stableIngresses: ['b'] }));
    expect(await names()).toEqual(['a', 'b', 'c', 'shop-b-canary']);
  });

  test('given back, it is gone, and those of other rollouts are not', async () => {
    await make(stable());
    const theirs = { ...intent(20), rollout: { namespace: 'default', name: 'basket', uid: 'theirs' } };
    await router.apply(theirs);
    await router.apply(intent(20));
    const { rollout, stable: stableSide, canary, configJson } = intent(0);
    const release = { rollout, stable: stableSide, canary, configJson, managedRoutes: [] };
    expect(await router.release(release)).toEqual(['DeletingCanaryIngress: Deleting canary ingress `shop-web-canary`']);
    expect(await router.release(release)).toEqual([]);
    expect(await names()).toEqual(['basket-web-canary', 'web']);
  });
});

describe('what is missing or wrong', () => {
  test('a stable Ingress that is not there', async () => {
    await make(stable('a'));
    const config = { stableIngresses: ['a', 'nowhere'] };
    await expect(router.apply(intent(20, config))).rejects.toMatchObject({
      code: 'NotFound',
      message: 'error retrieving stableIngress `nowhere` from cache: ingress.networking.k8s.io "nowhere" not found',
    });
    expect(verbs()).toEqual([]);
    const { rollout, stable: stableSide, canary } = intent(0);
    expect(await router.validate({ rollout, stable: stableSide, canary, configJson: JSON.stringify(config) })).toEqual([
      { path: 'stableIngresses[1]', message: 'ingress.networking.k8s.io "nowhere" not found' },
    ]);
  });

  test('a rollout without Services of its own for both versions', async () => {
    await expect(router.apply({ ...intent(20), canary: { service: '', podTemplateHash: '' } })).rejects.toMatchObject({
      code: 'Invalid',
    });
  });

  test('what is missing is observed, and nothing is written', async () => {
    await make(stable());
    expect(await router.observe(intent(20))).toMatchObject({
      inSync: false,
      canaryWeight: 0,
      detail: expect.stringContaining('shop-web-canary (missing)'),
    });
    expect(verbs()).toEqual([]);
  });
});
