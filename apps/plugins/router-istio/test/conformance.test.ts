// Every rule of the contract, over real gRPC: on the local cluster, or by `npm run test:kubernetes` on a real control plane.
import path from 'node:path';
// eslint-disable-next-line @nx/enforce-module-boundaries -- the suite is a tool for plugins, which know nothing of it while they run
import { testConformance } from '@sluice/conformance/vitest';
import type { RawObject, ResourceRef } from '@sluice/kube';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tests need a cluster
import { startLocalCluster } from '@sluice/local-cluster';
import { createRouterWorld, kubernetesCluster, serveRouter } from '@sluice/routed-objects/testing';
import type { MadeRollout, Place, RouteFixture } from '@sluice/routed-objects/testing';
import { createIstioRouter, introduction } from '../src/index.ts';
import type { Route } from '../src/virtual-service.ts';
import { to } from './build.ts';

const namespace = 'conformance';
const virtualServices: ResourceRef = {
  group: 'networking.istio.io',
  version: 'v1alpha3',
  plural: 'virtualservices',
  kind: 'VirtualService',
  namespaced: true,
};
const definitions = path.resolve(import.meta.dirname, '../../../../tools/control-plane/routers.crds.yaml');

interface Config {
  readonly virtualServices: readonly { readonly name: string; readonly routes: readonly string[] }[];
}
const configOf = ({ configJson }: MadeRollout): Config => JSON.parse(configJson) as Config;
const placesOf = (made: MadeRollout): readonly Place[] =>
  configOf(made).virtualServices.map(({ name }) => ({ ref: virtualServices, key: { namespace, name } }));
const httpOf = (object: RawObject | undefined): readonly Route[] => object?.['spec'].http ?? [];
const withHttp = (object: RawObject, http: readonly Route[]): RawObject => ({
  ...object,
  spec: { ...object['spec'], http },
});
const hosts = (route: Route): string[] => (route.route ?? []).map(({ destination }) => destination?.host ?? '');
const ours = /^rollout-\d+-/;

const foreign = [
  {
    name: 'elsewhere',
    match: [{ uri: { prefix: '/x' } }],
    route: [to('elsewhere', 90), to('elsewhere-2', 10)],
    timeout: '5s',
    unknown: { a: [1] },
  },
  { match: [{ uri: { prefix: '/y' } }], route: [to('unnamed', 100)] },
  { match: [{ uri: { prefix: '/y' } }], route: [to('unnamed', 100)] },
];

const fixture: RouteFixture = {
  namespace,
  kinds: [virtualServices],
  make({ rollout, stable, canary }, routes) {
    const names = Array.from({ length: routes }, (_, index) => `${rollout}-web-${index}`);
    const main = {
      name: `${rollout}-main`,
      retries: { attempts: 3 },
      route: [to(stable, 100), to(canary, 0), to('unused', 0)],
    };
    const [first, ...others] = foreign;
    return {
      objects: names.map((name) => ({
        apiVersion: 'networking.istio.io/v1alpha3',
        kind: 'VirtualService',
        metadata: { name, namespace, labels: { team: 'web' }, annotations: { 'example.com/x': 'y' } },
        spec: {
          hosts: [name],
          gateways: ['g'],
          http: [first, main, ...others],
          tls: [{ match: [{ sniHosts: ['t'] }], route: [to('tls', 100)] }],
        },
      })),
      config: { virtualServices: names.map((name) => ({ name, routes: [main.name] })) },
    };
  },
  share: ({ rollout, stable, canary }, object) =>
    withHttp(object, [{ name: `${rollout}-main`, route: [to(canary, 0), to(stable, 100)] }, ...httpOf(object)]),
  sharedConfig: ({ rollout }, config) => ({
    virtualServices: (config as Config).virtualServices.map(({ name }) => ({ name, routes: [`${rollout}-main`] })),
  }),
  places: placesOf,
  named: placesOf,
  weightsIn(object, { rollout }) {
    const main = httpOf(object).find(({ name }) => name === `${rollout.name}-main`);
    return Object.fromEntries(
      (main?.route ?? []).map(({ destination, weight = 0 }) => [destination?.host ?? '', weight]),
    );
  },
  managedIn(object, { canary }) {
    const made = httpOf(object).filter(({ name }) => name?.startsWith('conformance-'));
    const namesOf = (routes: readonly Route[]): string[] => routes.map(({ name = '' }) => name);
    return {
      headerRoutes: namesOf(
        made.filter((route) => route.mirror === undefined && hosts(route).includes(canary.service)),
      ),
      mirrorRoutes: namesOf(made.filter(({ mirror }) => mirror?.host === canary.service)),
    };
  },
  tampered(object, { rollout, canary }, weight) {
    return withHttp(
      object,
      httpOf(object).map((route) => {
        if (route.name !== `${rollout.name}-main`) return route;
        const split = (route.route ?? []).map((d) =>
          d.destination?.host === 'unused'
            ? d
            : { ...d, weight: d.destination?.host === canary.service ? weight : 100 - weight },
        );
        return { ...route, route: split };
      }),
    );
  },
  withForeignChange: (object) =>
    withHttp(
      object,
      httpOf(object).map((route) => (route.name === 'elsewhere' ? { ...route, timeout: '9s' } : route)),
    ),
  foreignIn(object) {
    const http = httpOf(object)
      .filter(({ name }) => !name?.startsWith('conformance-'))
      .map((route) => ({
        ...route,
        route: (route.route ?? []).filter(({ destination }) => !ours.test(destination?.host ?? '')),
      }));
    const { labels, annotations } = object.metadata;
    return { labels, annotations, ...withHttp(object, http)['spec'] };
  },
};

testConformance({
  type: 'router',
  async start() {
    const cluster = kubernetesCluster() ?? (await startLocalCluster({ workloads: false }));
    const served = await serveRouter({
      cluster,
      introduction,
      namespace,
      definitions,
      create: (client) => createIstioRouter({ client }),
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
