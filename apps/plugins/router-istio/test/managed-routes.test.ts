import { expect, test } from 'vitest';
import {
  destinations,
  destinationRule,
  bySubset,
  headerRoute,
  http,
  intent,
  mirrorRoute,
  oneRoute,
  routed,
  to,
  virtualService,
} from './build.ts';

const primary = {
  name: 'primary',
  match: [{ uri: { prefix: '/' } }],
  route: [to('shop-stable', 100), to('shop-canary', 0)],
};
const other = { name: 'other', match: [{ uri: { prefix: '/other' } }], route: [to('elsewhere', 100)], timeout: '5s' };
const live = virtualService({ http: [primary, other] });
const names = (object: ReturnType<typeof virtualService>): unknown[] => http(object).map(({ name }) => name);

test('a header route goes to the canary alone, before all others; each header is enough', () => {
  const asked = intent(oneRoute, {
    weight: 20,
    managedRoutes: ['by-header'],
    headerRoutes: [
      {
        name: 'by-header',
        match: [
          { headerName: 'X-Canary', headerValue: { match: { $case: 'exact', value: 'yes' } } },
          { headerName: 'Agent', headerValue: { match: { $case: 'regex', value: 'Firefox(.*)' } } },
        ],
      },
    ],
  });
  expect(http(routed(live, asked))[0]).toEqual({
    name: 'by-header',
    match: [{ headers: { 'X-Canary': { exact: 'yes' } } }, { headers: { Agent: { regex: 'Firefox(.*)' } } }],
    route: [{ destination: { host: 'shop-canary' }, weight: 100 }],
  });
});

test('with subsets a header route goes to the host of the DestinationRule, its canary subset and the port of the weighted route', () => {
  const withPort = { destination: { host: 'shop', subset: 'stable', port: { number: 80 } }, weight: 100 };
  const split = virtualService({ http: [{ name: 'primary', route: [withPort, to('shop', 0, 'canary')] }] });
  const asked = intent(bySubset, { headerRoutes: [headerRoute('h')], managedRoutes: ['h'] });
  expect(http(routed(split, asked, destinationRule([])))[0].route).toEqual([
    { destination: { host: 'shop', subset: 'canary', port: { number: 80 } }, weight: 100 },
  ]);
});

test('a mirror route splits as the weighted route does, also when the weights move', () => {
  const asked = intent(oneRoute, { managedRoutes: ['mirror'], mirrorRoutes: [mirrorRoute('mirror')] });
  const mirrored = routed(live, asked);
  expect(http(mirrored)[0]).toEqual({
    name: 'mirror',
    match: [{ method: { exact: 'GET' }, uri: { prefix: '/' } }],
    route: [to('shop-stable', 100), to('shop-canary')],
    mirror: { host: 'shop-canary' },
    mirrorPercentage: { value: 35 },
  });
  const moved = routed(mirrored, { ...asked, weight: 50 });
  expect(http(moved)[0].route).toEqual([to('shop-stable', 50), to('shop-canary', 50)]);
  expect(destinations(moved)).toEqual([to('shop-stable', 50), to('shop-canary', 50)]);
});

test('a mirror without a match mirrors every request', () => {
  const asked = intent(oneRoute, { managedRoutes: ['m'], mirrorRoutes: [{ name: 'm', match: [], percentage: 100 }] });
  expect(http(routed(live, asked))[0]).not.toHaveProperty('match');
});

test('routes of steps stand in the order of managedRoutes, and go when they are not asked for any more', () => {
  const asked = intent(oneRoute, {
    managedRoutes: ['b', 'a', 'm'],
    headerRoutes: [headerRoute('a'), headerRoute('b')],
    mirrorRoutes: [mirrorRoute('m')],
  });
  const made = routed(live, asked);
  expect(names(made)).toEqual(['b', 'a', 'm', 'primary', 'other']);
  expect(names(routed(made, { ...asked, headerRoutes: [headerRoute('a')] }))).toEqual(['a', 'm', 'primary', 'other']);
  expect(routed(made, { ...asked, headerRoutes: [], mirrorRoutes: [] })['spec']).toEqual(live['spec']);
});

test('two named routes and a header route settle: the second time nothing differs', () => {
  const asked = intent(oneRoute, {
    weight: 20,
    managedRoutes: ['by-header'],
    headerRoutes: [headerRoute('by-header')],
  });
  const once = routed(live, asked);
  expect(routed(once, asked)).toBe(once);
});

test('several routes without names keep their number and their order', () => {
  const unnamed = (prefix: string) => ({ match: [{ uri: { prefix } }], route: [to('elsewhere', 100)] });
  const several = virtualService({ http: [unnamed('/a'), primary, unnamed('/b'), unnamed('/a'), other] });
  const asked = intent(oneRoute, { managedRoutes: ['h'], headerRoutes: [headerRoute('h')] });
  const made = routed(several, asked);
  expect(http(made).slice(1)).toEqual([unnamed('/a'), primary, unnamed('/b'), unnamed('/a'), other]);
  expect(routed(made, { ...asked, headerRoutes: [] })['spec']).toEqual(several['spec']);
});

test('a route of the same name that goes elsewhere is another’s: it stays where it is', () => {
  const theirs = { name: 'by-header', match: [{ headers: { a: { exact: 'b' } } }], route: [to('basket-canary', 100)] };
  const shared = virtualService({ http: [theirs, primary] });
  const asked = intent(oneRoute, { managedRoutes: ['by-header'], headerRoutes: [headerRoute('by-header')] });
  const made = routed(shared, asked);
  expect(http(made)).toHaveLength(3);
  expect(http(made).slice(1)).toEqual([theirs, primary]);
  expect(routed(made, asked)).toBe(made);
  expect(routed(made, { ...asked, headerRoutes: [] })['spec']).toEqual(shared['spec']);
});

test('a listed route is weighted, even when a step has its name', () => {
  expect(
    http(routed(live, intent(oneRoute, { managedRoutes: ['primary'], weight: 100 }))).map(({ name }) => name),
  ).toEqual(['primary', 'other']);
  expect(() =>
    routed(live, intent(oneRoute, { managedRoutes: ['primary'], headerRoutes: [headerRoute('primary')] })),
  ).toThrow("'primary' is listed");
});

test('a VirtualService with nothing but tls routes takes no header route, and its weights are set', () => {
  const tls = virtualService({ tls: [{ match: [{ sniHosts: ['x'] }], route: primary.route }] });
  const asked = intent(
    { virtualService: { name: 'shop' } },
    { weight: 5, managedRoutes: ['h'], headerRoutes: [headerRoute('h')] },
  );
  expect(routed(tls, asked)['spec']).toEqual({
    tls: [{ match: [{ sniHosts: ['x'] }], route: [to('shop-stable', 95), to('shop-canary', 5)] }],
  });
});
