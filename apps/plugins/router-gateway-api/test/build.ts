// Short ways to write what the tests are about.
import type { RawObject } from '@sluice/kube';
import type { HeaderRoute } from '@sluice/plugin-sdk';
import { routedRoute } from '../src/routed-route.ts';
import type { WantedRoute } from '../src/routed-route.ts';
import type { BackendRef, Rule } from '../src/rules.ts';

export const to = (name: string, weight?: number, more: BackendRef = {}): BackendRef => ({
  group: '',
  kind: 'Service',
  name,
  port: 80,
  ...more,
  ...(weight === undefined ? {} : { weight }),
});

export const rule = (path: string, ...backendRefs: readonly BackendRef[]): Rule => ({
  matches: [{ path: { type: 'PathPrefix', value: path } } as object],
  backendRefs,
});

export const route = (rules: readonly Rule[], metadata: object = {}, kind = 'HTTPRoute'): RawObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind,
  metadata: { name: 'shop', namespace: 'default', ...metadata },
  spec: { parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gateway' }], rules },
});

export const label = { key: 'rollouts.argoproj.io/gatewayapi-canary', value: 'in-progress' };

export function wanted(changes: Partial<WantedRoute> = {}): WantedRoute {
  return {
    rollout: { namespace: 'default', name: 'shop', uid: 'uid-1' },
    canary: { service: 'shop-canary', podTemplateHash: 'hash2' },
    stable: { service: 'shop-stable', podTemplateHash: 'hash1' },
    canaryWeight: 0,
    maxWeight: 100,
    extras: [],
    ports: {},
    headerRoutes: [],
    managedRoutes: [],
    inProgressLabel: label,
    ...changes,
  };
}

export const byHeader = (
  name: string,
  header = 'X-Canary',
  value = 'yes',
  type: 'exact' | 'prefix' | 'regex' = 'exact',
): HeaderRoute => ({
  name,
  match: [{ headerName: header, headerValue: { match: { $case: type, value } } }],
});

export const rules = (live: RawObject): readonly Rule[] => live['spec'].rules;

/** Routed, and the same when it is done again. */
export function settled(live: RawObject, want: WantedRoute): RawObject {
  const once = routedRoute(live, want);
  const twice = routedRoute(once, want);
  if (twice !== once) throw new Error(`does not settle: ${JSON.stringify(once)} then ${JSON.stringify(twice)}`);
  return once;
}
