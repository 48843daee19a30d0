import type { KubeClient } from '@sluice/kube';
import type { Problem, RouterCheck } from '@sluice/plugin-sdk';
import { findPresentRoutes, missing } from './found-routes.ts';
import { requireBothSides } from './routed-route.ts';
import type { WantedRoute } from './routed-route.ts';
import type { GatewaySettings } from './settings.ts';

/** What is wrong with the routes that a configuration names, each with the path of the setting that names it. Reads only. */
export async function findProblems(
  client: KubeClient,
  check: RouterCheck<GatewaySettings>,
  wanted: WantedRoute,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const { rollout, config } = check;
  const routes = await findPresentRoutes({ client, rollout, config, signal });
  const absent = config.routes
    .filter(({ kind, name }) => !routes.some((route) => route.kind === kind && route.key.name === name))
    .map(({ kind, name, path }) => ({ path, message: missing(kind, name) }));
  const unfit = routes.flatMap(({ kind, key, live }): Problem[] => {
    const path =
      config.routes.find((route) => route.kind === kind && route.name === key.name)?.path ?? `${kind}RouteSelector`;
    try {
      requireBothSides(live, wanted);
      return [];
    } catch (error) {
      return [{ path, message: (error as Error).message }];
    }
  });
  if (routes.length === 0 && absent.length === 0)
    return config.selectors.map(({ path, text }) => ({ path, message: `no route matches ${text}` }));
  return [...absent, ...unfit];
}
