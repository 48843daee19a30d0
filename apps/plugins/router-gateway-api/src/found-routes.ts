import { isKubeError, resources } from '@sluice/kube';
import type { KubeClient, ObjectKey, RawObject } from '@sluice/kube';
import { PluginError } from '@sluice/plugin-sdk';
import type { RolloutRef } from '@sluice/plugin-sdk';
import { mayBeWrittenBy } from '@sluice/routed-objects';
import { hasHeaders, routeKindNames, routeKinds } from './kinds.ts';
import type { RouteKind } from './kinds.ts';
import type { GatewaySettings } from './settings.ts';

/** A route of the rollout, as read. */
export interface FoundRoute {
  readonly kind: RouteKind;
  readonly key: ObjectKey;
  readonly live: RawObject;
  /** Whether steps may put header routes there. */
  readonly takesHeaderRoutes: boolean;
}

export interface RouteSearch {
  readonly client: KubeClient;
  readonly rollout: RolloutRef;
  readonly config: GatewaySettings;
  readonly signal: AbortSignal;
}

/** The routes that the manifest names or selects. Throws PluginError `NotFound` when one is missing, or there is none at all. */
export async function findRoutes(search: RouteSearch): Promise<readonly FoundRoute[]> {
  const [named, selected] = await Promise.all([namedRoutes(search, 'required'), selectedRoutes(search)]);
  const routes = [
    ...named,
    ...selected.filter(({ key, kind }) => !named.some((route) => route.kind === kind && route.key.name === key.name)),
  ];
  if (routes.length === 0)
    throw new PluginError(
      'NotFound',
      `no route matches ${search.config.selectors.map(({ text }) => text).join(' or ')}`,
    );
  return routes;
}

/** The same, leaving out what is not there. */
export async function findPresentRoutes(search: RouteSearch): Promise<readonly FoundRoute[]> {
  const [named, selected] = await Promise.all([namedRoutes(search, 'optional'), selectedRoutes(search)]);
  return [
    ...named,
    ...selected.filter(({ key, kind }) => !named.some((route) => route.kind === kind && route.key.name === key.name)),
  ];
}

/**
 * Routes of the Rollout's namespace that `writer` has written, of all kinds that are installed: for a rollout whose configuration nobody knows
 * any more.
 */
export async function findWrittenRoutes(
  { client, rollout, signal }: Omit<RouteSearch, 'config'>,
  writer: string,
): Promise<readonly FoundRoute[]> {
  const { namespace } = rollout;
  const lists = await Promise.all(
    routeKindNames.map(async (kind): Promise<FoundRoute[]> => {
      try {
        const { items } = await client.list(routeKinds[kind], { namespace, signal });
        return items
          .filter((live) => mayBeWrittenBy(live, writer))
          .map((live) => ({
            kind,
            key: { namespace, name: live.metadata.name ?? '' },
            live,
            takesHeaderRoutes: false,
          }));
      } catch (error) {
        if (isKubeError(error, 'NotFound')) return [];
        throw error;
      }
    }),
  );
  return lists.flat();
}

async function namedRoutes(
  { client, rollout, config, signal }: RouteSearch,
  presence: 'required' | 'optional',
): Promise<readonly FoundRoute[]> {
  const namespace = config.namespace ?? rollout.namespace;
  const found = await Promise.all(
    config.routes.map(async ({ kind, name, useHeaderRoutes, path }): Promise<FoundRoute[]> => {
      const key = { namespace, name };
      const live = await client.find(routeKinds[kind], key, { signal });
      if (live !== undefined) return [{ kind, key, live, takesHeaderRoutes: useHeaderRoutes && hasHeaders(kind) }];
      if (presence === 'optional') return [];
      throw new PluginError('NotFound', missing(kind, name), { path });
    }),
  );
  return found.flat();
}

export function missing(kind: RouteKind, name: string): string {
  const { plural, group } = routeKinds[kind];
  return `${plural}.${group} "${name}" not found`;
}

async function selectedRoutes({ client, rollout, config, signal }: RouteSearch): Promise<readonly FoundRoute[]> {
  const namespace = config.namespace ?? rollout.namespace;
  const lists = await Promise.all(
    config.selectors.map(async ({ kind, text }) => {
      const { items } = await client.list(routeKinds[kind], { namespace, labelSelector: text, signal });
      return items.map((live) => ({
        kind,
        key: { namespace, name: live.metadata.name ?? '' },
        live,
        takesHeaderRoutes: false,
      }));
    }),
  );
  return lists.flat();
}

/** Port of a Service that traffic is to be sent to: the one called `http`, else the first, else 8080. */
export async function portOf(
  client: KubeClient,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<number> {
  try {
    const service = await client.get(resources.services, { namespace, name }, { signal });
    const ports = (
      (service['spec'] as { ports?: readonly { name?: string; port?: number }[] } | undefined)?.ports ?? []
    ).filter(({ port }) => port !== undefined);
    return (ports.find((port) => port.name === 'http') ?? ports[0])?.port ?? 8080;
  } catch (error) {
    if (!isKubeError(error, 'NotFound')) throw error;
    throw new PluginError('NotFound', `Service ${namespace}/${name} of an experiment is not there (yet)`, {
      cause: error,
    });
  }
}
