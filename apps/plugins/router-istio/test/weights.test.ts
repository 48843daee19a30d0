import { describe, expect, test } from 'vitest';
import type { ExtraDestination } from '@sluice/plugin-sdk';
import type { RouteDestination } from '../src/virtual-service.ts';
import { bySubset, destinations, intent, oneRoute, routed, to, virtualService } from './build.ts';

const split = (route: readonly RouteDestination[]): ReturnType<typeof virtualService> =>
  virtualService({ http: [{ name: 'primary', route }] });
const extra = (service: string, weight: number): ExtraDestination => ({
  service,
  weight,
  podTemplateHash: `of-${service}`,
});

const withLegacy = { ...oneRoute, destinationRule: { ...bySubset.destinationRule, additionalSubsetNames: ['legacy'] } };

describe('weights of one route', () => {
  const cases: readonly {
    name: string;
    route: readonly RouteDestination[];
    config?: object;
    weight: number;
    extras?: readonly ExtraDestination[];
    wanted: readonly RouteDestination[];
  }[] = [
    {
      name: 'stable gets what the canary leaves',
      route: [to('shop-stable', 100), to('shop-canary', 0)],
      weight: 20,
      wanted: [to('shop-stable', 80), to('shop-canary', 20)],
    },
    {
      name: 'the destination of an experiment is put last and taken from stable',
      route: [to('shop-stable', 80), to('shop-canary', 20)],
      weight: 20,
      extras: [extra('exp-a', 10)],
      wanted: [to('shop-stable', 70), to('shop-canary', 20), to('exp-a', 10)],
    },
    {
      name: 'several of them by name',
      route: [to('shop-stable', 80), to('shop-canary', 20)],
      weight: 20,
      extras: [extra('exp-b', 5), extra('exp-a', 10)],
      wanted: [to('shop-stable', 65), to('shop-canary', 20), to('exp-a', 10), to('exp-b', 5)],
    },
    {
      name: 'the destination of an ended experiment goes',
      route: [to('shop-stable', 70), to('shop-canary', 20), to('exp-a', 10)],
      weight: 40,
      wanted: [to('shop-stable', 60), to('shop-canary', 40)],
    },
    {
      name: 'a subset that is listed to be left alone keeps its share',
      route: [to('shop', 90, 'stable'), to('shop', 0, 'canary'), to('shop', 10, 'legacy')],
      config: withLegacy,
      weight: 30,
      wanted: [to('shop', 60, 'stable'), to('shop', 30, 'canary'), to('shop', 10, 'legacy')],
    },
    {
      name: 'an unknown destination with traffic goes: the sum would be wrong',
      route: [to('shop-stable', 50), to('shop-canary', 0), to('other', 50)],
      weight: 10,
      wanted: [to('shop-stable', 90), to('shop-canary', 10)],
    },
    {
      name: 'an unknown destination without traffic stays',
      route: [to('shop-stable', 100), to('shop-canary', 0), to('shop', 0, 'legacy')],
      weight: 10,
      wanted: [to('shop-stable', 90), to('shop-canary', 10), to('shop', 0, 'legacy')],
    },
    {
      name: 'an absent weight is nothing, and stays absent when nothing is wanted',
      route: [to('shop-stable', 100), to('shop-canary')],
      weight: 0,
      wanted: [to('shop-stable', 100), to('shop-canary')],
    },
    {
      name: 'full names of this namespace are the same hosts',
      route: [to('shop-stable.default.svc.cluster.local', 100), to('shop-canary.default', 0)],
      weight: 5,
      wanted: [to('shop-stable.default.svc.cluster.local', 95), to('shop-canary.default', 5)],
    },
    {
      name: 'a Service of the same name in another namespace is somebody else’s where the route names ours too',
      route: [to('shop-stable', 100), to('shop-canary', 0), to('shop-canary.elsewhere.svc.cluster.local', 0)],
      weight: 5,
      wanted: [to('shop-stable', 95), to('shop-canary', 5), to('shop-canary.elsewhere.svc.cluster.local', 0)],
    },
    {
      name: 'the first label of a host counts where the route names the Service in no other way',
      route: [to('shop-stable.mesh.example.com', 100), to('shop-canary.mesh.example.com', 0)],
      weight: 5,
      wanted: [to('shop-stable.mesh.example.com', 95), to('shop-canary.mesh.example.com', 5)],
    },
  ];
  test.each(cases)('$name', ({ route, config = oneRoute, weight, extras = [], wanted }) => {
    const asked = intent(config, { weight, extraDestinations: [...extras] });
    const once = routed(split(route), asked);
    expect(destinations(once)).toEqual(wanted);
    expect(routed(once, asked)).toBe(once);
  });
});

test('fields beside the weight stay: ports, headers, what this router does not know', () => {
  const destination = {
    destination: { host: 'shop-canary', port: { number: 80 } },
    weight: 0,
    headers: { request: { set: { a: 'b' } } },
  };
  const live = virtualService({
    hosts: ['shop'],
    exportTo: ['.'],
    http: [{ name: 'primary', timeout: '5s', retries: { attempts: 3 }, route: [to('shop-stable', 100), destination] }],
  });
  expect(routed(live, intent(oneRoute, { weight: 20 }))['spec']).toEqual({
    hosts: ['shop'],
    exportTo: ['.'],
    http: [
      {
        name: 'primary',
        timeout: '5s',
        retries: { attempts: 3 },
        route: [to('shop-stable', 80), { ...destination, weight: 20 }],
      },
    ],
  });
});
