// Short ways to write what the tests are about.
import type { RawObject } from '@sluice/kube';
import { canaryIngress, updatedCanaryIngress } from '../src/canary-ingress.ts';
import type { WantedSplit } from '../src/canary-ingress.ts';
import { readNginxSettings } from '../src/settings.ts';

export const path = (service: string, at = '/'): object => ({
  path: at,
  pathType: 'Prefix',
  backend: { service: { name: service, port: { number: 80 } } },
});
export const rule = (host: string, ...paths: readonly object[]): object => ({ host, http: { paths } });

export const ingress = (
  name: string,
  rules: readonly object[],
  more: { readonly spec?: object; readonly metadata?: object } = {},
): RawObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name, namespace: 'default', ...more.metadata },
  spec: { ingressClassName: 'nginx', rules, ...more.spec },
});

export function split(config: object = { stableIngress: 'shop' }, changes: Partial<WantedSplit> = {}): WantedSplit {
  return {
    rollout: { namespace: 'default', name: 'shop', uid: 'uid-1' },
    settings: readNginxSettings(config as never),
    stableService: 'shop-stable',
    canaryService: 'shop-canary',
    weight: 0,
    maxWeight: 100,
    ...changes,
  };
}

/** What a canary Ingress is after a call, made or updated. */
export function after(live: RawObject | undefined, stable: RawObject, wanted: WantedSplit): RawObject {
  return live === undefined ? canaryIngress(stable, wanted) : updatedCanaryIngress(live, stable, wanted);
}
