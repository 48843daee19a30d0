// Short ways to write what the tests are about.
import type { RawObject } from '@sluice/kube';
import type { HeaderRoute, MirrorRoute } from '@sluice/plugin-sdk';
import { hashedDestinationRule, hostOf } from '../src/hashed-destination-rule.ts';
import { routedVirtualService } from '../src/routed-virtual-service.ts';
import { readIstioSettings } from '../src/settings.ts';
import type { RouteDestination } from '../src/virtual-service.ts';
import { checkIntent, wantedRouting, wantedSubsets } from '../src/wanted.ts';
import type { IstioIntent } from '../src/wanted.ts';

export const to = (host: string, weight?: number, subset?: string): RouteDestination => ({
  destination: { host, ...(subset === undefined ? {} : { subset }) },
  ...(weight === undefined ? {} : { weight }),
});

export const virtualService = (spec: object, name = 'shop'): RawObject => ({
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'VirtualService',
  metadata: { name, namespace: 'default' },
  spec,
});

export const destinationRule = (subsets: readonly object[], annotations?: Record<string, string>): RawObject => ({
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'DestinationRule',
  metadata: { name: 'shop', namespace: 'default', ...(annotations === undefined ? {} : { annotations }) },
  spec: { host: 'shop', subsets },
});

export const oneRoute = { virtualService: { name: 'shop', routes: ['primary'] } };
export const bySubset = {
  ...oneRoute,
  destinationRule: { name: 'shop', canarySubsetName: 'canary', stableSubsetName: 'stable' },
};

export function intent(config: object, changes: Partial<IstioIntent> = {}): IstioIntent {
  return {
    rollout: { namespace: 'default', name: 'shop', uid: 'uid-1' },
    configJson: JSON.stringify(config),
    config: readIstioSettings(config as never),
    stable: { service: 'shop-stable', podTemplateHash: 'hash1' },
    canary: { service: 'shop-canary', podTemplateHash: 'hash2' },
    weight: 0,
    maxWeight: 100,
    extraDestinations: [],
    headerRoutes: [],
    mirrorRoutes: [],
    managedRoutes: [],
    ...changes,
  };
}

export const headerRoute = (name: string, header = 'X-Canary', value = 'yes'): HeaderRoute => ({
  name,
  match: [{ headerName: header, headerValue: { match: { $case: 'exact', value } } }],
});

export const mirrorRoute = (name: string, percentage = 35): MirrorRoute => ({
  name,
  percentage,
  match: [
    {
      method: { match: { $case: 'exact', value: 'GET' } },
      path: { match: { $case: 'prefix', value: '/' } },
      headers: {},
    },
  ],
});

/** The first VirtualService of the intent, routed. */
export function routed(live: RawObject, asked: IstioIntent, rule?: RawObject): RawObject {
  checkIntent(asked);
  const [settings] = asked.config.virtualServices;
  if (settings === undefined) throw new Error('no VirtualService in the intent');
  return routedVirtualService(live, wantedRouting(asked, settings, rule === undefined ? undefined : hostOf(rule)));
}

export function hashed(live: RawObject, asked: IstioIntent): RawObject {
  const wanted = wantedSubsets(asked, undefined);
  return wanted === undefined ? live : hashedDestinationRule(live, wanted);
}

export const http = (object: RawObject): readonly any[] => object['spec'].http; // eslint-disable-line @typescript-eslint/no-explicit-any -- raw JSON
export const destinations = (object: RawObject): readonly RouteDestination[] =>
  http(object).find((route) => route.name === 'primary').route;
