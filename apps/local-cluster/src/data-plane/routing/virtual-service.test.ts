import { describe, expect, it } from 'vitest';
import { createRouteTable } from './table.ts';
import type { Manifest } from './testing.ts';
import { cluster, request, split } from './testing.ts';

const destination = (host: string, weight?: number, subset?: string) => ({
  destination: { host, ...(subset ? { subset } : {}) },
  ...(weight === undefined ? {} : { weight }),
});
const virtualService = (http: readonly object[], { name = 'shop', hosts = ['shop.example.com'] } = {}): Manifest => ({
  kind: 'VirtualService',
  metadata: { name },
  spec: { hosts, http },
});
const get = 'GET shop.example.com/';

describe('the destinations of an http route', () => {
  it.each([
    ['share by their weights', [destination('stable', 80), destination('canary', 20)], 'stable 80 canary 20'],
    [
      'share by the sum of their weights',
      [destination('stable', 1), destination('canary', 1), destination('more', 2)],
      'stable 25 canary 25 more 50',
    ],
    [
      'may be subsets of one host',
      [destination('shop', 70, 'stable'), destination('shop', 30, 'canary')],
      'shop/stable 70 shop/canary 30',
    ],
    ['get nothing with weight 0', [destination('stable', 100), destination('canary', 0)], 'stable'],
    ['get nothing without a weight beside others', [destination('stable', 100), destination('canary')], 'stable'],
    ['get everything where there is only one', [destination('canary', 0)], 'canary'],
    ['are named by their full name too', [destination('canary.default.svc.cluster.local')], 'canary'],
    ['may all have weight 0, and then nobody answers', [destination('stable', 0), destination('canary', 0)], 'nobody'],
  ])('%s', (_name, route, wanted) => {
    expect(split(cluster(virtualService([{ route }])), request(get))).toBe(wanted);
  });
});

describe('the match of an http route', () => {
  const matching = (match: object) =>
    cluster(virtualService([{ match: [match], route: [destination('matched')] }, { route: [destination('rest')] }]));
  const headers = { 'x-user': 'jason', agent: 'Firefox 100' };
  it.each([
    [{ uri: { exact: '/' } }, get, 'matched'],
    [{ uri: { exact: '/a' } }, 'GET shop.example.com/a/b', 'rest'],
    [{ uri: { prefix: '/a' } }, 'GET shop.example.com/abc', 'matched'],
    [{ uri: { regex: '/a.c' } }, 'GET shop.example.com/abc', 'matched'],
    [{ uri: { regex: '/a' } }, 'GET shop.example.com/abc', 'rest'],
    [{ uri: { prefix: '/A' }, ignoreUriCase: true }, 'GET shop.example.com/abc', 'matched'],
    [{ uri: { regex: '/A.*' }, ignoreUriCase: true }, 'GET shop.example.com/abc', 'matched'],
    [{ method: { exact: 'POST' } }, get, 'rest'],
    [{ method: { exact: 'POST' } }, 'POST shop.example.com/', 'matched'],
    [{ scheme: { exact: 'https' } }, get, 'rest'],
    [{ authority: { prefix: 'shop.' } }, get, 'matched'],
    [{ headers: { 'X-User': { exact: 'jason' } } }, get, 'matched'],
    [{ headers: { 'x-user': { prefix: 'jas' }, agent: { regex: 'Firefox(.*)' } } }, get, 'matched'],
    [{ headers: { 'x-user': { exact: 'jason' }, agent: { exact: 'curl' } } }, get, 'rest'],
    [{ headers: { agent: { regex: 'Firefox' } } }, get, 'rest'],
    [{ headers: { agent: { regex: '(?i)firefox.*' } } }, get, 'matched'],
    [{ headers: { agent: { regex: '(' } } }, get, 'rest'],
    [{ headers: { agent: {} } }, get, 'matched'],
    [{ headers: { absent: {} } }, get, 'rest'],
    [{ withoutHeaders: { agent: {} } }, get, 'rest'],
    [{ withoutHeaders: { agent: { exact: 'curl' } } }, get, 'matched'],
    [{ queryParams: { v: { exact: '2' } } }, 'GET shop.example.com/?v=2', 'matched'],
    [{ queryParams: { v: { exact: '2' } } }, get, 'rest'],
    [{ port: 80 }, get, 'matched'],
    [{ port: 8080 }, get, 'rest'],
    [{ port: 8080 }, 'GET shop.example.com:8080/', 'matched'],
    [{ sourceLabels: { app: 'x' } }, get, 'rest'],
    [{}, get, 'matched'],
  ])('%j: %s goes to %s', (match, line, wanted) => {
    expect(split(matching(match), request(line, { headers }))).toBe(wanted);
  });

  it('holds if one of several holds, and the first route that fits counts', () => {
    const objects = cluster(
      virtualService([
        {
          name: 'by-header',
          match: [{ headers: { a: { exact: '1' } } }, { headers: { b: { exact: '1' } } }],
          route: [destination('canary', 100)],
        },
        { name: 'primary', route: [destination('stable', 100), destination('canary', 0)] },
        { name: 'never', route: [destination('elsewhere')] },
      ]),
    );
    expect(split(objects, request(get, { headers: { b: '1' } }))).toBe('canary');
    expect(split(objects, request(get))).toBe('stable');
  });

  it('leaves a request without a route where none fits', () => {
    const objects = cluster(virtualService([{ match: [{ uri: { exact: '/a' } }], route: [destination('a')] }]));
    expect(split(objects, request(get))).toBe('no route');
  });
});

