import { PluginError } from '@sluice/plugin-sdk';
import type { Call, JsonObject, Observed, Router, RouterIntent, RouterRelease } from '@sluice/plugin-sdk';
import { StoreError } from './route-store.ts';
import type { Route, Routes } from './route-store.ts';
import { weightedRule, withIntent, withoutRollout } from './routing.ts';

export interface MemoryRouterConfig {
  readonly routes: readonly string[];
}

const mostTries = 5;

/** A router that keeps the contract, over routes in memory: what the suite is tried on, and an example of each rule. */
export function createMemoryRouter(routes: Routes, tries = mostTries): Router<MemoryRouterConfig> {
  /** Changes one route, again from a fresh read when somebody else was first (R9). */
  async function change(name: string, call: Call, to: (route: Route) => Route): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const route = await routes.get(name, call.signal);
        const changed = to(route);
        if (changed !== route) await routes.replace(changed, call.signal);
        return;
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        if (error.code !== 'Conflict' || attempt >= tries) throw asPluginError(error);
      }
    }
  }

  async function observed(intent: RouterIntent<MemoryRouterConfig>, call: Call): Promise<Observed> {
    const weights: number[] = [];
    const outOfSync: string[] = [];
    for (const name of intent.config.routes) {
      const route = await read(name, call);
      const backends = weightedRule(route, intent)?.backends ?? [];
      weights.push(backends.find(({ service }) => service === intent.canary.service)?.weight ?? 0);
      if (withIntent(route, intent) !== route) outOfSync.push(name);
    }
    return {
      inSync: outOfSync.length === 0,
      canaryWeight: Math.max(0, ...weights),
      detail: outOfSync.length === 0 ? '' : `not as asked for: ${outOfSync.join(', ')}`,
    };
  }

  async function read(name: string, call: Call): Promise<Route> {
    try {
      return await routes.get(name, call.signal);
    } catch (error) {
      throw error instanceof StoreError ? asPluginError(error) : error;
    }
  }

  function asked(route: Route, intent: RouterIntent<MemoryRouterConfig>): Route {
    if (weightedRule(route, intent) !== undefined) return withIntent(route, intent);
    const { stable, canary } = intent;
    throw new PluginError('NotFound', `route ${route.name} has no rule with ${stable.service} and ${canary.service}`);
  }

  return {
    config: readConfig,
    async apply(intent, call) {
      for (const name of intent.config.routes) await change(name, call, (route) => asked(route, intent));
      return observed(intent, call);
    },
    observe: observed,
    async release(release: RouterRelease<MemoryRouterConfig>, call) {
      // Without a configuration every route is looked at: in one that is not this rollout's there is nothing to change.
      for (const name of release.config?.routes ?? (await routes.list(call.signal))) {
        try {
          await change(name, call, (route) => withoutRollout(route, release));
        } catch (error) {
          // What is gone holds nothing that could be given back (R7).
          if (!(error instanceof PluginError) || error.code !== 'NotFound') throw error;
        }
      }
    },
  };
}

function readConfig(raw: JsonObject): MemoryRouterConfig {
  const routes = raw['routes'];
  if (!Array.isArray(routes) || routes.length === 0 || !routes.every((name) => typeof name === 'string'))
    throw new PluginError('Invalid', 'routes must list the names of one or several routes', { path: 'routes' });
  return { routes: routes as string[] };
}

function asPluginError(error: StoreError): PluginError {
  const code = error.code === 'Refused' ? 'Unavailable' : error.code;
  return new PluginError(code, error.message, { cause: error });
}
