import type { RawObject } from '@sluice/kube';
import { PluginError } from '@sluice/plugin-sdk';
import type { Destination, ExtraDestination, HeaderRoute, RolloutRef } from '@sluice/plugin-sdk';
import { isHeaderRule, withHeaderRules } from './header-rules.ts';
import { notedExtras, withNotedExtras } from './noted-extras.ts';
import { rulesOf, where, withRules } from './rules.ts';
import type { Rule } from './rules.ts';
import type { GatewaySettings } from './settings.ts';
import { has } from './sides.ts';
import type { Sides } from './sides.ts';
import { canaryWeightIn, weighted } from './weights.ts';

/** What one rollout wants of one route. */
export interface WantedRoute {
  readonly rollout: RolloutRef;
  readonly canary: Destination;
  readonly stable: Destination;
  readonly canaryWeight: number;
  readonly maxWeight: number;
  readonly extras: readonly ExtraDestination[];
  /** Port of each extra destination's Service. */
  readonly ports: Readonly<Record<string, number>>;
  /** Empty where the route takes none. */
  readonly headerRoutes: readonly HeaderRoute[];
  /** Names that belong to the rollout. */
  readonly managedRoutes: readonly string[];
  readonly inProgressLabel: GatewaySettings['inProgressLabel'];
}

/** The route as it should be; the same object when it is. */
export function routedRoute(live: RawObject, wanted: WantedRoute): RawObject {
  const { rollout, canaryWeight, maxWeight, extras, ports, headerRoutes } = wanted;
  const sides = sidesIn(live, wanted);
  const split = { sides, canaryWeight, maxWeight, ports };
  const rules = weighted(rulesOf(live), split, (rule) => isManaged(rule, wanted, sides));
  const routed = withRules(live, withHeaderRules(rules, headerRoutes, namesOf(wanted), sides));
  const noted = withNotedExtras(
    routed,
    rollout.name,
    extras.map(({ service }) => service),
  );
  return withInProgressLabel(noted, wanted, canaryWeightOf(live, wanted));
}

/** Share that the canary gets of the route now; the highest where rules differ. */
export function canaryWeightOf(live: RawObject, wanted: WantedRoute): number {
  const sides = sidesIn(live, wanted);
  const { maxWeight } = wanted;
  return canaryWeightIn(rulesOf(live), { sides, maxWeight }, (rule) => isManaged(rule, wanted, sides));
}

/** Throws PluginError `NotFound` for a route that does not go to both versions. */
export function requireBothSides(live: RawObject, wanted: WantedRoute): void {
  const sides = sidesIn(live, wanted);
  for (const side of ['canary', 'stable'] as const)
    if (!rulesOf(live).some((rule) => has(rule, side, sides)))
      throw new PluginError(
        'NotFound',
        `${where(live)}: no rule has a backendRef to the ${side} Service '${wanted[side].service}'`,
      );
}

/** Whether some rule goes to both versions. */
export function isSplit(live: RawObject, wanted: WantedRoute): boolean {
  const sides = sidesIn(live, wanted);
  return rulesOf(live).some((rule) => has(rule, 'canary', sides) && has(rule, 'stable', sides));
}

/** Names of the header rules of this rollout. */
export function headerRuleNames(live: RawObject, wanted: WantedRoute): readonly string[] {
  const sides = sidesIn(live, wanted);
  return rulesOf(live)
    .filter((rule) => isManaged(rule, wanted, sides))
    .map(({ name = '' }) => name);
}

function sidesIn(live: RawObject, { rollout, canary, stable, extras }: WantedRoute): Sides {
  return { rollout, canary, stable, extras, noted: notedExtras(live, rollout.name) };
}

function isManaged(rule: Rule, wanted: WantedRoute, sides: Sides): boolean {
  return isHeaderRule(rule, namesOf(wanted), sides);
}

function namesOf({ managedRoutes, headerRoutes }: WantedRoute): readonly string[] {
  return [...managedRoutes, ...headerRoutes.map(({ name }) => name)];
}

/**
 * The label is taken off by the rollout whose canary loses its traffic with this very change. Where it had none, the label may be that of another rollout
 * on the same route.
 */
function withInProgressLabel(
  route: RawObject,
  { inProgressLabel, canaryWeight }: WantedRoute,
  before: number,
): RawObject {
  if (inProgressLabel === undefined) return route;
  const { key, value } = inProgressLabel;
  const { labels, ...unlabelled } = route.metadata;
  const isSet = labels?.[key] === value;
  if (canaryWeight !== 0)
    return isSet ? route : { ...route, metadata: { ...route.metadata, labels: { ...labels, [key]: value } } };
  if (!isSet || before === 0) return route;
  const { [key]: _, ...others } = labels ?? {};
  return { ...route, metadata: Object.keys(others).length === 0 ? unlabelled : { ...route.metadata, labels: others } };
}
