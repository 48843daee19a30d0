// The objects that the reference was recorded to leave at each checkpoint: from the manifest's objects and the weights in the Rollout's status.
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { RawObject } from '@sluice/kube';
import type { IstioIntent } from '../src/wanted.ts';
import { managedByAnnotation } from '../src/hashed-destination-rule.ts';
import {
  bySubset,
  destinationRule,
  hashed,
  intent,
  mirrorRoute,
  oneRoute,
  routed,
  to,
  virtualService,
} from './build.ts';

interface Side {
  readonly podTemplateHash: string;
  readonly serviceName?: string;
  readonly weight: number;
}
interface Checkpoint {
  readonly Rollout: { readonly shop: { readonly status: { readonly canary: { readonly weights: Weights } } } };
  readonly VirtualService: Readonly<Record<string, { readonly spec: object }>>;
  readonly DestinationRule?: Readonly<Record<string, { readonly annotations: object; readonly spec: object }>>;
}
interface Weights {
  readonly canary: Side;
  readonly stable: Side;
  readonly additional?: readonly (Side & { readonly serviceName: string })[];
}

const recorded = (name: string): Readonly<Record<string, Checkpoint>> =>
  JSON.parse(readFileSync(new URL(`../../../../tools/parity/recorded/${name}.json`, import.meta.url), 'utf8'))
    .checkpoints;

function asked(
  config: object,
  { canary, stable, additional = [] }: Weights,
  more: Partial<IstioIntent> = {},
): IstioIntent {
  const side = ({ serviceName = '', podTemplateHash }: Side) => ({ service: serviceName, podTemplateHash });
  return intent(config, {
    weight: canary.weight,
    canary: side(canary),
    stable: side(stable),
    extraDestinations: additional.map(({ serviceName, podTemplateHash, weight }) => ({
      service: serviceName,
      podTemplateHash,
      weight,
    })),
    ...more,
  });
}

const spec = (name: string, http: readonly object[] | undefined, more: object = {}): object => ({
  gateways: [`${name}-gateway`],
  hosts: [`${name}.example.com`],
  ...(http === undefined ? {} : { http }),
  ...more,
});
const both = [to('shop-stable', 100), to('shop-canary', 0)];
const twoRoutes = [
  { name: 'primary', match: [{ uri: { prefix: '/' } }], route: both },
  { name: 'other', match: [{ uri: { prefix: '/other' } }], route: [to('elsewhere', 100)], timeout: '5s' },
];
const byHeader: Partial<IstioIntent> = {
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
};

interface Scenario {
  readonly name: string;
  readonly config: object;
  readonly initial: Readonly<Record<string, object>>;
  readonly at?: Readonly<Record<string, Partial<IstioIntent>>>;
}

const tlsRoute = { match: [{ port: 443, sniHosts: ['shop.example.com'] }], route: both };
const scenarios: readonly Scenario[] = [
  { name: 'istio-host-split', config: oneRoute, initial: { shop: spec('shop', twoRoutes) } },
  { name: 'istio-abort', config: oneRoute, initial: { shop: spec('shop', twoRoutes) } },
  { name: 'nginx-and-istio', config: oneRoute, initial: { shop: spec('shop', twoRoutes) } },
  {
    name: 'istio-single-unnamed-route',
    config: { virtualService: { name: 'shop' } },
    initial: { shop: spec('shop', [{ route: both }]) },
  },
  {
    name: 'istio-several-virtual-services',
    config: { virtualServices: [{ name: 'shop', routes: ['primary'] }, { name: 'shop-b' }] },
    initial: { shop: spec('shop', twoRoutes), 'shop-b': spec('shop-b', [{ route: both }]) },
  },
  {
    name: 'istio-tls-route',
    config: { virtualService: { name: 'shop', tlsRoutes: [{ port: 443, sniHosts: ['shop.example.com'] }] } },
    initial: { shop: spec('shop', undefined, { tls: [tlsRoute] }) },
  },
  {
    name: 'istio-subset-split',
    config: bySubset,
    initial: { shop: spec('shop', [{ name: 'primary', route: [to('shop', 100, 'stable'), to('shop', 0, 'canary')] }]) },
  },
  {
    name: 'istio-header-route',
    config: oneRoute,
    initial: { shop: spec('shop', twoRoutes) },
    at: {
      'header route': byHeader,
      'header route removed': { managedRoutes: ['by-header'] },
      promoted: { managedRoutes: ['by-header'] },
    },
  },
  {
    name: 'istio-mirror-route',
    config: oneRoute,
    initial: { shop: spec('shop', twoRoutes) },
    at: {
      mirrored: { managedRoutes: ['mirror'], mirrorRoutes: [mirrorRoute('mirror', 35)] },
      'mirror removed': { managedRoutes: ['mirror'] },
      aborted: { managedRoutes: ['mirror'] },
    },
  },
  {
    name: 'experiment-step-istio-weights',
    config: oneRoute,
    initial: { shop: spec('shop', [{ name: 'primary', route: both }]) },
  },
];

