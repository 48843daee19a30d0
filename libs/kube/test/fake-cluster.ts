import { KubeError, keyOf, sameJson } from '../src/index.ts';
import type { KubeClient, KubeErrorCode, KubeObject, ListPage, RawObject, WatchEvent } from '../src/index.ts';

type Change = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: RawObject; readonly version: number };

export function kubeError(code: KubeErrorCode, reason?: string): KubeError {
  return new KubeError({ code, message: code, ...(reason === undefined ? {} : { reason }) });
}

/**
 * One kind of an API server in memory, with the faults that real ones have. It speaks the client's interface, so that fake timers can drive what is above it;
 * `client.test.ts` covers what is below.
 */
export function createFakeCluster(start = 100) {
  let objects = new Map<string, RawObject>();
  let history: Change[] = [];
  let version = start;
  let compactedTo = start;
  let uids = 0;
  const watchers = new Set<{ wake: () => void; broken?: KubeError | 'ended' }>();
  const calls = { list: 0, watch: 0, writes: 0 };
  /** Each is thrown once by the next call of its kind; `silent` watches open but bring nothing. */
  const faults = { list: [] as KubeError[], watch: [] as KubeError[], write: [] as KubeError[], silent: false };

  function commit(type: Change['type'], object: RawObject): RawObject {
    version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    if (type === 'DELETED') objects.delete(keyOf(object.metadata));
    else objects.set(keyOf(object.metadata), stored);
    history.push({ type, object: stored, version });
    if (!faults.silent) for (const watcher of watchers) watcher.wake();
    return stored;
  }

  function put(name: string, fields: object = {}, namespace = 'team'): RawObject {
    const existing = objects.get(`${namespace}/${name}`);
    const metadata = existing?.metadata ?? { name, namespace, uid: `uid-${(uids += 1)}` };
    return commit(existing === undefined ? 'ADDED' : 'MODIFIED', { ...fields, metadata });
  }

  function remove(name: string, namespace = 'team'): void {
    const existing = objects.get(`${namespace}/${name}`);
    if (existing !== undefined) commit('DELETED', existing);
  }

  async function* pages(
    _ref: unknown,
    options: { namespace?: string } = {},
  ): AsyncGenerator<ListPage<RawObject>, void, undefined> {
    await Promise.resolve();
    calls.list += 1;
    const fault = faults.list.shift();
    if (fault !== undefined) throw fault;
    const items = [...objects.values()].filter(
      (object) => options.namespace === undefined || object.metadata.namespace === options.namespace,
    );
    yield { items: structuredClone(items), resourceVersion: String(version) };
  }

  async function* watch(
    _ref: unknown,
    options: Parameters<KubeClient['watch']>[1] = {},
  ): AsyncGenerator<WatchEvent<RawObject>, void, undefined> {
    await Promise.resolve();
    calls.watch += 1;
    const fault = faults.watch.shift();
    if (fault !== undefined) throw fault;
    let position = Number(options.resourceVersion ?? 0);
    if (position < compactedTo) throw kubeError('Expired');
    options.onOpen?.();
    const watcher: { wake: () => void; broken?: KubeError | 'ended' } = { wake: () => undefined };
    watchers.add(watcher);
    const end = (reason: KubeError | 'ended') => () => {
      watcher.broken = reason;
      watcher.wake();
    };
    const timers = [setTimeout(end('ended'), (options.timeoutSeconds ?? 290) * 1000)];
    if (faults.silent) timers.splice(0, 1, setTimeout(end(kubeError('Timeout')), options.idleTimeoutMs));
    options.signal?.addEventListener('abort', end(kubeError('Aborted')), { once: true });
    try {
      for (;;) {
        const next = faults.silent
          ? undefined
          : history.find(
              (change) =>
                change.version > position &&
                (options.namespace === undefined || change.object.metadata.namespace === options.namespace),
            );
        if (next !== undefined) {
          position = next.version;
          yield { type: next.type, object: structuredClone(next.object) };
        } else if (watcher.broken === 'ended') return;
        else if (watcher.broken !== undefined) throw watcher.broken;
        else await new Promise<void>((resolve) => void (watcher.wake = resolve));
      }
    } finally {
      for (const timer of timers) clearTimeout(timer);
      watchers.delete(watcher);
    }
  }

  function write(): Promise<void> {
    calls.writes += 1;
    const fault = faults.write.shift();
    return fault === undefined ? Promise.resolve() : Promise.reject(fault);
  }

  const client = {
    pages: pages as unknown as KubeClient['pages'],
    watch: watch as unknown as KubeClient['watch'],
    find: (async (_ref, key) => {
      const fault = await Promise.resolve(faults.list.shift());
      if (fault !== undefined) throw fault;
      return structuredClone(objects.get(keyOf(key)));
    }) as KubeClient['find'],
    get: (async (_ref, key) => {
      await Promise.resolve();
      const found = objects.get(keyOf(key));
      if (found === undefined) throw kubeError('NotFound');
      return structuredClone(found);
    }) as KubeClient['get'],
    create: (async (_ref: unknown, object: KubeObject) => {
      await write();
      if (objects.has(keyOf(object.metadata))) throw kubeError('AlreadyExists');
      return commit('ADDED', { ...object, metadata: { ...object.metadata, uid: `uid-${(uids += 1)}` } });
    }) as unknown as KubeClient['create'],
    replace: (async (_ref: unknown, object: KubeObject) => {
      await write();
      const current = objects.get(keyOf(object.metadata));
      if (current === undefined) throw kubeError('NotFound');
      if (current.metadata.resourceVersion !== object.metadata.resourceVersion) throw kubeError('Conflict');
      return commit('MODIFIED', object as RawObject);
    }) as unknown as KubeClient['replace'],
    list: (async (_ref: unknown, options?: { namespace?: string }) => {
      for await (const page of pages(undefined, options)) return page;
      throw new RangeError('a list has one page here');
    }) as unknown as KubeClient['list'],
    remove: (async (_ref: unknown, key: { namespace?: string; name: string }) => {
      await write();
      if (!objects.has(keyOf(key))) throw kubeError('NotFound');
      remove(key.name, key.namespace);
    }) as unknown as KubeClient['remove'],
    patch: (async (_ref: unknown, key: { namespace: string; name: string }, _type: unknown, body: object) => {
      await write();
      const current = objects.get(keyOf(key));
      if (current === undefined) throw kubeError('NotFound');
      return commit('MODIFIED', { ...current, ...body });
    }) as unknown as KubeClient['patch'],
  };

  return {
    client,
    calls,
    faults,
    put,
    remove,
    object: (key: string) => objects.get(key),
    objects: () => [...objects.values()],
    /** Breaks all open watches. */
    breakWatches(error: KubeError | 'ended' = kubeError('Network', 'Lost')): void {
      for (const watcher of watchers) {
        watcher.broken = error;
        watcher.wake();
      }
    },
    /** Forgets the history: a watch from before gets 410. */
    compact(): void {
      history = [];
      compactedTo = version;
    },
    /** Comes back empty, with versions that start again. */
    wipe(startAgainAt = 1): void {
      objects = new Map();
      history = [];
      version = startAgainAt;
      compactedTo = 0;
    },
    /** What a cache must hold, compared without regard to order. */
    equals(cached: readonly KubeObject[]): boolean {
      const byKey = new Map(cached.map((object) => [keyOf(object.metadata), object]));
      return byKey.size === objects.size && [...objects].every(([key, object]) => sameJson(byKey.get(key), object));
    },
  };
}

export type FakeCluster = ReturnType<typeof createFakeCluster>;
