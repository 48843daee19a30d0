import { expect, test } from 'vitest';
import { readGatewaySettings } from '../src/settings.ts';

const read = (raw: object): ReturnType<typeof readGatewaySettings> => readGatewaySettings(raw as never);

test('a single route takes header routes, listed ones only when they say so', () => {
  const { routes } = read({
    httpRoute: 'a',
    httpRoutes: [{ name: 'b' }, { name: 'c', useHeaderRoutes: true }],
    tcpRoute: 'd',
  });
  expect(routes.map(({ kind, name, useHeaderRoutes }) => [kind, name, useHeaderRoutes])).toEqual([
    ['http', 'b', false],
    ['http', 'c', true],
    ['http', 'a', true],
    ['tcp', 'd', true],
  ]);
});

test('a route that is named twice is one route', () => {
  expect(read({ grpcRoute: 'a', grpcRoutes: [{ name: 'a' }] }).routes).toEqual([
    { kind: 'grpc', name: 'a', useHeaderRoutes: true, path: 'grpcRoutes[0].name' },
  ]);
});

test('selectors become queries', () => {
  const selector = {
    matchLabels: { app: 'shop' },
    matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }],
  };
  expect(read({ tlsRouteSelector: selector }).selectors).toEqual([
    { kind: 'tls', text: 'app=shop,tier in (a,b)', path: 'tlsRouteSelector' },
  ]);
});

test('the label has its usual name, the user’s, or is not wanted', () => {
  expect(read({ httpRoute: 'a' }).inProgressLabel).toEqual({
    key: 'rollouts.argoproj.io/gatewayapi-canary',
    value: 'in-progress',
  });
  expect(read({ httpRoute: 'a', inProgressLabelKey: 'k', inProgressLabelValue: 'v' }).inProgressLabel).toEqual({
    key: 'k',
    value: 'v',
  });
  expect(read({ httpRoute: 'a', disableInProgressLabel: true }).inProgressLabel).toBeUndefined();
});

test('the key configMap of older versions is accepted and means nothing', () => {
  expect(read({ httpRoute: 'a', configMap: 'x' })).toEqual(read({ httpRoute: 'a' }));
});

test.each([
  [{}, 'no route is named'],
  [{ httpRoutes: [{ useHeaderRoutes: true }] }, 'httpRoutes[0].name is required'],
  [{ httpRouteSelector: {} }, 'httpRouteSelector is empty'],
  [{ httpRoute: ['a'] }, 'httpRoute must be text'],
])('the configuration %j is refused', (raw, message) => {
  expect(() => read(raw)).toThrow(message);
});
