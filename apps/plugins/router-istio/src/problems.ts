import type { Problem } from '@sluice/contracts';
import { isKubeError } from '@sluice/kube';
import type { KubeClient } from '@sluice/kube';
import { PluginError } from '@sluice/plugin-sdk';
import type { RouterCheck } from '@sluice/plugin-sdk';
import { virtualServiceKey } from './found-objects.ts';
import type { Refs } from './found-objects.ts';
import { hashedDestinationRule } from './hashed-destination-rule.ts';
import { presentShare } from './routed-virtual-service.ts';
import type { DestinationRuleSettings, IstioSettings, VirtualServiceSettings } from './settings.ts';
import { routesOf } from './virtual-service.ts';
import { givenBack } from './wanted.ts';

interface Looking {
  readonly client: KubeClient;
  readonly refs: Refs;
  readonly check: RouterCheck<IstioSettings>;
  readonly signal: AbortSignal;
}

/** What is wrong with the objects that a configuration names, each with the path of the setting that names it. Reads only. */
export async function findProblems(looking: Looking): Promise<readonly Problem[]> {
  const { destinationRule, virtualServices } = looking.check.config;
  const problems = await Promise.all([
    destinationRule === undefined ? [] : ruleProblems(looking, destinationRule),
    ...virtualServices.map((settings) => virtualServiceProblems(looking, settings)),
  ]);
  return problems.flat();
}

function ruleProblems({ client, refs, check, signal }: Looking, settings: DestinationRuleSettings): Promise<Problem[]> {
  return problemsAt('destinationRule', async () => {
    const key = { namespace: check.rollout.namespace, name: settings.name };
    const live = await client.get(refs.destinationRules, key, { signal });
    const unhashed = { canaryHash: undefined, stableHash: undefined, extras: [], dropEnded: false };
    hashedDestinationRule(live, { rollout: check.rollout.name, settings, ...unhashed });
  });
}

function virtualServiceProblems(
  { client, refs, check, signal }: Looking,
  settings: VirtualServiceSettings,
): Promise<Problem[]> {
  return problemsAt(settings.path, async () => {
    const live = await client.get(refs.virtualServices, virtualServiceKey(settings, check.rollout.namespace), {
      signal,
    });
    // Which routes steps have made is not known here: any may be that goes only to the canary.
    const managedRoutes = routesOf(live, 'http').map(({ name = '' }) => name);
    presentShare(live, givenBack({ ...check, managedRoutes }, settings));
  });
}

async function problemsAt(path: string, look: () => Promise<void>): Promise<Problem[]> {
  try {
    await look();
    return [];
  } catch (error) {
    if (isKubeError(error, 'NotFound'))
      return [{ path: `${path}.name`, message: error.serverMessage ?? error.message }];
    if (error instanceof PluginError) return [{ path, message: error.message }];
    throw error;
  }
}
