import { PluginError } from '@sluice/plugin-sdk';
import type { RawObject } from '@sluice/kube';
import type { TlsRouteSettings, VirtualServiceSettings } from './settings.ts';
import { sidesIn } from './sides.ts';
import type { Sides } from './sides.ts';
import { destinationsOf, routesOf } from './virtual-service.ts';
import type { Route, RouteKind } from './virtual-service.ts';

/** Positions of the routes whose weights the rollout sets, found by name, match or destinations; valid for the object they were found in. */
export type Selection = Readonly<Record<RouteKind, readonly number[]>>;

/**
 * The routes that the user has listed; of a kind of which nothing is listed, its only route. Routes that steps make (`isManaged`) are never among them. Of a kind that the
 * VirtualService does not have at all, what is listed is left aside where routes of another kind are listed that it has.
 * Throws PluginError `NotFound` or `Invalid` when a listed route is missing, it is not clear which one is meant, or it does not go to both versions.
 */
export function selectRoutes(
  virtualService: RawObject,
  settings: VirtualServiceSettings,
  sides: Sides,
  isManaged: (route: Route) => boolean,
): Selection {
  const [http, tls, tcp] = (['http', 'tls', 'tcp'] as const).map((kind) => routesOf(virtualService, kind));
  const unmanaged = indices(http ?? []).filter((index) => !isManaged(http?.[index] ?? {}));
  const isThere = (routes: readonly Route[] | undefined): boolean => (routes ?? []).length > 0;
  const isListedAndThere =
    (settings.routes.length > 0 && isThere(http)) ||
    (settings.tlsRoutes.length > 0 && isThere(tls)) ||
    (settings.tcpRoutes.length > 0 && isThere(tcp));
  const meant = <T>(wanted: readonly T[], routes: readonly Route[] | undefined): readonly T[] =>
    isListedAndThere && !isThere(routes) ? [] : wanted;
  const listed = {
    http: meant(settings.routes, http).map((name) => namedRoute(http ?? [], unmanaged, name)),
    tls: meant(settings.tlsRoutes, tls).flatMap((wanted) => tlsRoutes(tls ?? [], wanted)),
    tcp: meant(settings.tcpRoutes, tcp).flatMap(({ port }) => tcpRoutes(tcp ?? [], port)),
  };
  const anyListed = settings.routes.length + settings.tlsRoutes.length + settings.tcpRoutes.length > 0;
  const selection = {
    http: settings.routes.length > 0 ? unique(listed.http) : onlyRoute('http', http ?? [], unmanaged, sides, anyListed),
    tls:
      settings.tlsRoutes.length > 0
        ? unique(listed.tls)
        : onlyRoute('tls', tls ?? [], indices(tls ?? []), sides, anyListed),
    tcp:
      settings.tcpRoutes.length > 0
        ? unique(listed.tcp)
        : onlyRoute('tcp', tcp ?? [], indices(tcp ?? []), sides, anyListed),
  };
  const selected = [
    ...selection.http.map((index) => http?.[index]),
    ...selection.tls.map((index) => tls?.[index]),
    ...selection.tcp.map((index) => tcp?.[index]),
  ];
  if (selected.length === 0)
    throw new PluginError('Invalid', `${where(virtualService)}: no route goes to the canary and the stable version`);
  for (const route of selected) requireBothSides(virtualService, route ?? {}, sides);
  return selection;
}

function namedRoute(routes: readonly Route[], unmanaged: readonly number[], name: string): number {
  const index = unmanaged.find((candidate) => routes[candidate]?.name === name);
  if (index === undefined)
    throw new PluginError('NotFound', `HTTP Route '${name}' is not found in the defined Virtual Service.`);
  return index;
}

function tlsRoutes(routes: readonly Route[], wanted: TlsRouteSettings): readonly number[] {
  const found = indices(routes).filter((index) => {
    const matches = routes[index]?.match ?? [];
    const hosts = unique(matches.flatMap(({ sniHosts = [] }) => sniHosts)).sort();
    const wantedHosts = unique(wanted.sniHosts).sort();
    const sameHosts = hosts.length === wantedHosts.length && hosts.every((host, at) => host === wantedHosts[at]);
    return (wantedHosts.length === 0 || sameHosts) && (wanted.port === undefined || hasOnlyPort(matches, wanted.port));
  });
  if (found.length === 0)
    throw new PluginError('NotFound', 'No matching TLS routes found in the defined Virtual Service.');
  return found;
}

function tcpRoutes(routes: readonly Route[], port: number | undefined): readonly number[] {
  const found = indices(routes).filter((index) => port === undefined || hasOnlyPort(routes[index]?.match ?? [], port));
  if (found.length === 0)
    throw new PluginError('NotFound', 'No matching TCP routes found in the defined Virtual Service.');
  return found;
}

function hasOnlyPort(matches: NonNullable<Route['match']>, port: number): boolean {
  const ports = unique(matches.map((match) => match.port));
  return ports.length === 1 && ports[0] === port;
}

/** Of a kind that is not listed. Where routes of another kind are listed, this one may be about something else altogether. */
function onlyRoute(
  kind: RouteKind,
  routes: readonly Route[],
  candidates: readonly number[],
  sides: Sides,
  anyListed: boolean,
): readonly number[] {
  if (candidates.length === 0) return [];
  const concerned = candidates.filter((index) => goesToEither(routes[index] ?? {}, sides));
  if (candidates.length === 1) return concerned;
  if (concerned.length === 0 && anyListed) return [];
  const field = kind === 'http' ? 'routes' : `${kind}Routes`;
  throw new PluginError(
    'Invalid',
    `spec.${kind}[] should be set in VirtualService and it must have exactly one route when omitting spec.strategy.canary.trafficRouting.istio.virtualService.${field}`,
  );
}

function goesToEither(route: Route, sides: Sides): boolean {
  return sidesIn(destinationsOf(route), sides).some((side) => side === 'canary' || side === 'stable');
}

function requireBothSides(virtualService: RawObject, route: Route, sides: Sides): void {
  const present = sidesIn(destinationsOf(route), sides);
  const missing = (['canary', 'stable'] as const).find((side) => !present.includes(side));
  if (missing === undefined) return;
  const [title, service, subset] =
    missing === 'canary'
      ? ['Canary', sides.canaryService, sides.canarySubset]
      : ['Stable', sides.stableService, sides.stableSubset];
  const what = subset === undefined ? `Service '${service}'` : `DestinationRule subset '${subset}'`;
  throw new PluginError('NotFound', `${where(virtualService)}: ${title} ${what} not found in route`);
}

export function where(object: RawObject): string {
  return `${object.kind ?? 'object'} ${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
}

function indices(list: readonly unknown[]): readonly number[] {
  return list.map((_, index) => index);
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
