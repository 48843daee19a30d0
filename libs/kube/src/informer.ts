import type { KubeClient, Selectors } from './client.ts';
import { silentLogger } from './logger.ts';
import type { KubeLogger } from './logger.ts';
import { deepFrozen, withoutBookkeeping } from './projection.ts';
import { createReflector } from './reflector.ts';
import type { Reflector, ReflectorSink, ReflectorTimings } from './reflector.ts';
import { compareResourceVersions } from './resource-version.ts';
import { keyOf } from './resources.ts';
import type { KubeObject, ObjectKey, RawObject, ResourceRef } from './resources.ts';
import { createObjectStore } from './store.ts';
import type { IndexFunction } from './store.ts';

/** `before` is undefined for a new object, `after` for one that is gone. Quick and synchronous: note a key, return. */
export type ChangeHandler<T extends KubeObject> = (before: T | undefined, after: T | undefined) => void;

export interface InformerOptions<T extends KubeObject> extends Selectors, ReflectorTimings {
  readonly client: Pick<KubeClient, 'pages' | 'watch'>;
  readonly ref: ResourceRef;
  /** One reflector for each; absent: one for the whole cluster. */
  readonly namespaces?: readonly string[] | undefined;
  /** What to keep of an object; must keep metadata's name, namespace, uid and resourceVersion. Default: all but managedFields and last-applied. */
  readonly project?: (raw: RawObject) => T;
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>>;
  /** The kind need not be installed: then the informer is synced and empty until it is. */
  readonly optional?: boolean;
  readonly logger?: KubeLogger;
  readonly random?: () => number;
  /** A list or watch failed and is tried again; for metrics. */
  readonly onRestart?: (why: 'list' | 'watch', error: unknown) => void;
}

/** A local copy of a kind, kept equal to the server's. Objects are frozen and shared: copy before changing. */
export interface Informer<T extends KubeObject = RawObject> {
  readonly ref: ResourceRef;
  start(): void;
  stop(): Promise<void>;
  /** True once everything has been listed; stays true through later trouble: watch `lastEventAgeMs` for that. */
  readonly synced: boolean;
  /** Resolves when synced, rejects with the signal's reason. */
  whenSynced(signal?: AbortSignal): Promise<void>;
  get(namespace: string | undefined, name: string): T | undefined;
  getByKey(key: string): T | undefined;
  list(namespace?: string): readonly T[];
  /** Throws RangeError for an index that was not declared. */
  byIndex(index: string, value: string): readonly T[];
  /** Called after the copy has changed. Objects that are already there come at once as new. Returns how to stop it. */
  onChange(handler: ChangeHandler<T>): () => void;
  /** Whether the copy is at least as new as this version of the object. */
  hasSeen(key: ObjectKey, resourceVersion: string): boolean;
  /** Age of the oldest sign of life over all reflectors, in milliseconds. Healthy: below about 350 s (watches end after 290 s at the latest). */
  readonly lastEventAgeMs: number;
  readonly lastError: unknown;
  readonly storeSize: number;
}

