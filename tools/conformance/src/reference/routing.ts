import type { RouterIntent, RouterRelease } from '@sluice/plugin-sdk';
import type { Backend, Route, RouteRule } from './route-store.ts';

type Sides = Pick<RouterRelease<unknown>, 'rollout' | 'stable' | 'canary'>;

/** The one rule that a rollout shares its traffic in is the one that names both sides; undefined when there is none. */
export function weightedRule(route: Route, { stable, canary }: Sides): RouteRule | undefined {
  return route.rules.find(
    (rule) => rule.name === undefined && [stable, canary].every(({ service }) => names(rule, service)),
  );
}

function names(rule: RouteRule, service: string): boolean {
  return rule.backends.some((backend) => backend.service === service);
}

/** Managed routes carry the rollout in their name, so that equally named ones of two rollouts stay apart. */
export const ruleNameOf = ({ rollout }: Sides, route: string): string => `${rollout.uid}/${route}`;
const isManagedBy = (rule: RouteRule, { rollout }: Sides): boolean => rule.name?.startsWith(`${rollout.uid}/`) ?? false;

/** The route as the intent asks for; the very same object when nothing differs. */
export function withIntent(route: Route, intent: RouterIntent<unknown>): Route {
  const managed = [...headerRules(intent), ...mirrorRules(intent)].toSorted(byPrecedence(intent));
  const others = route.rules.filter((rule) => !isManagedBy(rule, intent));
  const target = weightedRule(route, intent);
  const rules = [...managed, ...others.map((rule) => (rule === target ? withWeights(rule, intent) : rule))];
  return JSON.stringify(rules) === JSON.stringify(route.rules) ? route : { ...route, rules };
}

/** The route without anything that was taken for the rollout; the very same object when nothing was. */
export function withoutRollout(route: Route, release: RouterRelease<unknown>): Route {
  return withIntent(route, {
    ...release,
    configJson: '',
    weight: 0,
    maxWeight: 100,
    extraDestinations: [],
    headerRoutes: [],
    mirrorRoutes: [],
    managedRoutes: [],
  });
}

function withWeights(rule: RouteRule, intent: RouterIntent<unknown>): RouteRule {
  const { rollout, stable, canary, weight, maxWeight, extraDestinations } = intent;
  const extra = extraDestinations.reduce((sum, destination) => sum + destination.weight, 0);
  const weightOf = (backend: Backend): number | undefined => {
    if (backend.service === canary.service) return weight;
    if (backend.service === stable.service) return maxWeight - weight - extra;
    if (backend.addedFor !== rollout.uid) return backend.weight;
    return extraDestinations.find(({ service }) => service === backend.service)?.weight;
  };
  const kept = rule.backends.flatMap((backend) => {
    const share = weightOf(backend);
    return share === undefined ? [] : [{ ...backend, weight: share }];
  });
  const added = extraDestinations
    .filter(({ service }) => !names(rule, service))
    .map(({ service, weight: share }) => ({ service, weight: share, addedFor: rollout.uid }));
  return { ...rule, backends: [...kept, ...added] };
}

function headerRules(intent: RouterIntent<unknown>): RouteRule[] {
  return intent.headerRoutes.map(({ name, match }) => ({
    name: ruleNameOf(intent, name),
    match: JSON.parse(JSON.stringify(match)),
    backends: [{ service: intent.canary.service, weight: intent.maxWeight }],
  }));
}

function mirrorRules(intent: RouterIntent<unknown>): RouteRule[] {
  return intent.mirrorRoutes.map(({ name, match, percentage }) => ({
    name: ruleNameOf(intent, name),
    match: JSON.parse(JSON.stringify(match)),
    mirrorTo: intent.canary.service,
    percentage,
    backends: [{ service: intent.stable.service, weight: intent.maxWeight }],
  }));
}

function byPrecedence(intent: RouterIntent<unknown>): (a: RouteRule, b: RouteRule) => number {
  const order = intent.managedRoutes.map((name) => ruleNameOf(intent, name));
  const rank = (rule: RouteRule): number => order.indexOf(rule.name ?? '');
  return (a, b) => rank(a) - rank(b);
}
