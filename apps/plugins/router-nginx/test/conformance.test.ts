// Every rule of the contract, over real gRPC: on the local cluster, or by `npm run test:kubernetes` on a real control plane.
// eslint-disable-next-line @nx/enforce-module-boundaries -- the suite is a tool for plugins, which know nothing of it while they run
import { testConformance } from '@sluice/conformance/vitest';
import { resources } from '@sluice/kube';
import type { RawObject } from '@sluice/kube';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tests need a cluster
import { startLocalCluster } from '@sluice/local-cluster';
import { createRouterWorld, kubernetesCluster, serveRouter } from '@sluice/routed-objects/testing';
import type { MadeRollout, Place, RouteFixture } from '@sluice/routed-objects/testing';
import { createNginxRouter, introduction } from '../src/index.ts';
import { ingress, path, rule } from './build.ts';

const namespace = 'conformance';
const prefix = 'nginx.ingress.kubernetes.io';
const place = (name: string): Place => ({ ref: resources.ingresses, key: { namespace, name } });
const namesOf = ({ configJson }: MadeRollout): readonly string[] =>
  (JSON.parse(configJson) as { stableIngresses: string[] }).stableIngresses;
const isCanary = (object: RawObject): boolean => object.metadata.annotations?.[`${prefix}/canary`] === 'true';
const weightOf = (object: RawObject): number => Number(object.metadata.annotations?.[`${prefix}/canary-weight`]);

const fixture: RouteFixture = {
  namespace,
  kinds: [resources.ingresses],
  make({ rollout, stable }, routes) {
    const stableIngresses = Array.from({ length: routes }, (_, index) => `${rollout}-web-${index}`);
    const metadata = { namespace, labels: { team: 'web' }, annotations: { 'example.com/x': 'y' } };
    const rules = [
      rule('a.example.com', path('elsewhere', '/other'), path(stable)),
      rule('b.example.com', path('elsewhere')),
    ];
    return { objects: stableIngresses.map((name) => ingress(name, rules, { metadata })), config: { stableIngresses } };
  },
  share: ({ stable }, object) => ({
    ...object,
    spec: { ...object['spec'], rules: [...object['spec'].rules, rule('shared.example.com', path(stable))] },
  }),
  sharedConfig: (_, config) => config,
  places: (made) => namesOf(made).map((name) => place(`${made.rollout.name}-${name}-canary`)),
  named: (made) => namesOf(made).map(place),
  weightsIn(object, { stable, canary }) {
    const weight = object !== undefined && isCanary(object) ? weightOf(object) : 0;
    return { [stable.service]: 100 - weight, [canary.service]: weight };
  },
  managedIn: () => ({ headerRoutes: [], mirrorRoutes: [] }),
  tampered: (object, _, weight) => ({
    ...object,
    metadata: {
      ...object.metadata,
      annotations: { ...object.metadata.annotations, [`${prefix}/canary-weight`]: String(weight) },
    },
  }),
  withForeignChange: (object) => ({
    ...object,
    metadata: { ...object.metadata, labels: { ...object.metadata.labels, theirs: 'x' } },
  }),
  foreignIn(object) {
    const { annotations, labels } = object.metadata;
    if (!isCanary(object)) return { annotations, labels, spec: object['spec'] };
    return labels === undefined ? undefined : { labels };
  },
};

testConformance({
  type: 'router',
  // Those two kinds of routes are nothing that ingress-nginx could do for a canary.
  without: ['restart', 'extra-destinations', 'header-routes', 'mirror-routes'],
  async start() {
    const cluster = kubernetesCluster() ?? (await startLocalCluster({ workloads: false }));
    const served = await serveRouter({
      cluster,
      introduction,
      namespace,
      create: (client) => createNginxRouter({ client }),
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
