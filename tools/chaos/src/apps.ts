// Applications as people write them: a Rollout, its Services, and the route that clients come by.
import type { RawObject, ResourceRef } from '@sluice/kube';
import { resources } from '@sluice/kube';

export const routers = ['nginx', 'istio', 'gateway-api'] as const;
export type RouterKind = (typeof routers)[number];

export interface App {
  readonly router: RouterKind;
  readonly name: string;
  readonly namespace: string;
  readonly replicas?: number;
  readonly steps?: readonly object[];
  /** Further fields of `strategy.canary`. */
  readonly canary?: object;
}

const custom = (group: string, version: string, plural: string, kind: string): ResourceRef => ({
  group,
  version,
  plural,
  kind,
  namespaced: true,
});

export const kinds: Readonly<Record<string, ResourceRef>> = {
  Rollout: resources.rollouts,
  Service: resources.services,
  Ingress: resources.ingresses,
  VirtualService: custom('networking.istio.io', 'v1', 'virtualservices', 'VirtualService'),
  DestinationRule: custom('networking.istio.io', 'v1', 'destinationrules', 'DestinationRule'),
  HTTPRoute: custom('gateway.networking.k8s.io', 'v1', 'httproutes', 'HTTPRoute'),
};

export const routeKind: Readonly<Record<RouterKind, string>> = {
  nginx: 'Ingress',
  istio: 'VirtualService',
  'gateway-api': 'HTTPRoute',
};

/** The name of the plugin in manifests. */
export const pluginName: Readonly<Record<RouterKind, string>> = {
  nginx: 'nginx',
  istio: 'istio',
  'gateway-api': 'argoproj-labs/gatewayAPI',
};

export const hostOf = (name: string): string => `${name}.example.com`;

/** Everything of one application, in the order to apply it in. */
export function objectsOf(app: App): readonly RawObject[] {
  return [...servicesOf(app), routeOf(app), rolloutOf(app)];
}

export function servicesOf({ name, namespace }: App): readonly RawObject[] {
  return ['stable', 'canary'].map((side) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `${name}-${side}`, namespace },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  }));
}

export function routeOf({ router, name, namespace }: App): RawObject {
  const metadata = { name, namespace };
  const [stable, canary] = [`${name}-stable`, `${name}-canary`];
  switch (router) {
    case 'nginx': {
      const backend = { service: { name: stable, port: { number: 80 } } };
      const rules = [{ host: hostOf(name), http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }];
      return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec: { rules } };
    }
    case 'istio': {
      const to = (host: string, weight: number) => ({ destination: { host }, weight });
      const http = [{ name: 'primary', route: [to(stable, 100), to(canary, 0)] }];
      const spec = { hosts: [hostOf(name)], http };
      return { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata, spec };
    }
    case 'gateway-api': {
      const to = (service: string, weight: number) => ({ name: service, port: 80, weight });
      const spec = { hostnames: [hostOf(name)], rules: [{ backendRefs: [to(stable, 100), to(canary, 0)] }] };
      return { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata, spec };
    }
  }
}

export function trafficRoutingOf({ router, name, namespace }: Pick<App, 'router' | 'name' | 'namespace'>): object {
  switch (router) {
    case 'nginx':
      return { nginx: { stableIngress: name } };
    case 'istio':
      return { istio: { virtualService: { name, routes: ['primary'] } } };
    case 'gateway-api':
      return { plugins: { [pluginName[router]]: { httpRoute: name, namespace } } };
  }
}

export function rolloutOf(app: App): RawObject {
  const { name, namespace, replicas = 2, steps = [{ setWeight: 50 }, { pause: {} }], canary = {} } = app;
  const services = { stableService: `${name}-stable`, canaryService: `${name}-canary` };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name, namespace },
    spec: {
      replicas,
      revisionHistoryLimit: 3,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'shop:1' }] } },
      strategy: { canary: { ...services, trafficRouting: trafficRoutingOf(app), steps, ...canary } },
    },
  };
}
