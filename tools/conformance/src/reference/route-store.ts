import type { Json } from '@sluice/plugin-sdk';

/** Where one rule sends requests. Fields that are not known here are kept. */
export interface Backend {
  readonly service: string;
  readonly weight: number;
  /** The uid of the rollout that added it; absent where a user wrote it. */
  readonly addedFor?: string;
  readonly [other: string]: Json | undefined;
}

export interface RouteRule {
  readonly name?: string;
  readonly match?: Json;
  readonly mirrorTo?: string;
  readonly backends: readonly Backend[];
  readonly [other: string]: Json | readonly Backend[] | undefined;
}

/** A route as some proxy might read it: rules in order, the first that matches counts. */
export interface Route {
  readonly name: string;
  readonly version: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly rules: readonly RouteRule[];
}

export type StoreErrorCode = 'NotFound' | 'Conflict' | 'Refused';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a router sees of the API. */
export interface Routes {
  /** Throws StoreError `NotFound`. */
  get(name: string, signal: AbortSignal): Promise<Route>;
  /** Names of all routes. */
  list(signal: AbortSignal): Promise<readonly string[]>;
  /** Writes it if it is still at `version`; throws StoreError `Conflict` otherwise. */
  replace(route: Route, signal: AbortSignal): Promise<Route>;
}

/** An API for routes in memory, with everything that can go wrong with a real one. */
export interface RouteStore extends Routes {
  /** Changes a route as another writer does: at once, uncounted, with a new version. */
  edit(name: string, change: (route: Route) => Route): void;
  add(route: Omit<Route, 'version'>): void;
  remove(name: string): void;
  /** As it is, without going through the API. */
  peek(name: string): Route | undefined;
  names(): readonly string[];
  /** How many writes of the router were carried out. */
  readonly writes: number;
  /** The route after each change since it was added. */
  history(name: string): readonly Route[];
  /** Stops answering until `release`. */
  hold(): void;
  release(): void;
  conflicts: { left: number; refused: number };
  readonly refused: Set<string>;
  /** Run once, before or after the router's next write. */
  readonly before: (() => void)[];
  readonly after: (() => void)[];
}

export function createRouteStore(): RouteStore {
  const routes = new Map<string, Route>();
  const histories = new Map<string, Route[]>();
  let held: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  let writes = 0;

  function put(route: Route): Route {
    const stored = { ...structuredClone(route), version: (routes.get(route.name)?.version ?? 0) + 1 };
    routes.set(route.name, stored);
    histories.set(route.name, [...(histories.get(route.name) ?? []), stored]);
    return stored;
  }

  async function answering(signal: AbortSignal): Promise<void> {
    await Promise.resolve();
    while (held !== undefined) await Promise.race([held.promise, aborted(signal)]);
    signal.throwIfAborted();
  }

  const store: RouteStore = {
    async get(name, signal) {
      await answering(signal);
      const route = routes.get(name);
      if (route === undefined) throw new StoreError('NotFound', `there is no route ${name}`);
      return structuredClone(route);
    },
    async list(signal) {
      await answering(signal);
      return [...routes.keys()];
    },
    async replace(route, signal) {
      await answering(signal);
      if (store.refused.has(route.name)) throw new StoreError('Refused', `route ${route.name} may not be written`);
      for (const hook of store.before.splice(0)) hook();
      const present = routes.get(route.name);
      if (present === undefined) throw new StoreError('NotFound', `there is no route ${route.name}`);
      if (store.conflicts.left > 0) {
        store.conflicts.left -= 1;
        store.conflicts.refused += 1;
        throw new StoreError('Conflict', `route ${route.name} has changed since it was read`);
      }
      if (present.version !== route.version)
        throw new StoreError('Conflict', `route ${route.name} has changed since it was read`);
      const stored = put(route);
      writes += 1;
      for (const hook of store.after.splice(0)) hook();
      return stored;
    },
    edit(name, change) {
      const route = routes.get(name);
      if (route !== undefined) put(change(route));
    },
    add: (route) => void put({ ...route, version: 0 }),
    remove: (name) => void routes.delete(name),
    peek: (name) => routes.get(name),
    names: () => [...routes.keys()],
    get writes() {
      return writes;
    },
    history: (name) => histories.get(name) ?? [],
    hold: () => void (held ??= Promise.withResolvers<void>()),
    release() {
      held?.resolve();
      held = undefined;
    },
    conflicts: { left: 0, refused: 0 },
    refused: new Set(),
    before: [],
    after: [],
  };
  return store;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    else signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
