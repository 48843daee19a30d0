import { describe, expect, it } from 'vitest';
import { createRouteTable } from './table.ts';
import type { Manifest } from './testing.ts';
import { cluster, request, split } from './testing.ts';

const ref = (name: string, weight?: number) => ({ name, port: 80, ...(weight === undefined ? {} : { weight }) });
const rule = (match: object | undefined, ...backendRefs: readonly object[]) => ({
  ...(match ? { matches: [match] } : {}),
  backendRefs,
});
const httpRoute = (
  rules: readonly object[],
  { name = 'shop', ...spec }: { name?: string; [field: string]: unknown } = {},
): Manifest => ({
  kind: 'HTTPRoute',
  metadata: { name },
  spec: { parentRefs: [{ name: 'gateway' }], rules, ...spec },
});
const path = (type: string, value: string) => ({ path: { type, value } });
const header = (name: string, value: string, type?: string) => ({ name, value, ...(type ? { type } : {}) });
const get = 'GET shop.example.com/';

describe('the backends of a rule', () => {
  it.each([
    ['share by their weights', [ref('stable', 80), ref('canary', 20)], 'stable 80 canary 20'],
    ['weigh 1 each where nothing is said', [ref('stable'), ref('canary')], 'stable 50 canary 50'],
    ['get nothing with weight 0', [ref('stable', 100), ref('canary', 0)], 'stable'],
    ['get nothing with weight 0 also alone', [ref('stable', 0)], 'nobody'],
  ])('%s', (_name, backendRefs, wanted) => {
    expect(split(cluster(httpRoute([{ backendRefs }])), request(get))).toBe(wanted);
  });
});

describe('the match of a rule', () => {
  const headers = { 'x-canary': 'yes', agent: 'Firefox 100' };
  it.each([
    [path('Exact', '/a'), 'GET shop.example.com/a', 'matched'],
    [path('Exact', '/a'), 'GET shop.example.com/a/', 'no route'],
    [path('PathPrefix', '/a'), 'GET shop.example.com/a/b', 'matched'],
    [path('PathPrefix', '/a/'), 'GET shop.example.com/a', 'matched'],
    [path('PathPrefix', '/a'), 'GET shop.example.com/ab', 'no route'],
    [path('RegularExpression', '/[ab]'), 'GET shop.example.com/b', 'matched'],
    [{ method: 'POST' }, get, 'no route'],
    [{ method: 'POST' }, 'POST shop.example.com/', 'matched'],
    [{ headers: [header('X-Canary', 'yes')] }, get, 'matched'],
    [{ headers: [header('X-Canary', 'ye.*', 'RegularExpression')] }, get, 'matched'],
    [{ headers: [header('X-Canary', 'ye', 'RegularExpression')] }, get, 'no route'],
    [{ headers: [header('X-Canary', 'yes'), header('agent', 'curl')] }, get, 'no route'],
    [{ headers: [header('X-Canary', 'yes'), header('x-canary', 'no')] }, get, 'matched'],
    [{ headers: [header('absent', '')] }, get, 'no route'],
    [{ queryParams: [header('v', '2')] }, 'GET shop.example.com/?v=2', 'matched'],
    [{ queryParams: [header('v', '2')] }, get, 'no route'],
    [{ queryParams: [header('v', '\\d', 'RegularExpression')] }, 'GET shop.example.com/?v=2', 'matched'],
  ])('%j: %s: %s', (match, line, wanted) => {
    expect(split(cluster(httpRoute([rule(match, ref('matched'))])), request(line, { headers }))).toBe(wanted);
  });

  it('may be one of several', () => {
    const objects = cluster(
      httpRoute([{ matches: [path('Exact', '/a'), path('Exact', '/b')], backendRefs: [ref('x')] }]),
    );
    expect(split(objects, request('GET shop.example.com/b'))).toBe('x');
  });
});

