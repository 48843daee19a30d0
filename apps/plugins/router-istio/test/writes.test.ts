// What is written, when, and what is told about it: over gRPC, with the writes that the API server has seen.
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Verification } from '@sluice/contracts';
import type { TrafficIntent } from '@sluice/contracts';
import type { RawObject } from '@sluice/kube';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tests need a cluster
import { startLocalCluster } from '@sluice/local-cluster';
// eslint-disable-next-line @nx/enforce-module-boundaries -- as above
import type { LocalCluster } from '@sluice/local-cluster';
import { callRouter, serveRouter } from '@sluice/routed-objects/testing';
import type { RouterCalls, ServedRouter } from '@sluice/routed-objects/testing';
import { createIstioRouter, introduction } from '../src/index.ts';
import {
  bySubset,
  destinationRule,
  headerRoute,
  intent as fullIntent,
  mirrorRoute,
  oneRoute,
  to,
  virtualService,
} from './build.ts';
import type { IstioIntent } from '../src/wanted.ts';

const definitions = path.resolve(import.meta.dirname, '../../../../tools/control-plane/routers.crds.yaml');
const kind = (plural: string, name: string) => ({
  group: 'networking.istio.io',
  version: 'v1alpha3',
  plural,
  kind: name,
  namespaced: true,
});
const virtualServices = kind('virtualservices', 'VirtualService');
const destinationRules = kind('destinationrules', 'DestinationRule');

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
    create: (client) => createIstioRouter({ client }),
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
  for (const ref of [virtualServices, destinationRules])
    for (const { metadata } of (await served.admin.list(ref, { namespace: 'default' })).items)
      await served.admin.remove(ref, metadata);
  cluster.audit.clear();
});

let uids = 0;
/** Each test has a rollout of its own: what was written for one is remembered. */
const intent = (config: object, changes: Partial<IstioIntent> = {}): TrafficIntent => {
  const { config: _, ...plain } = fullIntent(config, changes);
  return { ...plain, rollout: { namespace: 'default', name: 'shop', uid: `uid-${uids}` } };
};
beforeEach(() => void uids++);

const twoRoutes = [
  { name: 'primary', route: [to('shop-stable', 100), to('shop-canary', 0)] },
  { name: 'other', match: [{ uri: { prefix: '/other' } }], route: [to('elsewhere', 100)] },
];
const make = (...objects: readonly RawObject[]): Promise<unknown> =>
  Promise.all(
    objects.map((object) =>
      served.admin.create(object.kind === 'VirtualService' ? virtualServices : destinationRules, object),
    ),
  );
/** Kinds that the router has written, in order. */
const written = (): string[] =>
  cluster.audit
    .writes()
    .filter(({ user, code }) => user === 'router' && code < 300)
    .map(({ resource }) => resource);
const now = (ref = virtualServices): Promise<RawObject> =>
  served.admin.get(ref, { namespace: 'default', name: 'shop' });

