import type { RawObject } from '@sluice/kube';
import { isManagedRoute, withManagedRoutes } from './managed-routes.ts';
import type { ManagedRoutes } from './managed-routes.ts';
import { selectRoutes } from './selection.ts';
import type { Selection } from './selection.ts';
import type { VirtualServiceSettings } from './settings.ts';
import type { Sides } from './sides.ts';
import { destinationsOf, routeKinds, routesOf, withRoutes } from './virtual-service.ts';
import type { Route } from './virtual-service.ts';
import { weightOfSide, weighted } from './weights.ts';

/** What one rollout wants of one VirtualService. */
export interface WantedRouting {
  readonly settings: VirtualServiceSettings;
  readonly sides: Sides;
  readonly canaryWeight: number;
  readonly managed: ManagedRoutes;
}

/** The VirtualService as it should be; the same object when it is. Throws PluginError when its routes cannot be told (see selectRoutes). */
export function routedVirtualService(live: RawObject, wanted: WantedRouting): RawObject {
  const { settings, sides, canaryWeight, managed } = wanted;
  const selection = selectionIn(live, wanted);
  let result = live;
  for (const kind of routeKinds) {
    const routes = routesOf(live, kind).map((route, index) => {
      if (!selection[kind].includes(index)) return route;
      const destinations = weighted(destinationsOf(route), canaryWeight, sides);
      return destinations === route.route ? route : { ...route, route: destinations };
    });
    result = withRoutes(result, kind, sameEntries(routes, routesOf(live, kind)));
  }
  const http = routesOf(result, 'http');
  const model = http[selection.http[0] ?? -1];
  // Only http routes can take header and mirror routes.
  if (model === undefined) return result;
  return withRoutes(result, 'http', withManagedRoutes(http, managed, sides, settings.routes, model));
}

/** Without the routes of steps, and nothing else changed: for a VirtualService whose weighted routes are not there (any more). */
export function withoutManagedRoutes(live: RawObject, wanted: WantedRouting): RawObject {
  const { settings, sides, managed } = wanted;
  const kept = routesOf(live, 'http').filter((route) => !isManagedRoute(route, managed, sides, settings.routes));
  return withRoutes(live, 'http', sameEntries(kept, routesOf(live, 'http')));
}

/** What the versions get of a VirtualService now, in percent; the highest where several routes differ. */
export interface PresentShare {
  readonly canary: number;
  readonly stable: number;
  /** Names of the routes of steps: matching requests all go to the canary, whatever its weight. */
  readonly managed: readonly string[];
}

export function presentShare(live: RawObject, wanted: WantedRouting): PresentShare {
  const { sides } = wanted;
  const selection = selectionIn(live, wanted);
  const selected = routeKinds.flatMap((kind) => selection[kind].map((index) => routesOf(live, kind)[index] ?? {}));
  const highest = (side: 'canary' | 'stable'): number =>
    Math.max(0, ...selected.map((route) => weightOfSide(destinationsOf(route), side, sides)));
  return { canary: highest('canary'), stable: highest('stable'), managed: managedNames(live, wanted) };
}

export function managedNames(live: RawObject, { managed, sides, settings }: WantedRouting): readonly string[] {
  return routesOf(live, 'http')
    .filter((route) => isManagedRoute(route, managed, sides, settings.routes))
    .map(({ name = '' }) => name);
}

function selectionIn(live: RawObject, { settings, sides, managed }: WantedRouting): Selection {
  return selectRoutes(live, settings, sides, (route) => isManagedRoute(route, managed, sides, settings.routes));
}

function sameEntries(now: readonly Route[], before: readonly Route[]): readonly Route[] {
  return now.length === before.length && now.every((route, index) => route === before[index]) ? before : now;
}
