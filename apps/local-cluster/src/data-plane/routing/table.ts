// All routes of the cluster, compiled when they have changed.
import type { ClusterObjects } from '../objects/cluster-objects.ts';
import type { KindName } from '../objects/shapes.ts';
import { httpRoutes } from './http-route.ts';
import { ingressRoutes } from './ingress.ts';
import type { ClientRequest, FindRoute, Route, Via } from './route.ts';
import { vias } from './route.ts';
import { serviceRoutes } from './service.ts';
import { virtualServiceRoutes } from './virtual-service.ts';

const compilers: Readonly<Record<Via, (objects: ClusterObjects, namespace?: string) => FindRoute>> = {
  ingress: ingressRoutes,
  'virtual-service': virtualServiceRoutes,
  'http-route': httpRoutes,
  service: serviceRoutes,
};

const viaOf: Partial<Record<KindName, Via>> = {
  ingresses: 'ingress',
  virtualservices: 'virtual-service',
  httproutes: 'http-route',
};

export interface RouteTable {
  /** The rule for a request; undefined when none fits. */
  find(request: ClientRequest): Route | undefined;
  /** An object of this kind has changed in this namespace: what was compiled from it is forgotten. */
  changed(kind: KindName, namespace: string): void;
}

export function createRouteTable(objects: ClusterObjects): RouteTable {
  const compiled = new Map<string, FindRoute>();
  const routesOf = (via: Via, namespace: string | undefined): FindRoute => {
    const key = `${via} ${namespace ?? ''}`;
    let found = compiled.get(key);
    if (!found) compiled.set(key, (found = compilers[via](objects, namespace)));
    return found;
  };
  return {
    find(request) {
      for (const via of request.via ? [request.via] : vias) {
        const found = routesOf(via, request.namespace)(request);
        // A proxy that knows the host answers 404 for a path that it does not know; the next one is not asked.
        if (found !== undefined) return found === 'unmatched' ? undefined : found;
      }
      return undefined;
    },
    changed(kind, namespace) {
      const via = viaOf[kind];
      if (!via) return;
      compiled.delete(`${via} ${namespace}`);
      compiled.delete(`${via} `);
    },
  };
}