describe('what is told', () => {
  test('a new weight, a header route, a mirror and their end, each as an event', async () => {
    await make(virtualService({ http: twoRoutes }));
    const managedRoutes = ['h', 'm'];
    const step = async (changes: Partial<IstioIntent>): Promise<readonly string[]> =>
      (await router.apply(intent(oneRoute, { managedRoutes, ...changes }))).events;
    expect(await step({ weight: 20 })).toEqual([
      "Updated VirtualService: VirtualService `shop` set to desiredWeight '20'",
    ]);
    expect(await step({ weight: 20 })).toEqual([]);
    expect(await step({ weight: 20, headerRoutes: [headerRoute('h')], mirrorRoutes: [mirrorRoute('m')] })).toEqual([
      "Updated VirtualService: VirtualService `shop` set header route 'h'",
      "Updated VirtualService: VirtualService `shop` set mirror route 'm'",
    ]);
    expect(await step({ weight: 20, mirrorRoutes: [mirrorRoute('m')] })).toEqual([
      "Updated VirtualService: VirtualService `shop` removed managed route 'h'",
    ]);
    expect(await step({ weight: 0 })).toEqual([
      'Updated VirtualService: VirtualService `shop` removed all managed routes.',
      "Updated VirtualService: VirtualService `shop` set to desiredWeight '0'",
    ]);
  });

  test('new hashes as an event', async () => {
    await make(
      destinationRule([{ name: 'canary' }, { name: 'stable' }]),
      virtualService({ http: [{ name: 'primary', route: [to('shop', 100, 'stable'), to('shop', 0, 'canary')] }] }),
    );
    expect((await router.apply(intent(bySubset))).events).toEqual([
      'UpdatedDestinationRule: DestinationRule shop subset updated (canary: hash2, stable: hash1)',
    ]);
    expect((await router.apply(intent(bySubset, { weight: 20 }))).events).toEqual([
      "Updated VirtualService: VirtualService `shop` set to desiredWeight '20'",
    ]);
  });

  test('that Istio cannot tell whether it routes so', async () => {
    await make(virtualService({ http: twoRoutes }));
    const { observation } = await router.apply(intent(oneRoute, { weight: 20 }));
    expect(observation).toMatchObject({ inSync: true, canaryWeight: 20, verification: Verification.UNSUPPORTED });
  });

  test('what is missing, by code and message', async () => {
    await expect(router.apply(intent(oneRoute))).rejects.toMatchObject({
      code: 'NotFound',
      reason: 'VirtualServiceNotFound',
      message: expect.stringContaining('virtualservices.networking.istio.io "shop" not found'),
    });
    const { rollout, stable, canary } = intent(bySubset);
    expect(await router.validate({ rollout, stable, canary, configJson: JSON.stringify(bySubset) })).toEqual([
      { path: 'destinationRule.name', message: 'destinationrules.networking.istio.io "shop" not found' },
      { path: 'virtualService.name', message: 'virtualservices.networking.istio.io "shop" not found' },
    ]);
  });

  test('what does not fit, when it is validated', async () => {
    const made = { name: 'by-header', route: [to('shop-canary', 100)] };
    await make(virtualService({ http: [made, { route: [to('shop-stable', 100), to('shop-canary', 0)] }] }));
    const { rollout, stable, canary } = intent(oneRoute);
    const validate = (config: object) =>
      router.validate({ rollout, stable, canary, configJson: JSON.stringify(config) });
    expect(await validate({ virtualService: { name: 'shop' } })).toEqual([]);
    expect(await validate(oneRoute)).toEqual([
      { path: 'virtualService', message: "HTTP Route 'primary' is not found in the defined Virtual Service." },
    ]);
    expect(await validate({})).toEqual([
      { path: 'virtualService', message: 'exactly one of virtualService and virtualServices must be set' },
    ]);
  });
});

describe('the order of writes', () => {
  const split = (weight: number) =>
    virtualService({
      http: [{ name: 'primary', route: [to('shop', 100 - weight, 'stable'), to('shop', weight, 'canary')] }],
    });
  const subset = (name: string, hash: string) => ({ name, labels: { 'rollouts-pod-template-hash': hash } });
  const sides = (canary: string, stable: string) => ({
    canary: { service: '', podTemplateHash: canary },
    stable: { service: '', podTemplateHash: stable },
  });
  /** Whether at any moment a subset with traffic pointed at another version than before and after are allowed. */
  const moments: { weight: number; canary: string; stable: string }[] = [];

  beforeEach(() => {
    moments.length = 0;
    served.watched.onWrite = async () => {
      const [rule, service] = [await now(destinationRules), await now()];
      const hash = (name: string): string =>
        rule['spec'].subsets.find((one: { name: string }) => one.name === name).labels['rollouts-pod-template-hash'];
      moments.push({ weight: service['spec'].http[0].route[1].weight, canary: hash('canary'), stable: hash('stable') });
    };
    return () => void (served.watched.onWrite = undefined);
  });

  test('a new version: first its pods behind the subset, then its traffic', async () => {
    await make(destinationRule([subset('canary', 'h1'), subset('stable', 'h1')]), split(0));
    await router.apply(intent(bySubset, { weight: 20, ...sides('h2', 'h1') }));
    expect(written()).toEqual(['destinationrules', 'virtualservices']);
    expect(moments).toEqual([
      { weight: 0, canary: 'h2', stable: 'h1' },
      { weight: 20, canary: 'h2', stable: 'h1' },
    ]);
  });

  test('a version that supersedes another: first no traffic, then its pods', async () => {
    await make(destinationRule([subset('canary', 'h2'), subset('stable', 'h1')]), split(60));
    await router.apply(intent(bySubset, { weight: 0, ...sides('h3', 'h1') }));
    expect(moments.map(({ weight, canary }) => [weight, canary])).toEqual([
      [60, 'h2'],
      [0, 'h2'],
      [0, 'h3'],
    ]);
  });

  test('promotion: the stable subset gets the new pods while it has no traffic', async () => {
    await make(destinationRule([subset('canary', 'h2'), subset('stable', 'h1')]), split(100));
    await router.apply(intent(bySubset, { weight: 0, ...sides('h2', 'h2') }));
    expect(moments).toEqual([
      { weight: 100, canary: 'h2', stable: 'h2' },
      { weight: 0, canary: 'h2', stable: 'h2' },
    ]);
  });

  test('a write that fails ends the call: nothing of what would follow is tried', async () => {
    await make(destinationRule([subset('canary', 'h2'), subset('stable', 'h1')]), split(60));
    cluster.faults.add({ method: 'PATCH', path: /virtualservices/, answer: { code: 403 } });
    await expect(router.apply(intent(bySubset, { weight: 0, ...sides('h3', 'h1') }))).rejects.toMatchObject({
      message: expect.stringContaining('virtualservices/shop'),
    });
    expect((await now(destinationRules))['spec'].subsets[0]).toEqual(subset('canary', 'h2'));
  });
});

