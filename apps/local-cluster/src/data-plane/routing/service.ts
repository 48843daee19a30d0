// No route at all: a client in the cluster that calls a Service by its name.
import type { ClusterObjects } from '../objects/cluster-objects.ts';
import { serviceOfHost } from './matching.ts';
import type { FindRoute } from './route.ts';

/** Short names are completed with `namespace`, or `default`. */
export function serviceRoutes(objects: ClusterObjects, namespace?: string): FindRoute {
  return ({ host, port }) => {
    const found = serviceOfHost(host, namespace ?? 'default');
    const service = objects.get('services', found.namespace, found.service);
    if (!service || (namespace !== undefined && found.namespace !== namespace)) return undefined;
    // A client that says no port takes the first one.
    const named = service.spec?.ports?.some((p) => p.port === port) ? { port } : {};
    return {
      via: 'service',
      object: `Service ${found.namespace}/${found.service}`,
      rule: host,
      backends: [{ ...found, ...named, weight: 1 }],
      mirrors: [],
    };
  };
}