describe('of several rules that fit', () => {
  const both = (a: object | undefined, b: object | undefined) =>
    cluster(httpRoute([rule(a, ref('first')), rule(b, ref('second'))]));
  const sent = { method: 'GET', headers: { a: '1', b: '2' } };
  it.each([
    ['an exact path before a prefix', path('PathPrefix', '/a/b'), path('Exact', '/a/b'), 'second'],
    ['a longer prefix before a shorter one', path('PathPrefix', '/a'), path('PathPrefix', '/a/b'), 'second'],
    ['a path before a method', { ...path('PathPrefix', '/'), method: 'GET' }, path('PathPrefix', '/a'), 'second'],
    ['a method before headers', { headers: [header('a', '1'), header('b', '2')] }, { method: 'GET' }, 'second'],
    [
      'more headers before fewer',
      { headers: [header('a', '1')] },
      { headers: [header('a', '1'), header('b', '2')] },
      'second',
    ],
    [
      'headers before query parameters',
      { queryParams: [header('q', '1'), header('r', '2')] },
      { headers: [header('a', '1')] },
      'second',
    ],
    [
      'more query parameters before fewer',
      { queryParams: [header('q', '1')] },
      { queryParams: [header('q', '1'), header('r', '2')] },
      'second',
    ],
    ['otherwise the first', { headers: [header('a', '1')] }, { headers: [header('b', '2')] }, 'first'],
    ['nothing said is a prefix of /', undefined, path('PathPrefix', '/'), 'first'],
  ])('%s', (_name, a, b, wanted) => {
    expect(split(both(a, b), request('GET shop.example.com/a/b?q=1&r=2', sent))).toBe(wanted);
  });

  it('a rule of the older object counts', () => {
    const one = (name: string) => httpRoute([rule(undefined, ref(name))], { name });
    expect(split(cluster(one('z'), one('a')), request(get))).toBe('z');
  });
});

describe('the host names of a route', () => {
  const one = (name: string, hostnames: readonly string[], more: object = {}) =>
    httpRoute([rule(undefined, ref(name))], { name, hostnames, ...more });
  const objects = cluster(
    one('any', []),
    one('wildcard', ['*.example.com']),
    one('longer', ['*.b.example.com']),
    one('exact', ['a.b.example.com', 'shop.example.com']),
    httpRoute([rule(path('Exact', '/deep'), ref('path'))], { name: 'path' }),
    httpRoute([rule(undefined, ref('mesh'))], {
      name: 'mesh',
      parentRefs: [{ kind: 'Service', name: 'cart', group: '' }],
    }),
  );
  it.each([
    ['GET shop.example.com/', 'exact'],
    ['GET c.d.example.com/', 'wildcard'],
    ['GET c.b.example.com/', 'longer'],
    ['GET a.b.example.com/deep', 'exact'],
    ['GET example.com/', 'any'],
    ['GET example.com/deep', 'path'],
    ['GET cart.default.svc/', 'mesh'],
  ])('%s goes to %s', (line, wanted) => {
    expect(split(objects, request(line, { via: 'http-route' }))).toBe(wanted);
  });
});

it('A rule may mirror a share to a version, and redirect', () => {
  const mirror = (of: object) => ({ type: 'RequestMirror', requestMirror: { backendRef: ref('canary'), ...of } });
  const objects = cluster(
    httpRoute([
      {
        matches: [path('Exact', '/old')],
        filters: [{ type: 'RequestRedirect', requestRedirect: { hostname: 'b.example.com' } }],
      },
      {
        filters: [mirror({}), mirror({ percent: 35 }), mirror({ fraction: { numerator: 1, denominator: 4 } })],
        backendRefs: [ref('stable')],
      },
    ]),
  );
  expect(split(objects, request('GET x.example.com/old'))).toBe('302 http://b.example.com/');
  expect(
    createRouteTable(objects)
      .find(request(get))
      ?.mirrors.map((m) => m.percent),
  ).toEqual([100, 35, 25]);
});