describe('others who write', () => {
  test('two named routes and a header route settle: one write, then none', async () => {
    await make(virtualService({ http: twoRoutes }));
    const asked = intent(oneRoute, {
      weight: 20,
      managedRoutes: ['a', 'b'],
      headerRoutes: [headerRoute('a'), headerRoute('b')],
    });
    for (let times = 0; times < 4; times++) await router.apply(asked);
    expect(written()).toHaveLength(1);
  });

  test('a conflict is overcome, conflicts without end are told', async () => {
    await make(virtualService({ http: twoRoutes }));
    cluster.faults.add({ method: 'PATCH', times: 2, answer: { code: 409 } });
    expect((await router.apply(intent(oneRoute, { weight: 20 }))).observation.inSync).toBe(true);
    cluster.faults.add({ method: 'PATCH', answer: { code: 409 } });
    await expect(router.apply(intent(oneRoute, { weight: 40 }))).rejects.toMatchObject({
      code: 'Conflict',
      message: expect.stringContaining('VirtualService default/shop'),
    });
  });

  test('somebody who undoes each write is given up on after some, and the answer says so', async () => {
    await make(virtualService({ http: twoRoutes }));
    const original = (await now())['spec'];
    const asked = intent(oneRoute, { weight: 20 });
    for (let times = 0; times < 6; times++) {
      expect((await router.apply(asked)).observation.inSync).toBe(true);
      await served.admin.replace(virtualServices, { ...(await now()), spec: original });
    }
    const { observation } = await router.apply(asked);
    expect(observation).toMatchObject({
      inSync: false,
      canaryWeight: 0,
      detail: expect.stringContaining('VirtualService default/shop'),
    });
    expect(written()).toHaveLength(6);
  });

  test('a DestinationRule of another Rollout stays, and nothing is written beside it', async () => {
    const owner = { 'argo-rollouts.argoproj.io/managed-by-rollouts': 'basket' };
    await make(
      destinationRule([{ name: 'canary' }, { name: 'stable' }], owner),
      virtualService({ http: [{ name: 'primary', route: [to('shop', 100, 'stable'), to('shop', 0, 'canary')] }] }),
    );
    await expect(router.apply(intent(bySubset, { weight: 20 }))).rejects.toMatchObject({
      code: 'Conflict',
      message: expect.stringContaining('"basket"'),
    });
    expect(written()).toEqual([]);
  });
});

test.each([
  ['with its configuration', JSON.stringify(bySubset)],
  ['without the configuration, which the manifest has lost while nobody looked', ''],
])('given back %s: the weights first, then the hashes', async (_, configJson) => {
  const before = [
    destinationRule([
      { name: 'canary', labels: { a: 'b' } },
      { name: 'stable', labels: { a: 'b' } },
    ]),
    virtualService({ http: [{ name: 'primary', route: [to('shop', 100, 'stable'), to('shop', 0, 'canary')] }] }),
  ] as const;
  await make(...before);
  await router.apply(intent(bySubset, { weight: 20 }));
  cluster.audit.clear();
  const { rollout, stable, canary } = intent(bySubset);
  const events = await router.release({
    rollout,
    stable,
    canary,
    configJson,
    managedRoutes: [],
  });
  expect(written()).toEqual(['virtualservices', 'destinationrules']);
  expect(events).toHaveLength(2);
  expect([(await now(destinationRules))['spec'], (await now())['spec']]).toEqual(
    before.map((object) => object['spec']),
  );
});

test('a VirtualService that the manifest names no longer is given back', async () => {
  const other = virtualService(
    { http: [{ name: 'primary', route: [to('shop-stable', 100), to('shop-canary', 0)] }] },
    'second',
  );
  await make(virtualService({ http: twoRoutes }), other);
  const both = {
    virtualServices: [
      { name: 'shop', routes: ['primary'] },
      { name: 'second', routes: ['primary'] },
    ],
  };
  await router.apply(intent(both, { weight: 20 }));
  await router.apply(intent(oneRoute, { weight: 20 }));
  const second = await served.admin.get(virtualServices, { namespace: 'default', name: 'second' });
  expect(second['spec']).toEqual(other['spec']);
  expect((await now())['spec'].http[0].route[1].weight).toBe(20);
});