export function createInformer<T extends KubeObject = RawObject>(options: InformerOptions<T>): Informer<T> {
  const { ref, logger = silentLogger } = options;
  const project = options.project ?? (withoutBookkeeping as unknown as (raw: RawObject) => T);
  const store = createObjectStore<T>(options.indexes ?? {});
  const handlers = new Set<ChangeHandler<T>>();
  const waiting = new Set<() => void>();

  function notify(handler: ChangeHandler<T>, before: T | undefined, after: T | undefined): void {
    try {
      handler(before, after);
    } catch (error) {
      logger.error(
        { plural: ref.plural, key: keyOf((after ?? before)?.metadata ?? {}), error },
        'a change handler threw; the informer goes on',
      );
    }
  }

  function changed(before: T | undefined, after: T | undefined): void {
    for (const handler of handlers) notify(handler, before, after);
  }

  function projected(raw: RawObject): T | undefined {
    try {
      return deepFrozen(project(raw));
    } catch (error) {
      logger.error(
        { plural: ref.plural, key: keyOf(raw.metadata), error },
        'an object could not be projected: the cache keeps what it had of it',
      );
      return undefined;
    }
  }

  function prepare(raw: RawObject): T | undefined {
    const cached = store.get(keyOf(raw.metadata));
    const { uid, resourceVersion } = raw.metadata;
    if (cached?.metadata.resourceVersion === resourceVersion && cached?.metadata.uid === uid) return cached;
    // Never let a failing projection look like a deletion.
    return projected(raw) ?? cached;
  }

  function keep(object: T): void {
    changed(store.set(object), object);
  }

  function set(raw: RawObject): void {
    const object = projected(raw);
    if (object !== undefined) keep(object);
  }

  function remove(key: string): void {
    const before = store.delete(key);
    if (before !== undefined) changed(before, undefined);
  }

  const sinkFor = (namespace: string | undefined): ReflectorSink<T> => ({
    prepare,
    set,
    delete: (raw) => remove(keyOf(raw.metadata)),
    replace(objects) {
      const present = new Set<string>();
      for (const object of objects) {
        const key = keyOf(object.metadata);
        present.add(key);
        if (store.get(key) !== object) keep(object);
      }
      for (const key of [...store.keys()]) {
        if (!present.has(key) && (namespace === undefined || key.startsWith(`${namespace}/`))) remove(key);
      }
      queueMicrotask(announceSync);
    },
  });

  const scopes: readonly (string | undefined)[] =
    ref.namespaced && options.namespaces !== undefined ? [...new Set(options.namespaces)] : [undefined];
  const reflectors = new Map<string | undefined, Reflector>(
    scopes.map((namespace) => [
      namespace,
      createReflector({
        ...options,
        ...(namespace === undefined ? {} : { namespace }),
        logger,
        sink: sinkFor(namespace),
      }),
    ]),
  );

  const isSynced = (): boolean => [...reflectors.values()].every((reflector) => reflector.synced);
  function announceSync(): void {
    if (!isSynced()) return;
    for (const resolve of waiting) resolve();
    waiting.clear();
  }

  return {
    ref,
    start: () => reflectors.forEach((reflector) => reflector.start()),
    async stop() {
      await Promise.all([...reflectors.values()].map((reflector) => reflector.stop()));
    },
    get synced() {
      return isSynced();
    },
    whenSynced: (signal) => (isSynced() ? Promise.resolve() : waitFor(waiting, signal)),
    get: (namespace, name) => store.get(keyOf(namespace === undefined ? { name } : { namespace, name })),
    getByKey: (key) => store.get(key),
    list(namespace) {
      const all = [...store.values()];
      return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace);
    },
    byIndex: (index, value) => store.byIndex(index, value),
    onChange(handler) {
      for (const object of [...store.values()]) notify(handler, undefined, object);
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    hasSeen(key, resourceVersion) {
      const cached = store.get(keyOf(key))?.metadata.resourceVersion;
      if (compareResourceVersions(cached, resourceVersion) >= 0) return true;
      // Deleted again, or out of the selector: then the stream itself is past that version.
      const reflector = reflectors.get(key.namespace) ?? reflectors.get(undefined);
      return compareResourceVersions(reflector?.resourceVersion, resourceVersion) >= 0;
    },
    get lastEventAgeMs() {
      return Math.max(...[...reflectors.values()].map((reflector) => reflector.lastEventAgeMs));
    },
    get lastError() {
      return [...reflectors.values()].map((reflector) => reflector.lastError).find((error) => error !== undefined);
    },
    get storeSize() {
      return store.size;
    },
  };
}

function waitFor(waiting: Set<() => void>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      waiting.delete(done);
      reject(signal?.reason instanceof Error ? signal.reason : new Error('stopped waiting for the informer'));
    };
    const done = (): void => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    };
    waiting.add(done);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}
