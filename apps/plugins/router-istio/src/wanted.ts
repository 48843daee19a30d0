import type { RouterIntent, RouterRelease } from '@sluice/plugin-sdk';
import { PluginError } from '@sluice/plugin-sdk';
import type { WantedSubsets } from './hashed-destination-rule.ts';
import type { ManagedRoutes } from './managed-routes.ts';
import type { PresentShare, WantedRouting } from './routed-virtual-service.ts';
import type { IstioSettings, VirtualServiceSettings } from './settings.ts';
import { sidesOf } from './sides.ts';
import { wholeTraffic } from './weights.ts';

export type IstioIntent = RouterIntent<IstioSettings>;
export type IstioRelease = RouterRelease<IstioSettings> & { readonly config: IstioSettings };

/** What the intent means for one VirtualService. `ruleHost` is the host of the DestinationRule, if there is one. */
export function wantedRouting(
  intent: IstioIntent,
  settings: VirtualServiceSettings,
  ruleHost: string | undefined,
): WantedRouting {
  const { headerRoutes, mirrorRoutes, managedRoutes } = intent;
  const made = [...headerRoutes, ...mirrorRoutes].map(({ name }) => name);
  const managed: ManagedRoutes = {
    names: [...new Set([...managedRoutes, ...made])],
    headerRoutes,
    mirrorRoutes,
    ruleHost,
  };
  return { settings, sides: sidesOf(intent), canaryWeight: intent.weight, managed };
}

/** Nothing to the canary, and no route of a step: how a VirtualService is given back. */
export function givenBack(release: IstioRelease, settings: VirtualServiceSettings): WantedRouting {
  const managed: ManagedRoutes = {
    names: release.managedRoutes,
    headerRoutes: [],
    mirrorRoutes: [],
    ruleHost: undefined,
  };
  return { settings, sides: sidesOf(release), canaryWeight: 0, managed };
}

/**
 * The hashes that may be set before the weights are: those of sides that do not lose traffic. A side that loses some keeps its old pods until it has lost
 * it, and one that gains some has its new pods first. `undefined` as share: all of them, for the time after the weights.
 */
export function wantedSubsets(intent: IstioIntent, share: PresentShare | undefined): WantedSubsets | undefined {
  const { destinationRule } = intent.config;
  if (destinationRule === undefined) return undefined;
  const toCanary = intent.headerRoutes.length + intent.mirrorRoutes.length > 0 ? wholeTraffic : intent.weight;
  const toStable = wholeTraffic - intent.weight - intent.extraDestinations.reduce((sum, { weight }) => sum + weight, 0);
  const nowCanary = share === undefined ? 0 : share.managed.length > 0 ? wholeTraffic : share.canary;
  const nowStable = share === undefined ? 0 : share.stable;
  return {
    rollout: intent.rollout.name,
    settings: destinationRule,
    canaryHash: toCanary >= nowCanary ? intent.canary.podTemplateHash : undefined,
    stableHash: toStable >= nowStable ? intent.stable.podTemplateHash : undefined,
    extras: intent.extraDestinations,
    dropEnded: share === undefined,
  };
}

/** Throws PluginError `Invalid` for an intent that no VirtualService can be given. */
export function checkIntent(intent: IstioIntent): void {
  if (intent.maxWeight !== wholeTraffic)
    throw new PluginError(
      'Invalid',
      `maxTrafficWeight ${intent.maxWeight}: weights of Istio are percentages, it must be 100 or absent`,
    );
  requireSides(intent);
  const listed = intent.config.virtualServices.flatMap(({ routes }) => routes);
  const twice = [...intent.headerRoutes, ...intent.mirrorRoutes].find(({ name }) => listed.includes(name));
  if (twice !== undefined)
    throw new PluginError(
      'Invalid',
      `route '${twice.name}' is listed as one to be weighted and cannot be made by a step too`,
      {
        path: 'virtualService.routes',
      },
    );
}

/** Versions are told apart by Service, by subset, or both. */
export function requireSides({ canary, stable, config }: Pick<IstioIntent, 'canary' | 'stable' | 'config'>): void {
  if (config.destinationRule !== undefined) return;
  for (const [title, { service }] of [
    ['canary', canary],
    ['stable', stable],
  ] as const)
    if (service === '')
      throw new PluginError(
        'Invalid',
        `without destinationRule the ${title} version needs a Service of its own: set ${title}Service`,
        {
          path: 'destinationRule',
        },
      );
}
