import type { RawObject } from '@sluice/kube';

// The parts of a VirtualService that this router looks at. Everything else in it is carried along unseen.

export interface RouteDestination {
  readonly destination?: {
    readonly host?: string;
    readonly subset?: string;
    readonly port?: { readonly number?: number };
  };
  readonly weight?: number;
}

export interface Route {
  readonly name?: string;
  readonly match?: readonly RouteMatch[];
  readonly route?: readonly RouteDestination[];
  readonly mirror?: RouteDestination['destination'];
}

export interface RouteMatch {
  readonly port?: number;
  readonly sniHosts?: readonly string[];
}

export const routeKinds = ['http', 'tls', 'tcp'] as const;
export type RouteKind = (typeof routeKinds)[number];

export function routesOf(virtualService: RawObject, kind: RouteKind): readonly Route[] {
  const routes: unknown = (virtualService['spec'] as Record<string, unknown> | undefined)?.[kind];
  return Array.isArray(routes) ? (routes as readonly Route[]) : [];
}

/** The same object when the routes are the same. */
export function withRoutes(virtualService: RawObject, kind: RouteKind, routes: readonly Route[]): RawObject {
  if (routes === routesOf(virtualService, kind) || (routes.length === 0 && routesOf(virtualService, kind).length === 0))
    return virtualService;
  return { ...virtualService, spec: { ...(virtualService['spec'] as object), [kind]: routes } };
}

export function destinationsOf(route: Route): readonly RouteDestination[] {
  return Array.isArray(route.route) ? route.route : [];
}
