import { expect, it } from 'vitest';
import { entrancesOf } from './entrances.ts';
import type { Manifest } from './routing/testing.ts';
import { cluster, service } from './routing/testing.ts';
import { createRouteTable } from './routing/table.ts';

const rollout = (strategy: object): Manifest => ({
  kind: 'Rollout',
  metadata: { name: 'shop' },
  spec: { strategy, template: { metadata: { labels: { app: 'shop' } } } },
});
const canary = { canary: { stableService: 'stable', canaryService: 'canary' } };
const ref = (name: string) => ({ name, port: 80 });
const paths = (name: string, ...of: readonly string[]) =>
  of.map((path) => ({ path, pathType: 'Prefix', backend: { service: { name, port: { number: 80 } } } }));

function entrances(...manifests: readonly Manifest[]): string[] {
  const objects = cluster(...manifests);
  const found = entrancesOf(objects, createRouteTable(objects), { namespace: 'default', name: 'shop' });
  return found.map(({ via, route, method, path, headers }) => {
    const { host, 'x-data-plane-via': _via, 'x-data-plane-namespace': of, ...others } = headers;
    if (_via !== via || of !== 'default') throw new Error('an entrance names its kind of route and its namespace');
    return `${route}: ${method} ${host}${path} ${JSON.stringify(others)}`;
  });
}

it('Clients reach a Rollout by each rule that leads to its Services, with what the rule asks for', () => {
  const ingress = {
    kind: 'Ingress',
    metadata: { name: 'shop' },
    spec: { rules: [{ host: '*.example.com', http: { paths: [...paths('stable', '/'), ...paths('cart', '/cart')] } }] },
  };
  const virtualService = {
    kind: 'VirtualService',
    metadata: { name: 'shop' },
    spec: {
      hosts: ['shop'],
      http: [
        {
          name: 'by-header',
          match: [{ headers: { 'X-Canary': { exact: 'yes' } } }],
          route: [{ destination: { host: 'canary' } }],
        },
        { name: 'guess', match: [{ uri: { regex: '/v[0-9]' } }], route: [{ destination: { host: 'canary' } }] },
        { name: 'primary', match: [{ uri: { prefix: '/api' } }], route: [{ destination: { host: 'stable' } }] },
      ],
    },
  };
  const httpRoute = {
    kind: 'HTTPRoute',
    metadata: { name: 'shop' },
    spec: {
      rules: [
        {
          matches: [{ method: 'POST', queryParams: [{ name: 'v', value: '2' }] }],
          backendRefs: [ref('stable'), ref('canary')],
        },
      ],
    },
  };
  expect(
    entrances(
      rollout(canary),
      service('stable'),
      service('canary'),
      service('cart', { app: 'cart' }),
      ingress,
      virtualService,
      httpRoute,
    ),
  ).toEqual([
    'Ingress default/shop *.example.com/: GET any.example.com/ {}',
    'VirtualService default/shop by-header: GET shop.default/ {"X-Canary":"yes"}',
    'VirtualService default/shop primary: GET shop.default/api {}',
    'HTTPRoute default/shop rules[0]: POST data-plane.example/?v=2 {}',
  ]);
});

it.each([
  [
    'the Service that selects all its versions',
    rollout(canary),
    [service('all'), service('stable'), service('canary')],
    'all',
  ],
  ['its stable Service', rollout(canary), [service('stable'), service('canary')], 'stable'],
  [
    'its active Service',
    rollout({ blueGreen: { activeService: 'active', previewService: 'preview' } }),
    [service('active'), service('preview')],
    'active',
  ],
])('Without a route clients come through %s', (_name, of, services, wanted) => {
  const host = `${wanted}.default.svc.cluster.local`;
  expect(entrances(of, ...services)).toEqual([`Service default/${wanted} ${host}: GET ${host}/ {}`]);
});

it('Nobody reaches a Rollout that has no Service', () => {
  expect(entrances(rollout({ canary: {} }))).toEqual([]);
});