describe('the hosts of a VirtualService', () => {
  const one = (service: string) => [{ route: [destination(service)] }];
  const objects = cluster(
    virtualService(one('exact'), { name: 'exact', hosts: ['a.example.com'] }),
    virtualService(one('wildcard'), { name: 'wildcard', hosts: ['*.example.com'] }),
    virtualService(one('longer'), { name: 'longer', hosts: ['*.b.example.com'] }),
    virtualService(one('mesh'), { name: 'mesh', hosts: ['shop'] }),
    virtualService(one('full'), { name: 'full', hosts: ['cart.team.svc.cluster.local'] }),
    virtualService([{ match: [{ uri: { prefix: '/x' } }], ...one('late')[0] }], {
      name: 'late',
      hosts: ['a.example.com'],
    }),
  );
  it.each([
    ['GET a.example.com/', 'exact'],
    ['GET a.example.com/x', 'exact'],
    ['GET c.d.example.com/', 'wildcard'],
    ['GET c.b.example.com/', 'longer'],
    ['GET shop/', 'mesh'],
    ['GET shop.default/', 'mesh'],
    ['GET shop.default.svc.cluster.local/', 'mesh'],
    ['GET cart.team/', 'full'],
    ['GET example.com/', 'no route'],
  ])('%s goes to %s', (line, wanted) => {
    expect(split(objects, request(line, { via: 'virtual-service' }))).toBe(wanted);
  });
});

it('A route may mirror to a version, by percentage, and answer by itself', () => {
  const objects = cluster(
    virtualService([
      { match: [{ uri: { exact: '/old' } }], redirect: { uri: '/new', authority: 'b.example.com', redirectCode: 308 } },
      { match: [{ uri: { exact: '/gone' } }], directResponse: { status: 410 } },
      {
        route: [destination('stable', 100)],
        mirror: { host: 'canary', subset: 'v2' },
        mirrorPercentage: { value: 35 },
      },
    ]),
  );
  expect(split(objects, request('GET shop.example.com/old'))).toBe('308 http://b.example.com/new');
  expect(split(objects, request('GET shop.example.com/gone'))).toBe('410');
  expect(createRouteTable(objects).find(request(get))?.mirrors).toEqual([
    { namespace: 'default', service: 'canary', subset: { name: 'v2', from: 'default' }, weight: 0, percent: 35 },
  ]);
});
