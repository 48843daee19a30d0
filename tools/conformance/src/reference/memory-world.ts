import type { Routed, RouterWorld, TestRollout } from '../world.ts';
import type { Backend, Route, RouteRule, RouteStore } from './route-store.ts';
import { weightedRule } from './routing.ts';

/** The world of the reference router: its store, with foreign rules around everything. */
export function createMemoryWorld(store: RouteStore): RouterWorld {
  const rollouts: TestRollout[] = [];

  function createRollout(options: Parameters<RouterWorld['createRollout']>[0] = {}): TestRollout {
    const id = `shop-${rollouts.length}`;
    const sharing = options.sharing === undefined ? undefined : routesOf(options.sharing);
    const routes = sharing ?? Array.from({ length: options.routes ?? 1 }, (_, index) => `${id}-route-${index}`);
    const rule = (): RouteRule => ({
      timeoutSeconds: 3,
      backends: [
        { service: `${id}-stable`, weight: 100, port: 80 },
        { service: 'legacy', weight: 0, note: 'kept by its owner' },
        { service: `${id}-canary`, weight: 0, port: 80 },
      ],
    });
    for (const name of routes) {
      if (sharing === undefined) store.add(routeWith(name, rule()));
      else store.edit(name, (route) => ({ ...route, rules: route.rules.toSpliced(1, 0, rule()) }));
    }
    const rollout: TestRollout = {
      rollout: { namespace: 'shop', name: id, uid: `uid-${id}` },
      configJson: JSON.stringify({ routes }),
      stable: { service: `${id}-stable`, podTemplateHash: 'aaa' },
      canary: { service: `${id}-canary`, podTemplateHash: 'bbb' },
      extras: [
        { service: `${id}-extra-1`, podTemplateHash: 'ccc' },
        { service: `${id}-extra-2`, podTemplateHash: 'ddd' },
      ],
    };
    rollouts.push(rollout);
    return rollout;
  }

  const eachRoute = (target: TestRollout, change: (route: Route) => Route): void =>
    routesOf(target).forEach((name) => store.edit(name, change));

  return {
    createRollout: async (options) => createRollout(options),
    routed: async (target) => routedOf(target, presentRoutes(store, target)),
    async foreign() {
      const own = new Set(rollouts.flatMap(({ stable, canary }) => [stable.service, canary.service]));
      const texts = store.names().map((name) => JSON.stringify(foreignPart(store.peek(name), own), null, 1));
      return texts.join('\n');
    },
    writes: async () => store.writes,
    removeRoutes: async (target) => routesOf(target).forEach(store.remove),
    async history(target) {
      return routesOf(target).flatMap((name) => store.history(name).map((route) => routedOf(target, [route])));
    },
    faults: {
      hold: async () => store.hold(),
      async conflict(times) {
        store.conflicts = { left: times, refused: 0 };
        return () => store.conflicts.refused;
      },
      async refuseWrites(target, index) {
        store.refused.add(routesOf(target)[index] ?? '');
      },
      tamper: async (target, weight) => eachRoute(target, (route) => withCanary(route, target, weight)),
      async tamperAfterWrite(target, weight) {
        store.after.push(() => eachRoute(target, (route) => withCanary(route, target, weight)));
      },
      async foreignWriteBeforeWrite(target) {
        const note = (route: Route): Route => ({ ...route, annotations: { ...route.annotations, note: 'changed' } });
        store.before.push(() => eachRoute(target, note));
      },
      async clear() {
        store.release();
        store.conflicts = { left: 0, refused: store.conflicts.refused };
        store.refused.clear();
        store.before.splice(0);
        store.after.splice(0);
      },
    },
  };
}

function routeWith(name: string, rule: RouteRule): Omit<Route, 'version'> {
  return {
    name,
    annotations: { owner: 'team shop', note: 'as it was' },
    rules: [
      { match: { path: '/admin' }, backends: [{ service: 'admin', weight: 100 }], retries: 2 },
      rule,
      { match: { path: '/' }, backends: [{ service: 'fallback', weight: 100 }] },
      { match: { path: '/late' }, backends: [{ service: 'admin', weight: 100 }] },
    ],
  };
}

const routesOf = ({ configJson }: TestRollout): string[] => (JSON.parse(configJson) as { routes: string[] }).routes;

function presentRoutes(store: RouteStore, target: TestRollout): Route[] {
  return routesOf(target).flatMap((name) => store.peek(name) ?? []);
}

function routedOf(target: TestRollout, routes: readonly Route[]): Routed {
  const prefix = `${target.rollout.uid}/`;
  const managed = (isMirror: boolean): string[] => {
    const rules = routes.flatMap((route) => route.rules);
    const own = rules.filter(({ name, mirrorTo }) => name?.startsWith(prefix) && (mirrorTo !== undefined) === isMirror);
    return [...new Set(own.map(({ name = '' }) => name.slice(prefix.length)))];
  };
  return {
    routes: routes.map((route) => ({ name: route.name, weights: weightsIn(weightedRule(route, target)) })),
    headerRoutes: managed(false),
    mirrorRoutes: managed(true),
  };
}

function weightsIn(rule: RouteRule | undefined): Record<string, number> {
  return Object.fromEntries((rule?.backends ?? []).map(({ service, weight }) => [service, weight]));
}

function withCanary(route: Route, target: TestRollout, canaryWeight: number): Route {
  const tampered = (backend: Backend): Backend => {
    if (backend.service === target.canary.service) return { ...backend, weight: canaryWeight };
    if (backend.service === target.stable.service) return { ...backend, weight: 100 - canaryWeight };
    return backend;
  };
  const own = weightedRule(route, target);
  return {
    ...route,
    rules: route.rules.map((rule) => (rule === own ? { ...rule, backends: rule.backends.map(tampered) } : rule)),
  };
}

/** What is left when managed rules, added backends, and the two weights are taken away. */
function foreignPart(route: Route | undefined, own: ReadonlySet<string>): unknown {
  if (route === undefined) return undefined;
  const { version: _version, ...rest } = route;
  return {
    ...rest,
    rules: route.rules
      .filter(({ name }) => name === undefined)
      .map((rule) => ({
        ...rule,
        backends: rule.backends
          .filter(({ addedFor }) => addedFor === undefined)
          .map((backend) => (own.has(backend.service) ? { ...backend, weight: 'ours' } : backend)),
      })),
  };
}
