// Where a request goes. Pure: the objects, the request and one number in, a destination out.
import type { ClusterObjects } from '../objects/cluster-objects.ts';
import type { Endpoint, NoEndpoints } from './endpoints.ts';
import { readyEndpoints } from './endpoints.ts';
import type { Backend, ClientRequest, Route } from './route.ts';
import { chooseBackend } from './route.ts';
import type { RouteTable } from './table.ts';

/** Why a request cannot be sent on. `no-weight`: none of the rule's backends has any. */
export type UnservedReason = NoEndpoints | 'no-weight';

export interface Unserved {
  readonly to: 'nobody';
  readonly route: Route;
  /** The one that was chosen; undefined when there was none to choose. */
  readonly backend: Backend | undefined;
  readonly reason: UnservedReason;
}

export type Destination =
  | { readonly to: 'no-route' }
  | { readonly to: 'proxy'; readonly route: Route; readonly status: number; readonly location?: string }
  | Unserved
  | {
      readonly to: 'pods';
      readonly route: Route;
      readonly backend: Backend;
      readonly endpoints: readonly Endpoint[];
    };

/** `draw` in [0, 1) chooses among the weights. */
export function resolve(
  objects: ClusterObjects,
  table: Pick<RouteTable, 'find'>,
  request: ClientRequest,
  draw: number,
): Destination {
  const route = table.find(request);
  if (!route) return { to: 'no-route' };
  if (route.fixed) return { to: 'proxy', route, ...route.fixed };
  const backend = chooseBackend(route.backends, draw);
  if (!backend) return { to: 'nobody', route, backend, reason: 'no-weight' };
  const endpoints = readyEndpoints(objects, backend);
  if (typeof endpoints === 'string') return { to: 'nobody', route, backend, reason: endpoints };
  return { to: 'pods', route, backend, endpoints };
}
