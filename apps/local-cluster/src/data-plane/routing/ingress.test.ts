import { describe, expect, it } from 'vitest';
import type { Manifest } from './testing.ts';
import { cluster, request, split } from './testing.ts';

const to = (service: string) => ({ service: { name: service, port: { number: 80 } } });
const ingress = (
  name: string,
  service: string,
  {
    annotations = {},
    host = 'shop.example.com',
    paths = ['/'],
  }: { annotations?: object; host?: string; paths?: string[] } = {},
): Manifest => ({
  kind: 'Ingress',
  metadata: { name, annotations },
  spec: {
    rules: [
      {
        ...(host ? { host } : {}),
        http: { paths: paths.map((path) => ({ path, pathType: 'Prefix', backend: to(service) })) },
      },
    ],
  },
});
const canary = (rules: Record<string, string>, prefix = 'nginx.ingress.kubernetes.io', service = 'canary'): Manifest =>
  ingress(`shop-${service}`, service, {
    annotations: {
      [`${prefix}/canary`]: 'true',
      ...Object.fromEntries(Object.entries(rules).map(([rule, value]) => [`${prefix}/canary-${rule}`, value])),
    },
  });
const stable = ingress('shop', 'stable');
const get = 'GET shop.example.com/';

describe('a canary Ingress', () => {
  it.each([
    ['gets its weight out of 100', { weight: '20' }, {}, 'stable 80 canary 20'],
    ['gets its weight out of the total', { weight: '20', 'weight-total': '200' }, {}, 'stable 90 canary 10'],
    ['with the whole weight gets everything', { weight: '100' }, {}, 'canary'],
    ['with more than the total gets everything', { weight: '150' }, {}, 'canary'],
    ['with weight 0 gets nothing', { weight: '0' }, {}, 'stable'],
    ['without any rule gets nothing', {}, {}, 'stable'],
    ['with a weight that is no number gets nothing', { weight: 'many' }, {}, 'stable'],
    ['is forced by its header', { 'by-header': 'X-Canary', weight: '20' }, { 'x-canary': 'always' }, 'canary'],
    ['is refused by its header', { 'by-header': 'X-Canary', weight: '20' }, { 'x-canary': 'never' }, 'stable'],
    [
      'passes over another value of its header',
      { 'by-header': 'X-Canary', weight: '20' },
      { 'x-canary': 'yes' },
      'stable 80 canary 20',
    ],
    [
      'is forced by the value that it asks for',
      { 'by-header': 'X-Canary', 'by-header-value': 'yes', weight: '0' },
      { 'x-canary': 'yes' },
      'canary',
    ],
    [
      'with a value of its own knows no always',
      { 'by-header': 'X-Canary', 'by-header-value': 'yes', weight: '0' },
      { 'x-canary': 'always' },
      'stable',
    ],
    [
      'with a value of its own knows no never',
      { 'by-header': 'X-Canary', 'by-header-value': 'yes', weight: '100' },
      { 'x-canary': 'never' },
      'canary',
    ],
    ['ignores a value without the header', { 'by-header-value': 'yes', weight: '0' }, { 'x-canary': 'yes' }, 'stable'],
    [
      'is forced by a pattern in its header',
      { 'by-header': 'X-Canary', 'by-header-pattern': 'b.ta', weight: '0' },
      { 'x-canary': 'a beta user' },
      'canary',
    ],
    [
      'prefers the value to the pattern',
      { 'by-header': 'X-Canary', 'by-header-value': 'yes', 'by-header-pattern': 'beta' },
      { 'x-canary': 'beta' },
      'stable',
    ],
    [
      'takes a broken pattern as not matching',
      { 'by-header': 'X-Canary', 'by-header-pattern': '(' },
      { 'x-canary': '(' },
      'stable',
    ],
    ['is forced by its cookie', { 'by-cookie': 'canary', weight: '0' }, { cookie: 'a=b; canary=always' }, 'canary'],
    ['is refused by its cookie', { 'by-cookie': 'canary', weight: '100' }, { cookie: 'canary=never' }, 'stable'],
    [
      'asks the header before the cookie',
      { 'by-header': 'X-Canary', 'by-cookie': 'canary' },
      { 'x-canary': 'never', cookie: 'canary=always' },
      'stable',
    ],
    [
      'asks the cookie before the weight',
      { 'by-header': 'X-Canary', 'by-cookie': 'canary', weight: '0' },
      { 'x-canary': 'maybe', cookie: 'canary=always' },
      'canary',
    ],
  ])('%s', (_name, rules, headers, wanted) => {
    expect(split(cluster(stable, canary(rules)), request(get, { headers }))).toBe(wanted);
  });

  it('is known by whatever prefix its annotations have', () => {
    expect(split(cluster(stable, canary({ weight: '30' }, 'nginx.example.com')), request(get))).toBe(
      'stable 70 canary 30',
    );
  });

  it('takes no annotations of another prefix', () => {
    const mixed = canary({}, 'nginx.example.com');
    const annotations = {
      ...(mixed.metadata['annotations'] as object),
      'nginx.ingress.kubernetes.io/canary-weight': '50',
    };
    expect(split(cluster(stable, { ...mixed, metadata: { ...mixed.metadata, annotations } }), request(get))).toBe(
      'stable',
    );
  });

  it('shares the traffic with one Ingress only: of two canaries the older counts', () => {
    const both = [canary({ weight: '10' }), canary({ weight: '50' }, undefined, 'other')];
    expect(split(cluster(stable, ...both), request(get))).toBe('stable 90 canary 10');
  });

  it('counts for the hosts and paths that an Ingress beside it has', () => {
    const objects = cluster(ingress('shop', 'stable', { paths: ['/', '/api'] }), canary({ weight: '40' }));
    expect(split(objects, request(get))).toBe('stable 60 canary 40');
    expect(split(objects, request('GET shop.example.com/api/v1'))).toBe('stable');
  });

  it('routes nothing by itself', () => {
    expect(split(cluster(canary({ weight: '100' })), request(get))).toBe('no route');
  });
});

