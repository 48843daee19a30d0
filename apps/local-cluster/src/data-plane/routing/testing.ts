// For the tables beside: a handful of objects, and where a request goes among them.
import { createClusterObjects } from '../objects/cluster-objects.ts';
import type { WritableObjects } from '../objects/cluster-objects.ts';
import type { KindName, RoutedObject } from '../objects/shapes.ts';
import { kindRefs } from '../objects/shapes.ts';
import type { ClientRequest, Route } from './route.ts';
import { createRouteTable } from './table.ts';

export const ns = 'default';

const kindOf = new Map(Object.entries(kindRefs).map(([name, { kind }]) => [kind, name as KindName]));

interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly [field: string]: unknown;
}

/** An object as a manifest writes it; older ones come first where age decides. */
export type Manifest = { readonly kind: string; readonly metadata: Metadata; readonly [field: string]: unknown };

export function cluster(...manifests: readonly Manifest[]): WritableObjects {
  const objects = createClusterObjects();
  manifests.forEach((manifest, age) => {
    const metadata = {
      namespace: ns,
      uid: `${age}`,
      creationTimestamp: `2026-01-01T00:00:${10 + age}Z`,
      ...manifest.metadata,
    };
    objects.put(kindOf.get(manifest.kind)!, { ...manifest, metadata } as RoutedObject);
  });
  return objects;
}

/** `GET shop.example.com/path?x=1`, with headers and so on beside. */
export function request(line: string, more: Partial<ClientRequest> = {}): ClientRequest {
  const [, method = '', host = '', port, path = '', query = ''] =
    /^(\S+) ([^/:]*)(?::(\d+))?([^?]*)\??(.*)$/.exec(line) ?? [];
  return {
    method,
    host,
    port: port ? Number(port) : 80,
    path: path || '/',
    query: new URLSearchParams(query),
    headers: {},
    ...more,
  };
}

/** `shop-stable 80 shop-canary 20` (subsets as `shop/canary`), in percent; `nobody` without any weight, and `no route`. */
export function split(objects: WritableObjects, asked: ClientRequest): string {
  const route = createRouteTable(objects).find(asked);
  if (!route) return 'no route';
  return route.fixed ? `${route.fixed.status} ${route.fixed.location ?? ''}`.trim() : shares(route);
}

function shares({ backends }: Route): string {
  const total = backends.reduce((sum, b) => sum + b.weight, 0);
  const parts = backends
    .filter(({ weight }) => weight > 0)
    .map(({ service, subset, weight }) => {
      const name = subset ? `${service}/${subset.name}` : service;
      return weight === total ? name : `${name} ${Math.round((100 * weight) / total)}`;
    });
  return parts.join(' ') || 'nobody';
}

export const service = (name: string, selector: object = { app: 'shop' }, metadata: object = {}): Manifest => ({
  kind: 'Service',
  metadata: { name, ...metadata },
  spec: { selector, ports: [{ name: 'http', port: 80 }] },
});

export const pod = (
  name: string,
  labels: Readonly<Record<string, string>>,
  { ready = true, image = 'shop:1', ...metadata }: { ready?: boolean; image?: string; [field: string]: unknown } = {},
): Manifest => ({
  kind: 'Pod',
  metadata: { name, labels, ...metadata },
  spec: { containers: [{ name: 'shop', image }] },
  status: {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    containerStatuses: [{ state: { running: {} } }],
  },
});

/** The slice of a Service with these pods; a name with `!` before it is not ready. */
export const slice = (of: string, ...pods: readonly string[]): Manifest => ({
  kind: 'EndpointSlice',
  metadata: { name: `${of}-1`, labels: { 'kubernetes.io/service-name': of } },
  ports: [{ name: 'http', port: 8080 }],
  endpoints: pods.map((text, i) => ({
    addresses: [`10.0.0.${i}`],
    conditions: { ready: !text.startsWith('!') },
    targetRef: { kind: 'Pod', namespace: ns, name: text.replace('!', '') },
  })),
});
