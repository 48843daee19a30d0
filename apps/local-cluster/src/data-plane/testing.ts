// For the tests beside: a cluster with a data plane, objects written as people write them, requests as clients send them.
import http from 'node:http';
import { vi } from 'vitest';
import type { LocalCluster } from '../cluster.ts';
import { startLocalCluster } from '../cluster.ts';
import type { WorkloadOptions } from '../workloads/start.ts';
import type { KubeObject, ResourceRef } from '../storage/store.ts';
import type { KindName } from './objects/shapes.ts';
import { kindRefs } from './objects/shapes.ts';

export const ns = 'default';

const refOf = (kind: KindName): ResourceRef => ({ ...kindRefs[kind], resource: kind });

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** One request, on a connection of its own. */
export function send(
  url: string,
  path = '/',
  { method = 'GET', body, ...headers }: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(new URL(path, url), { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

export const get = (url: string, host: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  send(url, '/', { host, ...headers });

/** What `count` requests, one after the other, were answered with: `{ '1': 80, '2': 20 }` by version, or by status for those that no pod answered. */
export async function tally(count: number, ask: () => Promise<Answer>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const { status, headers } = await ask();
    const key = String(headers['x-version'] ?? status);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** Weights are met to a request or two: they are even, not exact. */
export const about = (count: number): unknown => ({
  asymmetricMatch: (n: number) => Math.abs(n - count) <= 2,
  toString: () => `about ${count}`,
});

export async function trafficWorld(workloads: WorkloadOptions = {}) {
  const cluster: LocalCluster = await startLocalCluster({
    dataPlane: true,
    workloads: { readyAfterMs: 5, recordEvents: false, runCommands: false, ...workloads },
  });
  const { store } = cluster;
  const plane = cluster.dataPlane!;
  for (const kind of ['virtualservices', 'destinationrules', 'httproutes', 'rollouts'] as const) define(kind);

  // A definition that keeps every field, as those of tools/control-plane do.
  function define(resource: KindName): void {
    const { group, version, kind } = kindRefs[resource];
    const anything = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    store.create({ group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' }, {
      metadata: { name: `${resource}.${group}` },
      spec: {
        group,
        names: { kind, plural: resource, singular: kind.toLowerCase(), listKind: `${kind}List` },
        scope: 'Namespaced',
        versions: [{ name: version, served: true, storage: true, schema: anything }],
      },
    } as unknown as KubeObject);
  }

  const world = {
    cluster,
    plane,
    create: (kind: KindName, name: string, content: object, metadata: object = {}): KubeObject =>
      store.create(refOf(kind), { metadata: { name, namespace: ns, ...metadata }, ...content } as KubeObject),
    edit: (kind: KindName, name: string, change: (draft: KubeObject) => void) =>
      store.modify(refOf(kind), ns, name, change),
    remove: (kind: KindName, name: string) => store.remove(refOf(kind), ns, name),
    list: (kind: KindName) => store.list(refOf(kind), ns),
    get: (kind: KindName, name: string) => store.get(refOf(kind), ns, name),
    /** A Rollout and one ReplicaSet for each version, as a controller would have made them. The first one is stable, the last the canary. */
    rollout(
      name: string,
      versions: Readonly<Record<string, { image: string; replicas: number; annotations?: object }>>,
    ) {
      const hashes = Object.keys(versions);
      const strategy = { canary: { stableService: `${name}-stable`, canaryService: `${name}-canary` } };
      const status = { stableRS: hashes[0], currentPodHash: hashes.at(-1) };
      const owner = world.create('rollouts', name, {
        spec: { strategy, template: { metadata: { labels: { app: name } } } },
        status,
      });
      for (const [hash, version] of Object.entries(versions)) world.replicaSet(owner, hash, version);
      return owner;
    },
    replicaSet(
      owner: KubeObject,
      hash: string,
      { image, replicas, annotations = {} }: { image: string; replicas: number; annotations?: object },
    ) {
      const { name, uid } = owner.metadata;
      const labels = { app: name, 'rollouts-pod-template-hash': hash };
      const ownerReferences = [{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name, uid, controller: true }];
      world.create(
        'replicasets',
        `${name}-${hash}`,
        {
          spec: {
            replicas,
            selector: { matchLabels: labels },
            template: { metadata: { labels, annotations }, spec: { containers: [{ name: 'main', image }] } },
          },
        },
        { labels, ownerReferences },
      );
    },
    service(name: string, selector: Readonly<Record<string, string>>) {
      world.create('services', name, { spec: { selector, ports: [{ name: 'http', port: 80, targetPort: 8080 }] } });
    },
    /** Stable and canary Services of a Rollout, each selecting one version. */
    services(name: string, stable: string, canary: string) {
      world.service(`${name}-stable`, { app: name, 'rollouts-pod-template-hash': stable });
      world.service(`${name}-canary`, { app: name, 'rollouts-pod-template-hash': canary });
    },
    scale: (name: string, replicas: number) =>
      world.edit('replicasets', name, (set) => void (set.spec.replicas = replicas)),
    async readyEndpoints(service: string, count: number): Promise<void> {
      await vi.waitFor(
        () => {
          const ready = world
            .list('endpointslices')
            .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === service)
            .flatMap((slice) => (slice['endpoints'] ?? []) as { conditions: { ready: boolean } }[])
            .filter(({ conditions }) => conditions.ready);
          if (ready.length !== count) throw new Error(`${service} has ${ready.length} ready endpoints, not ${count}`);
        },
        { timeout: 10_000, interval: 5 },
      );
    },
    status: async <T>(path: string): Promise<T> => JSON.parse((await send(plane.statusUrl, path)).text) as T,
  };
  return world;
}

export type TrafficWorld = Awaited<ReturnType<typeof trafficWorld>>;

const backend = (service: string) => ({ service: { name: service, port: { number: 80 } } });

export const ingressTo = (service: string, host = 'shop.example.com') => ({
  spec: { rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend: backend(service) }] } }] },
});

export const canaryAnnotations = (weight: number) => ({
  annotations: {
    'nginx.ingress.kubernetes.io/canary': 'true',
    'nginx.ingress.kubernetes.io/canary-weight': String(weight),
  },
});