describe('an Ingress', () => {
  const exact = { path: '/a', pathType: 'Exact', backend: to('exact') };
  const objects = cluster(
    {
      kind: 'Ingress',
      metadata: { name: 'main' },
      spec: {
        defaultBackend: to('fallback'),
        rules: [
          {
            host: 'shop.example.com',
            http: {
              paths: [
                { path: '/a', pathType: 'Prefix', backend: to('prefix') },
                exact,
                { path: '/a/b/', pathType: 'ImplementationSpecific', backend: to('longer') },
              ],
            },
          },
          { host: '*.example.com', http: { paths: [{ path: '/', backend: to('wildcard') }] } },
          { host: 'empty.example.com' },
        ],
      },
    },
    ingress('late', 'late', { paths: ['/a', '/late'] }),
    ingress('any', 'any', { host: '', paths: ['/'] }),
    {
      kind: 'Ingress',
      metadata: { name: 'resource' },
      spec: { rules: [{ host: 'bucket.example.org', http: { paths: [{ path: '/', backend: {} }] } }] },
    },
  );
  it.each([
    ['GET shop.example.com/a', 'exact', 'an exact path before a prefix'],
    ['GET shop.example.com/a/x', 'prefix', 'the elements of a path'],
    ['GET shop.example.com/ab', 'fallback', 'not the letters of a path'],
    ['GET shop.example.com/a/b/c', 'longer', 'the longest path'],
    ['GET shop.example.com/late', 'late', 'a younger Ingress adds paths'],
    ['GET other.example.com/', 'wildcard', 'a wildcard host'],
    ['GET a.b.example.com/', 'any', 'a wildcard is one label; then the Ingress without a host'],
    ['GET bucket.example.org/', 'nobody', 'a backend that is no Service'],
  ])('%s goes to %s: %s', (line, wanted) => {
    expect(split(objects, request(line, { via: 'ingress' }))).toBe(wanted);
  });

  it('answers only for its namespace where the client asks so', () => {
    const other = { ...stable, metadata: { name: 'shop', namespace: 'other' } };
    expect(split(cluster(other), request(get, { namespace: 'default' }))).toBe('no route');
    expect(split(cluster(other), request(get, { namespace: 'other' }))).toBe('stable');
  });
});
