import type { ResourceRef } from '@sluice/kube';

function define(version: string, plural: string, kind: string): ResourceRef {
  return Object.freeze({ group: 'gateway.networking.k8s.io', version, plural, kind, namespaced: true });
}

/** The kinds of routes, under the first part of the names of their settings (`httpRoute`, `httpRoutes`, `httpRouteSelector`). */
export const routeKinds = Object.freeze({
  http: define('v1', 'httproutes', 'HTTPRoute'),
  grpc: define('v1', 'grpcroutes', 'GRPCRoute'),
  tcp: define('v1alpha2', 'tcproutes', 'TCPRoute'),
  tls: define('v1alpha2', 'tlsroutes', 'TLSRoute'),
});
export type RouteKind = keyof typeof routeKinds;
export const routeKindNames = Object.keys(routeKinds) as readonly RouteKind[];

/** Whether rules of this kind can match by header. */
export function hasHeaders(kind: RouteKind): boolean {
  return kind === 'http' || kind === 'grpc';
}
