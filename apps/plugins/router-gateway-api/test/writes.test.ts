// What is written, when, and what is told about it: over gRPC, with the writes that the API server has seen.
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Verification } from '@sluice/contracts';
import type { TrafficIntent } from '@sluice/contracts';
import { resources } from '@sluice/kube';
import type { RawObject } from '@sluice/kube';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tests need a cluster
import { startLocalCluster } from '@sluice/local-cluster';
// eslint-disable-next-line @nx/enforce-module-boundaries -- as above
import type { LocalCluster } from '@sluice/local-cluster';
import { callRouter, serveRouter } from '@sluice/routed-objects/testing';
import type { RouterCalls, ServedRouter } from '@sluice/routed-objects/testing';
import { createGatewayRouter, introduction } from '../src/index.ts';
import { routeKinds } from '../src/kinds.ts';
import type { RouteKind } from '../src/kinds.ts';
import { byHeader, route, rule, to } from './build.ts';

const definitions = path.resolve(import.meta.dirname, '../../../../tools/control-plane/routers.crds.yaml');
const kinds = Object.keys(routeKinds) as RouteKind[];

let cluster: LocalCluster;
let served: ServedRouter;
let router: RouterCalls;

beforeAll(async () => {
  cluster = await startLocalCluster({ workloads: false });
  served = await serveRouter({
    cluster,
    introduction,
    namespace: 'default',
    definitions,
    create: (client) => createGatewayRouter({ client }),
  });
  router = callRouter(served.address);
});
afterAll(async () => {
  router.close();
  await served.stop();
  await cluster.stop();
});
beforeEach(async () => {
  for (const ref of Object.values(routeKinds))
    for (const { metadata } of (await served.admin.list(ref, { namespace: 'default' })).items)
      await served.admin.remove(ref, metadata);
  cluster.audit.clear();
});

let uids = 0;
beforeEach(() => void uids++);
const intent = (
  weight: number,
  config: object = { httpRoute: 'shop' },
  more: Partial<TrafficIntent> = {},
): TrafficIntent => ({
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
  ...more,
});
const split = () => [to('shop-stable', 100), to('shop-canary', 0)];
const make = async (kind: RouteKind, metadata: object = {}, rules = [rule('/', ...split())]): Promise<void> => {
  const { group, version, kind: name } = routeKinds[kind];
  await served.admin.create(routeKinds[kind], { ...route(rules, metadata, name), apiVersion: `${group}/${version}` });
};
const now = (kind: RouteKind, name = 'shop'): Promise<RawObject> =>
  served.admin.get(routeKinds[kind], { namespace: 'default', name });
const weights = async (kind: RouteKind, name?: string): Promise<number[]> =>
  (await now(kind, name))['spec'].rules[0].backendRefs.map((ref: { weight: number }) => ref.weight);
const written = (): string[] =>
  cluster.audit
    .writes()
    .filter(({ user, code }) => user === 'router' && code < 300)
    .map(({ resource, name }) => `${resource}/${name}`);

describe('routes', () => {
  test('of all kinds at once, each written once and no more when nothing differs', async () => {
    for (const kind of kinds) await make(kind);
    const config = { httpRoute: 'shop', grpcRoute: 'shop', tcpRoute: 'shop', tlsRoute: 'shop' };
    for (let times = 0; times < 2; times++)
      expect((await router.apply(intent(20, config))).observation).toMatchObject({
        inSync: true,
        canaryWeight: 20,
        verification: Verification.VERIFIED,
      });
    for (const kind of kinds) expect(await weights(kind)).toEqual([80, 20]);
    expect(written()).toHaveLength(4);
  });

  test('that a selector finds, also those that come later; others stay', async () => {
    await make('http', { name: 'a', labels: { app: 'shop' } });
    await make('http', { name: 'c', labels: { app: 'other' } });
    const config = { httpRouteSelector: { matchLabels: { app: 'shop' } } };
    await router.apply(intent(20, config));
    await make('http', { name: 'b', labels: { app: 'shop' } });
    expect((await router.observe(intent(20, config))).inSync).toBe(false);
    await router.apply(intent(20, config));
    expect([await weights('http', 'a'), await weights('http', 'b'), await weights('http', 'c')]).toEqual([
      [80, 20],
      [80, 20],
      [100, 0],
    ]);
  });

  test('take header rules only where useHeaderRoutes says so; where none does, the answer says it', async () => {
    await make('http');
    const headers = { headerRoutes: [byHeader('h')], managedRoutes: ['h'] };
    const { observation } = await router.apply(intent(20, { httpRoutes: [{ name: 'shop' }] }, headers));
    expect(observation).toMatchObject({ inSync: true, detail: expect.stringContaining('header route h is nowhere') });
    expect((await router.apply(intent(20, { httpRoute: 'shop' }, headers))).observation.detail).toBe('');
    expect((await now('http'))['spec'].rules).toHaveLength(2);
  });

  test('get destinations of experiments at the port that their Service has', async () => {
    await make('http');
    const service = (name: string, ...ports: object[]): Promise<unknown> =>
      served.admin.create(resources.services, {
        metadata: { name, namespace: 'default' },
        spec: { ports },
      } as RawObject);
    await service('shop-a-1-2-x', { name: 'metrics', port: 9090 }, { name: 'http', port: 8081 });
    const experiment = (name: string) => ({
      extraDestinations: [{ service: name, podTemplateHash: 'h3', weight: 10 }],
    });
    await router.apply(intent(20, undefined, experiment('shop-a-1-2-x')));
    expect((await now('http'))['spec'].rules[0].backendRefs[2]).toMatchObject({
      name: 'shop-a-1-2-x',
      port: 8081,
      weight: 10,
    });
    await expect(router.apply(intent(20, undefined, experiment('shop-a-1-2-y')))).rejects.toMatchObject({
      code: 'NotFound',
    });
  });
});