describe('the recorded VirtualServices', () => {
  test.each(scenarios)('$name', ({ name, config, initial, at = {} }) => {
    let live: Record<string, RawObject> = Object.fromEntries(
      Object.entries(initial).map(([object, before]) => [object, virtualService(before, object)]),
    );
    let rule = destinationRule([
      { name: 'canary', labels: { app: 'shop' } },
      { name: 'stable', labels: { app: 'shop' } },
    ]);
    for (const [label, checkpoint] of Object.entries(recorded(name))) {
      const whole = asked(config, checkpoint.Rollout.shop.status.canary.weights, at[label]);
      const routedAll = whole.config.virtualServices.map((settings): [string, RawObject] => {
        const one = { ...whole, config: { ...whole.config, virtualServices: [settings] } };
        return [
          settings.name,
          routed(live[settings.name] ?? virtualService({}), one, whole.config.destinationRule && rule),
        ];
      });
      live = Object.fromEntries(routedAll);
      for (const [object, { spec: wanted }] of Object.entries(checkpoint.VirtualService))
        expect({ label, object, spec: live[object]?.['spec'] }).toEqual({ label, object, spec: wanted });
      if (checkpoint.DestinationRule === undefined) continue;
      rule = hashed(rule, whole);
      expect(rule['spec']).toEqual(checkpoint.DestinationRule['shop']?.spec);
      expect(rule.metadata.annotations).toEqual({ [managedByAnnotation]: 'shop' });
    }
  });
});

interface Stored extends RawObject {
  readonly kind: string;
}
const moments = ['istio-host-split', 'istio-header-route', 'istio-subset-split'];
const folder = new URL('../../../../tools/parity/takeover/', import.meta.url);

describe('the moments that the reference was stopped at', () => {
  const files = readdirSync(folder).filter((file) => moments.some((name) => file.startsWith(`${name}--`)));
  test.each(files)('%s needs no write', (file) => {
    const objects = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as readonly Stored[];
    const find = (kind: string): RawObject => objects.find((object) => object.kind === kind) ?? virtualService({});
    const { metadata, spec: rollout, status } = find('Rollout') as RawObject;
    const { trafficRouting } = rollout.strategy.canary;
    const headers = file.endsWith('--header-route.json') ? byHeader : { managedRoutes: ['by-header'] };
    const whole = asked(trafficRouting.istio, status.canary.weights as Weights, {
      ...headers,
      rollout: { namespace: metadata.namespace ?? '', name: 'shop', uid: metadata.uid ?? '' },
    });
    const live = find('VirtualService');
    const rule = objects.find(({ kind }) => kind === 'DestinationRule');
    expect(routed(live, whole, rule)).toBe(live);
    if (rule !== undefined) expect(hashed(rule, whole)).toBe(rule);
  });
});
