import { parse } from 'yaml';
import type { TestRollout } from './world.ts';

interface FixtureFile {
  readonly rollout?: { readonly namespace?: string; readonly name?: string; readonly uid?: string };
  readonly config?: object;
  readonly stable?: { readonly service?: string; readonly podTemplateHash?: string };
  readonly canary?: { readonly service?: string; readonly podTemplateHash?: string };
}

/**
 * Reads a fixture:
 *
 *     rollout: { namespace: shop, name: cart, uid: 0b1c… }
 *     config: { stableIngress: cart }     # as under trafficRouting.NAME of the manifest
 *     stable: { service: cart, podTemplateHash: 6d4cf56db6 }
 *     canary: { service: cart-canary, podTemplateHash: 7c9f8bd5b4 }
 *
 * Throws an Error that says what is missing.
 */
export function fixtureOf(yaml: string): TestRollout {
  const { rollout, config, stable, canary } = (parse(yaml) ?? {}) as FixtureFile;
  const { namespace, name, uid } = rollout ?? {};
  if (namespace === undefined || name === undefined || uid === undefined)
    throw new Error(
      'the fixture needs rollout.namespace, rollout.name and rollout.uid (kubectl get rollout NAME -o yaml has them)',
    );
  if (config === undefined)
    throw new Error('the fixture needs config: the part of the manifest below trafficRouting.NAME');
  return {
    rollout: { namespace, name, uid },
    configJson: JSON.stringify(config),
    stable: { service: stable?.service ?? '', podTemplateHash: stable?.podTemplateHash ?? '' },
    canary: { service: canary?.service ?? '', podTemplateHash: canary?.podTemplateHash ?? '' },
  };
}
