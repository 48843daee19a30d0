import { describe, expect, test } from 'vitest';
import { virtualServiceName } from '../src/settings.ts';
import { headerRoute, http, intent, oneRoute, routed, to, virtualService } from './build.ts';

const both = (weight = 0): ReturnType<typeof to>[] => [to('shop-stable', 100 - weight), to('shop-canary', weight)];
const elsewhere = { name: 'other', route: [to('elsewhere', 100)] };
const unlisted = { virtualService: { name: 'shop' } };

describe('which routes are weighted', () => {
  test('the one that is listed, wherever it stands', () => {
    const live = virtualService({ http: [elsewhere, { name: 'primary', route: both() }] });
    expect(http(routed(live, intent(oneRoute, { weight: 20 })))).toEqual([
      elsewhere,
      { name: 'primary', route: both(20) },
    ]);
  });

  test('the only one, when none is listed', () => {
    const live = virtualService({ http: [{ route: both() }] });
    expect(http(routed(live, intent(unlisted, { weight: 20 })))).toEqual([{ route: both(20) }]);
  });

  test('the only one besides those that steps have made', () => {
    const asked = intent(unlisted, {
      weight: 20,
      headerRoutes: [headerRoute('by-header')],
      managedRoutes: ['by-header'],
    });
    const once = routed(virtualService({ http: [{ name: 'mine', route: both() }] }), asked);
    expect(http(once).map(({ name }) => name)).toEqual(['by-header', 'mine']);
    expect(http(routed(once, { ...asked, weight: 30 }))[1].route).toEqual(both(30));
  });

  test('tls routes by server names and port, several of them', () => {
    const tls = (port: number, hosts: string[], weight: number) => ({
      match: [{ port, sniHosts: hosts }],
      route: both(weight),
    });
    const live = virtualService({ tls: [tls(443, ['a', 'b'], 0), tls(443, ['c'], 0), tls(443, ['b', 'a'], 0)] });
    const config = { virtualService: { name: 'shop', tlsRoutes: [{ port: 443, sniHosts: ['b', 'a'] }] } };
    const spec = routed(live, intent(config, { weight: 10 }))['spec'];
    expect(spec.tls).toEqual([tls(443, ['a', 'b'], 10), tls(443, ['c'], 0), tls(443, ['b', 'a'], 10)]);
  });

  describe('of a kind that the VirtualService has, where another kind is listed that it lacks', () => {
    const tls = (weight: number) => ({ match: [{ port: 443, sniHosts: ['shop'] }], route: both(weight) });
    const tcp = (weight: number) => ({ match: [{ port: 3306 }], route: both(weight) });
    const listed = {
      virtualService: {
        name: 'shop',
        routes: ['primary'],
        tlsRoutes: [{ port: 443, sniHosts: ['shop'] }],
        tcpRoutes: [{ port: 3306 }],
      },
    };

    test('tls alone', () => {
      const live = virtualService({ tls: [tls(0)] });
      expect(routed(live, intent(listed, { weight: 10 }))['spec'].tls).toEqual([tls(10)]);
    });

    test('tcp alone', () => {
      const live = virtualService({ tcp: [tcp(0)] });
      expect(routed(live, intent(listed, { weight: 10 }))['spec'].tcp).toEqual([tcp(10)]);
    });

    test('http alone', () => {
      const live = virtualService({ http: [{ name: 'primary', route: both() }] });
      expect(http(routed(live, intent(listed, { weight: 10 })))).toEqual([{ name: 'primary', route: both(10) }]);
    });

    test('but a listed route that is missing beside others of its kind is an error', () => {
      const live = virtualService({ http: [elsewhere], tls: [tls(0)] });
      expect(() => routed(live, intent(listed))).toThrow("HTTP Route 'primary' is not found");
    });

    test('and where none of the listed kinds is there, the first that is missing is named', () => {
      const onlyHttp = { virtualService: { name: 'shop', routes: ['primary'] } };
      expect(() => routed(virtualService({ tls: [tls(0)] }), intent(onlyHttp))).toThrow("HTTP Route 'primary'");
    });
  });

  test('tcp routes by port', () => {
    const tcp = (port: number, weight: number) => ({ match: [{ port }], route: both(weight) });
    const config = { virtualService: { name: 'shop', tcpRoutes: [{ port: 3306 }] } };
    const spec = routed(virtualService({ tcp: [tcp(3306, 0), tcp(3307, 0)] }), intent(config, { weight: 10 }))['spec'];
    expect(spec.tcp).toEqual([tcp(3306, 10), tcp(3307, 0)]);
  });

  test('of every kind that is there, when nothing is listed', () => {
    const live = virtualService({ http: [{ route: both() }], tcp: [{ route: both() }] });
    const spec = routed(live, intent(unlisted, { weight: 10 }))['spec'];
    expect([spec.http, spec.tcp]).toEqual([[{ route: both(10) }], [{ route: both(10) }]]);
  });

  test('not one of a kind that is not listed and goes elsewhere', () => {
    const tls = [{ match: [{ sniHosts: ['x'] }], route: [to('elsewhere', 100)] }];
    const live = virtualService({ http: [{ name: 'primary', route: both() }], tls });
    expect(routed(live, intent(oneRoute, { weight: 10 }))['spec'].tls).toBe(tls);
  });
});

describe('what cannot be routed is said', () => {
  const failure = (spec: object, config: object, weight = 10): string => {
    try {
      routed(virtualService(spec), intent(config, { weight }));
    } catch (error) {
      return (error as Error).message;
    }
    return 'no error';
  };
  test('a listed route that is missing', () => {
    expect(failure({ http: [elsewhere] }, oneRoute)).toBe(
      "HTTP Route 'primary' is not found in the defined Virtual Service.",
    );
  });
  test('several routes and none listed', () => {
    expect(failure({ http: [{ name: 'a', route: both() }, elsewhere] }, unlisted)).toContain(
      'spec.http[] should be set in VirtualService and it must have exactly one route when omitting',
    );
  });
  test('a tls route that nothing matches', () => {
    const config = { virtualService: { name: 'shop', tlsRoutes: [{ sniHosts: ['x'] }] } };
    expect(failure({ tls: [{ match: [{ sniHosts: ['y'] }], route: both() }] }, config)).toBe(
      'No matching TLS routes found in the defined Virtual Service.',
    );
  });
  test('a route that goes to only one of the versions', () => {
    expect(failure({ http: [{ name: 'primary', route: [to('shop-stable', 100)] }] }, oneRoute)).toContain(
      "Canary Service 'shop-canary' not found in route",
    );
  });
  test('weights that are no percentages', () => {
    expect(() => routed(virtualService({}), intent(oneRoute, { maxWeight: 1000 }))).toThrow('percentages');
  });
});

test.each([
  ['shop', 'shop', undefined],
  ['shop.team', 'shop', 'team'],
  ['my.shop.team', 'my.shop', 'team'],
  ['shop.team.cluster.local', 'shop', 'team'],
  ['shop.team.svc.cluster.local', 'shop', 'team'],
])('the VirtualService %s is %s in namespace %s', (text, name, namespace) => {
  expect(virtualServiceName(text)).toEqual({ name, namespace });
});
