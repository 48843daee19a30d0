// Every rule of the contract, over real gRPC: on the local cluster, or by `npm run test:kubernetes` on a real control plane.
import path from 'node:path';
// eslint-disable-next-line @nx/enforce-module-boundaries -- the suite is a tool for plugins, which know nothing of it while they run
import { testConformance } from '@sluice/conformance/vitest';
import { resources } from '@sluice/kube';
import type { RawObject } from '@sluice/kube';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tests need a cluster
import { startLocalCluster } from '@sluice/local-cluster';
import { createRouterWorld, kubernetesCluster, serveRouter } from '@sluice/routed-objects/testing';
import type { MadeRollout, Names, Place, RouteFixture } from '@sluice/routed-objects/testing';
import { createGatewayRouter, introduction } from '../src/index.ts';
import { routeKinds } from '../src/kinds.ts';
import type { Rule } from '../src/rules.ts';
import { label, route, rule, to } from './build.ts';

const namespace = 'conformance';
const definitions = path.resolve(import.meta.dirname, '../../../../tools/control-plane/routers.crds.yaml');

interface Config {
  readonly httpRoutes: readonly { readonly name: string }[];
}
const placesOf = ({ configJson }: MadeRollout): readonly Place[] =>
  (JSON.parse(configJson) as Config).httpRoutes.map(({ name }) => ({ ref: routeKinds.http, key: { namespace, name } }));
const rulesOf = (object: RawObject | undefined): readonly Rule[] => object?.['spec'].rules ?? [];
const withRules = (object: RawObject, rules: readonly Rule[]): RawObject => ({
  ...object,
  spec: { ...object['spec'], rules },
});
const goesTo = ({ backendRefs = [] }: Rule, service: string): boolean =>
  backendRefs.some(({ name }) => name === service);
const split = ({ stable, canary }: Names, at: string): Rule => ({
  ...rule(at, to(stable, 100), to('beside', 3), to(canary, 0)),
  name: `main-${stable}`,
});

const serviceOf = (name: string): RawObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { ports: [{ name: 'http', port: 80 }] },
});

const fixture: RouteFixture = {
  namespace,
  kinds: [routeKinds.http, resources.services],
  make(names, routes) {
    const list = Array.from({ length: routes }, (_, index) => `${names.rollout}-web-${index}`);
    const metadata = { namespace, labels: { team: 'web' }, annotations: { 'example.com/x': 'y' } };
    const rules = [
      { ...rule('/other', to('elsewhere', 1)), unknown: { a: [1] } },
      { ...split(names, '/'), timeouts: { request: '5s' } },
      { ...rule('/preview', to('elsewhere', 1)), name: 'preview' },
    ];
    const extras = ['6765f5f78d-2-1-one', 'own-name'].map((name) => serviceOf(`${names.rollout}-${name}`));
    return {
      objects: [...list.map((name) => route(rules, { ...metadata, name })), ...extras],
      config: { httpRoutes: list.map((name) => ({ name, useHeaderRoutes: true })) },
    };
  },
  share: (names, object) => withRules(object, [split(names, '/shared'), ...rulesOf(object)]),
  sharedConfig: (_, config) => config,
  places: placesOf,
  named: placesOf,
  weightsIn(object, { stable }) {
    const main = rulesOf(object).find((one) => goesTo(one, stable.service));
    const refs = (main?.backendRefs ?? []).filter(({ name }) => name !== 'beside');
    return Object.fromEntries(refs.map(({ name = '', weight = 1 }) => [name, weight]));
  },
  managedIn(object, { canary }) {
    const made = rulesOf(object).filter((one) => one.name?.startsWith('conformance-') && goesTo(one, canary.service));
    return { headerRoutes: made.map(({ name = '' }) => name.replace(/-\d+$/, '')), mirrorRoutes: [] };
  },
  tampered(object, { stable, canary }, weight) {
    const changed = rulesOf(object).map((one) => {
      if (!goesTo(one, stable.service)) return one;
      const share = (name = ''): number | undefined =>
        ({ [canary.service]: weight, [stable.service]: 100 - weight })[name];
      return {
        ...one,
        backendRefs: (one.backendRefs ?? []).map((ref) => ({ ...ref, weight: share(ref.name) ?? ref.weight ?? 1 })),
      };
    });
    return withRules(object, changed);
  },
  withForeignChange: (object) =>
    withRules(
      object,
      rulesOf(object).map((one) => (one.name === 'preview' ? { ...one, filters: [{ type: 'RequestMirror' }] } : one)),
    ),
  foreignIn(object) {
    if (object.kind === 'Service') return undefined;
    const rules = rulesOf(object)
      .filter(({ name }) => !name?.startsWith('conformance-'))
      .map((one) => ({
        ...one,
        backendRefs: (one.backendRefs ?? []).filter(({ name = '' }) => !/^rollout-\d+-/.test(name)),
      }));
    const without = (all: object = {}, key: string): object =>
      Object.fromEntries(Object.entries(all).filter(([name]) => name !== key));
    const { labels, annotations } = object.metadata;
    return {
      labels: without(labels, label.key),
      annotations: without(annotations, 'sluice.dev/extra-destinations'),
      ...withRules(object, rules)['spec'],
    };
  },
};

testConformance({
  type: 'router',
  // RequestMirror filters are nothing that steps can make here, as with the plugin that people know.
  without: ['mirror-routes'],
  async start() {
    const cluster = kubernetesCluster() ?? (await startLocalCluster({ workloads: false }));
    const served = await serveRouter({
      cluster,
      introduction,
      namespace,
      definitions,
      create: (client) => createGatewayRouter({ client }),
    });
    return {
      target: { address: served.address, stop: () => served.end(), restart: () => served.restart() },
      routerWorld: createRouterWorld({ fixture, admin: served.admin, watched: served.watched }),
      async stop() {
        await served.stop();
        await cluster.stop();
      },
    };
  },
});
