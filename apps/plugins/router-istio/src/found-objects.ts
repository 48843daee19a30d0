import type { KubeClient, ObjectKey, RawObject, ResourceRef } from '@sluice/kube';
import { isKubeError } from '@sluice/kube';
import { PluginError } from '@sluice/plugin-sdk';
import { hostOf } from './hashed-destination-rule.ts';
import { presentShare } from './routed-virtual-service.ts';
import type { PresentShare, WantedRouting } from './routed-virtual-service.ts';
import type { VirtualServiceSettings } from './settings.ts';
import { wantedRouting } from './wanted.ts';
import type { IstioIntent } from './wanted.ts';

export interface Refs {
  readonly virtualServices: ResourceRef;
  readonly destinationRules: ResourceRef;
}

export function refsOf(version: string): Refs {
  const shared = { group: 'networking.istio.io', version, namespaced: true };
  return {
    virtualServices: { ...shared, plural: 'virtualservices', kind: 'VirtualService' },
    destinationRules: { ...shared, plural: 'destinationrules', kind: 'DestinationRule' },
  };
}

/** Objects of one rollout as read together. */
export interface Found {
  readonly rule: RawObject | undefined;
  readonly virtualServices: readonly FoundVirtualService[];
}

export interface FoundVirtualService {
  readonly key: ObjectKey;
  readonly live: RawObject;
  readonly wanted: WantedRouting;
}

/** Reads all objects that the intent's configuration names. Throws PluginError `NotFound` when one is missing. */
export async function readObjects(
  client: KubeClient,
  refs: Refs,
  intent: IstioIntent,
  signal: AbortSignal,
): Promise<Found> {
  const { rollout, config } = intent;
  const keys = config.virtualServices.map((settings) => virtualServiceKey(settings, rollout.namespace));
  const [rule, ...objects] = await Promise.all([
    config.destinationRule === undefined
      ? undefined
      : get(client, refs.destinationRules, { namespace: rollout.namespace, name: config.destinationRule.name }, signal),
    ...keys.map((key) => get(client, refs.virtualServices, key, signal)),
  ]);
  const ruleHost = rule === undefined ? undefined : hostOf(rule);
  const virtualServices = config.virtualServices.map((settings, index) => ({
    key: keys[index] as ObjectKey,
    live: objects[index] as RawObject,
    wanted: wantedRouting(intent, settings, ruleHost),
  }));
  return { rule, virtualServices };
}

/** Who misses one of these finds it under `VirtualServiceNotFound` or `DestinationRuleNotFound`. */
async function get(client: KubeClient, ref: ResourceRef, key: ObjectKey, signal: AbortSignal): Promise<RawObject> {
  try {
    return await client.get(ref, key, { signal });
  } catch (cause) {
    if (!isKubeError(cause, 'NotFound')) throw cause;
    throw new PluginError('NotFound', cause.message, { cause, reason: `${ref.kind}NotFound` });
  }
}

export function virtualServiceKey({ name, namespace }: VirtualServiceSettings, rolloutNamespace: string): ObjectKey {
  return { name, namespace: namespace ?? rolloutNamespace };
}

/** What the versions get now; of several VirtualServices the highest. */
export function shareOf({ virtualServices }: Found): PresentShare {
  const shares = virtualServices.map(({ live, wanted }) => presentShare(live, wanted));
  return {
    canary: Math.max(0, ...shares.map(({ canary }) => canary)),
    stable: Math.max(0, ...shares.map(({ stable }) => stable)),
    managed: shares.flatMap(({ managed }) => managed),
  };
}
