import type { HeaderRoute, MirrorRoute, RequestMatch, StringMatch } from '@sluice/contracts';
import { sameJson } from '@sluice/kube';
import { areCanary } from './sides.ts';
import type { Sides } from './sides.ts';
import type { Route, RouteDestination } from './virtual-service.ts';
import { destinationsOf } from './virtual-service.ts';

/** Routes that steps make: what they are told by, and what they should be. */
export interface ManagedRoutes {
  /** Names that belong to the rollout, in order of precedence. */
  readonly names: readonly string[];
  readonly headerRoutes: readonly HeaderRoute[];
  readonly mirrorRoutes: readonly MirrorRoute[];
  /** Host of the DestinationRule, where versions are told apart by subset. */
  readonly ruleHost: string | undefined;
}

/**
 * Whether a step of this rollout has made the route: it has a managed name, and goes to this rollout's canary (or mirrors to it). A route of the same name
 * that another rollout or a person has made does not. A route that the user has listed as one to be weighted is never one of them.
 */
export function isManagedRoute(route: Route, managed: ManagedRoutes, sides: Sides, listed: readonly string[]): boolean {
  if (route.name === undefined || !managed.names.includes(route.name) || listed.includes(route.name)) return false;
  return areCanary(route.mirror === undefined ? destinationsOf(route) : [{ destination: route.mirror }], sides);
}

/**
 * All http routes with those of the steps first, in the order of their names, and the others as they are. Routes of steps that are no longer asked for go.
 * `model` is the first route that the rollout weights, with its weights set: mirrors split as it does, and ports are taken from it.
 */
export function withManagedRoutes(
  routes: readonly Route[],
  managed: ManagedRoutes,
  sides: Sides,
  listed: readonly string[],
  model: Route,
): readonly Route[] {
  const isManaged = (route: Route): boolean => isManagedRoute(route, managed, sides, listed);
  const live = routes.filter(isManaged);
  const others = routes.filter((route) => !isManaged(route));
  const wanted = [
    ...managed.headerRoutes.map((route) => headerRoute(route, managed, sides, model)),
    ...managed.mirrorRoutes.map((route) => mirrorRoute(route, managed, sides, model)),
  ].sort((a, b) => rankOf(a, managed.names) - rankOf(b, managed.names));
  // What differs only in how an empty weight is written is the same route.
  const made = wanted.map((route) => live.find((present) => sameRoute(present, route)) ?? route);
  const result = [...made, ...others];
  return result.length === routes.length && result.every((route, index) => route === routes[index]) ? routes : result;
}

function rankOf(route: Route, names: readonly string[]): number {
  const rank = names.indexOf(route.name ?? '');
  return rank < 0 ? names.length : rank;
}

function headerRoute(wanted: HeaderRoute, managed: ManagedRoutes, sides: Sides, model: Route): Route {
  // One entry for each header: any of them is enough.
  const match = wanted.match.map(({ headerName, headerValue }) => ({
    headers: { [headerName]: stringMatch(headerValue) },
  }));
  const destination = canaryDestination(managed, sides, model);
  return { name: wanted.name, ...present({ match }), route: [{ destination, weight: 100 }] } as Route;
}

function mirrorRoute(wanted: MirrorRoute, managed: ManagedRoutes, sides: Sides, model: Route): Route {
  return {
    name: wanted.name,
    ...present({ match: wanted.match.map(requestMatch) }),
    route: destinationsOf(model).map(withoutZeroWeight),
    mirror: canaryDestination(managed, sides, model),
    mirrorPercentage: { value: wanted.percentage },
  } as Route;
}

function canaryDestination(
  managed: ManagedRoutes,
  sides: Sides,
  model: Route,
): NonNullable<RouteDestination['destination']> {
  const port = destinationsOf(model)[0]?.destination?.port?.number;
  return {
    host: managed.ruleHost ?? sides.canaryService,
    ...(sides.canarySubset === undefined ? {} : { subset: sides.canarySubset }),
    ...(port === undefined ? {} : { port: { number: port } }),
  };
}

function requestMatch({ method, path, headers }: RequestMatch): object {
  const fields = Object.entries(headers).map(([name, value]) => [name, stringMatch(value)]);
  return {
    ...(method === undefined ? {} : { method: stringMatch(method) }),
    ...(path === undefined ? {} : { uri: stringMatch(path) }),
    ...(fields.length === 0 ? {} : { headers: Object.fromEntries(fields) as object }),
  };
}

function stringMatch(value: StringMatch | undefined): object {
  return value?.match === undefined ? {} : { [value.match.$case]: value.match.value };
}

/** Without the list where it is empty: that means any request. */
function present({ match }: { readonly match: readonly object[] }): object {
  return match.length === 0 ? {} : { match };
}

function withoutZeroWeight(destination: RouteDestination): RouteDestination {
  const { weight = 0, ...rest } = destination;
  return weight === 0 ? rest : destination;
}

function sameRoute(a: Route, b: Route): boolean {
  const plain = (route: Route): object => ({ ...route, route: destinationsOf(route).map(withoutZeroWeight) });
  return sameJson(plain(a), plain(b));
}