describe('what a gateway says', () => {
  const told = (generation: number) => ({
    status: {
      parents: [
        {
          parentRef: { name: 'gateway' },
          controllerName: 'x/y',
          conditions: [{ type: 'Accepted', status: 'True', observedGeneration: generation }],
        },
      ],
    },
  });
  const tell = async (generation: number): Promise<void> => {
    await served.admin.patch(routeKinds.http, { namespace: 'default', name: 'shop' }, 'merge', told(generation), {
      subresource: 'status',
    });
  };

  test('counts: a change is pending until it has taken it in', async () => {
    await make('http');
    await tell((await now('http')).metadata.generation ?? 0);
    const { observation } = await router.apply(intent(20));
    expect(observation).toMatchObject({
      inSync: true,
      canaryWeight: 20,
      verification: Verification.PENDING,
      detail: expect.stringContaining('gateway'),
    });
    await tell((await now('http')).metadata.generation ?? 0);
    expect(await router.observe(intent(20))).toMatchObject({ inSync: true, verification: Verification.VERIFIED });
  });
});

describe('what is missing or wrong', () => {
  const validate = async (config: object) => {
    const { rollout, stable, canary } = intent(0);
    return router.validate({ rollout, stable, canary, configJson: JSON.stringify(config) });
  };

  test('a route that is not there', async () => {
    await expect(router.apply(intent(20))).rejects.toMatchObject({
      code: 'NotFound',
      message: 'httproutes.gateway.networking.k8s.io "shop" not found',
    });
    expect(await validate({ httpRoutes: [{ name: 'shop' }] })).toEqual([
      { path: 'httpRoutes[0].name', message: 'httproutes.gateway.networking.k8s.io "shop" not found' },
    ]);
    expect(await validate({ tlsRouteSelector: { matchLabels: { a: 'b' } } })).toEqual([
      { path: 'tlsRouteSelector', message: 'no route matches a=b' },
    ]);
  });

  test('a route that does not go to both versions leaves the others as they are', async () => {
    await make('http', { name: 'a' });
    await make('http', { name: 'b' }, [rule('/', to('shop-stable', 1))]);
    const config = { httpRoutes: [{ name: 'a' }, { name: 'b' }] };
    await expect(router.apply(intent(20, config))).rejects.toMatchObject({
      code: 'NotFound',
      message: expect.stringContaining("canary Service 'shop-canary'"),
    });
    expect(written()).toEqual([]);
    expect(await validate(config)).toEqual([
      { path: 'httpRoutes[1].name', message: expect.stringContaining("canary Service 'shop-canary'") },
    ]);
  });
});

test('given back: all to the stable version, no label, no header rule', async () => {
  await make('http');
  const before = await now('http');
  await router.apply(intent(20, undefined, { headerRoutes: [byHeader('h')], managedRoutes: ['h'] }));
  const { rollout, stable, canary, configJson } = intent(0);
  await router.release({ rollout, stable, canary, configJson, managedRoutes: ['h'] });
  const after = await now('http');
  expect([after['spec'], after.metadata.labels]).toEqual([before['spec'], before.metadata.labels]);
});

test('a route that the selector finds no longer is given back', async () => {
  await make('http', { name: 'a', labels: { app: 'shop' } });
  await make('http', { name: 'b', labels: { app: 'shop' } });
  const config = { httpRouteSelector: { matchLabels: { app: 'shop' } } };
  await router.apply(intent(20, config));
  await served.admin.patch(routeKinds.http, { namespace: 'default', name: 'b' }, 'merge', {
    metadata: { labels: { app: null } },
  });
  await router.apply(intent(20, config));
  expect([await weights('http', 'a'), await weights('http', 'b')]).toEqual([
    [80, 20],
    [100, 0],
  ]);
  expect((await now('http', 'b')).metadata.labels ?? {}).toEqual({});
});
