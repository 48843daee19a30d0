// The HTTPRoutes that the reference was recorded to leave at each checkpoint: from the manifest's objects and the weights in the Rollout's status.
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { RawObject } from '@sluice/kube';
import type { WantedRoute } from '../src/routed-route.ts';
import type { Rule } from '../src/rules.ts';
import { byHeader, route, rule, settled, to, wanted } from './build.ts';

interface Side {
  readonly serviceName: string;
  readonly podTemplateHash: string;
  readonly weight: number;
}
interface Checkpoint {
  readonly Rollout: {
    readonly shop: {
      readonly status: { readonly canary: { readonly weights: { readonly canary: Side; readonly stable: Side } } };
    };
  };
  readonly HTTPRoute: Readonly<
    Record<string, { readonly labels?: object; readonly annotations: object; readonly spec: object }>
  >;
}

const recorded = (name: string): Readonly<Record<string, Checkpoint>> =>
  JSON.parse(readFileSync(new URL(`../../../../tools/parity/recorded/${name}.json`, import.meta.url), 'utf8'))
    .checkpoints;

const split = [to('shop-stable', 100), to('shop-canary', 0)];
const one = [rule('/', ...split)];
const scenarios: readonly {
  name: string;
  rules: Readonly<Record<string, readonly Rule[]>>;
  at?: Readonly<Record<string, Partial<WantedRoute>>>;
}[] = [
  { name: 'gateway-http-route', rules: { shop: one } },
  { name: 'gateway-abort', rules: { shop: one } },
  { name: 'gateway-several-routes', rules: { shop: one, 'shop-b': one } },
  {
    name: 'gateway-several-rules',
    rules: { shop: [rule('/a', ...split), rule('/b', to('elsewhere', 1)), rule('/c', ...split)] },
  },
  {
    name: 'gateway-header-route',
    rules: { shop: one },
    at: {
      'header route': { managedRoutes: ['by-header'], headerRoutes: [byHeader('by-header')] },
      'header route removed': { managedRoutes: ['by-header'] },
    },
  },
];

describe('the recorded HTTPRoutes', () => {
  test.each(scenarios)('$name', ({ name, rules, at = {} }) => {
    const live = new Map<string, RawObject>(
      Object.entries(rules).map(([object, list]) => [object, route(list, { name: object })]),
    );
    for (const [label, checkpoint] of Object.entries(recorded(name))) {
      const { canary, stable } = checkpoint.Rollout.shop.status.canary.weights;
      const side = ({ serviceName, podTemplateHash }: Side) => ({ service: serviceName, podTemplateHash });
      const want = wanted({ canaryWeight: canary.weight, canary: side(canary), stable: side(stable), ...at[label] });
      for (const [object, before] of live) {
        const after = settled(before, want);
        live.set(object, after);
        const { labels, annotations = {} } = after.metadata;
        expect({ label, object, labels, annotations, spec: after['spec'] }).toEqual({
          label,
          object,
          ...checkpoint.HTTPRoute[object],
        });
      }
    }
  });
});

const folder = new URL('../../../../tools/parity/takeover/', import.meta.url);

describe('the moments that the reference was stopped at', () => {
  const files = readdirSync(folder).filter((file) => file.startsWith('gateway-'));
  test.each(files)('%s needs no write', (file) => {
    const objects = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as readonly RawObject[];
    const find = (kind: string): RawObject => objects.find((object) => object.kind === kind) ?? route([]);
    const { metadata, status } = find('Rollout');
    const live = find('HTTPRoute');
    const want = wanted({
      rollout: { namespace: metadata.namespace ?? '', name: 'shop', uid: metadata.uid ?? '' },
      canaryWeight: status.canary.weights.canary.weight,
    });
    expect(settled(live, want)).toBe(live);
  });
});
