// The store in memory: one map for each resource, one revision counter, writes that are seen at once and told to listeners in order.
import type { Clock } from '../clock.ts';
import type { Registry } from '../registry/registry.ts';
import { createRegistry } from '../registry/registry.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import { storageKey } from '../registry/resource.ts';
import { created } from './creation.ts';
import { checkPreconditions, markedForDeletion, mayGo } from './deletion.ts';
import { generatedName, merged } from './metadata.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  forbidden,
  invalid,
  noSuchResource,
  notFound,
  StatusError,
} from './status-error.ts';
import type { KubeObject, RemoveOptions, ResourceRef, Store } from './store.ts';
import type { StoredEvent, Table } from './table.ts';
import { createTable, undone } from './table.ts';
import { copy, deepFreeze, share } from './values.ts';

export interface StoreOptions {
  registry?: Registry;
  /** How many writes of each resource a watch can look back on before it gets 410. */
  watchWindow?: number;
}

interface WriteOptions {
  /** Everything is checked and computed, nothing is stored. */
  dryRun?: boolean;
}

/** What the API server needs beyond what the workloads use. */
export interface LocalStore extends Store {
  readonly registry: Registry;
  readonly clock: Clock;
  create(r: ResourceRef, object: KubeObject, options?: WriteOptions): KubeObject;
  update(r: ResourceRef, object: KubeObject, options?: { subresource?: 'status' | 'scale' } & WriteOptions): KubeObject;
  remove(
    r: ResourceRef,
    namespace: string | undefined,
    name: string,
    options?: RemoveOptions & WriteOptions,
  ): KubeObject | undefined;
  /** The revision of the last write, as `resourceVersion` of lists. */
  revision(): number;
  /** Writes after `revision`, or `'expired'`. */
  eventsAfter(r: ResourceRef, revision: number): readonly StoredEvent[] | 'expired';
  /** The list as it was at `revision`, or `'expired'`. */
  listAt(r: ResourceRef, namespace: string | undefined, revision: number): readonly KubeObject[] | 'expired';
  /** Like `subscribe`, with revision and previous state; objects in the storage version. */
  observe(r: ResourceRef, listener: (e: StoredEvent) => void): () => void;
  /** The same object as another version of its API. */
  as(object: KubeObject, r: ResourceRef): KubeObject;
  /** Forgets the history, so that watches from any earlier version get 410. */
  compact(): void;
  /**
   * Throws everything away, as if the cluster had been made anew. Listeners stay, and hear nothing of it. Revisions go on behind `revision`; what
   * came before is forgotten.
   */
  reset(revision?: number): void;
}

// What a dry run would have made has no version yet.
function rehearsed(object: KubeObject): KubeObject {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return deepFreeze({ ...object, metadata: metadata as KubeObject['metadata'] });
}

// A listener's error is its own: the write that it hears of has happened, and its writer must not fail for it.
function safely(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

const firstNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
const namespaces: ResourceRef = { group: '', version: 'v1', resource: 'namespaces' };

export function createMemoryStore(options: { clock: Clock } & StoreOptions): LocalStore {
  const { clock, registry = createRegistry(), watchWindow = 10_000 } = options;
  const tables = new Map<string, Table>();
  const listeners = new Map<string, Set<(e: StoredEvent) => void>>();
  const converted = new WeakMap<KubeObject, Map<string, KubeObject>>();
  const pending: { key: string; event: StoredEvent }[] = [];
  let telling = false;
  let revision = 0;
  let forgotten = 0;

  const infoOf = (r: ResourceRef): ResourceInfo => {
    const info = registry.byKey(r.group, r.resource);
    if (!info) throw noSuchResource();
    return info;
  };
  const tableOf = (r: { group: string; resource: string }): Table => {
    const key = storageKey(r);
    let table = tables.get(key);
    if (!table) {
      tables.set(key, (table = createTable(watchWindow)));
      table.log.compact(forgotten);
    }
    return table;
  };
  const find = (r: ResourceRef, namespace: string | undefined, name: string): KubeObject | undefined =>
    tableOf(r).get(namespace ?? '', name);

  function as(object: KubeObject, r: ResourceRef): KubeObject {
    const apiVersion = r.group ? `${r.group}/${r.version}` : r.version;
    if (object.apiVersion === apiVersion) return object;
    let versions = converted.get(object);
    if (!versions) converted.set(object, (versions = new Map()));
    let version = versions.get(apiVersion);
    if (!version) versions.set(apiVersion, (version = Object.freeze({ ...object, apiVersion })));
    return version;
  }

  function tell(): void {
    if (telling) return;
    telling = true;
    try {
      for (let next = pending.shift(); next; next = pending.shift())
        for (const listener of [...(listeners.get(next.key) ?? [])]) safely(() => listener(next.event));
    } finally {
      telling = false;
    }
  }

  function commit(
    info: ResourceInfo,
    type: StoredEvent['type'],
    object: KubeObject,
    previous: KubeObject | undefined,
  ): KubeObject {
    const table = tableOf(info);
    revision++;
    const stored = deepFreeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } });
    if (type === 'DELETED') table.delete(stored.metadata.namespace ?? '', stored.metadata.name);
    else table.put(stored);
    const event: StoredEvent = { type, object: stored, previous, revision };
    table.log.append(event);
    pending.push({ key: storageKey(info), event });
    tell();
    return stored;
  }

  function checkNamespace(info: ResourceInfo, object: KubeObject): void {
    if (!info.namespaced) return;
    const name = object.metadata.namespace;
    if (!name) throw badRequest('an empty namespace may not be set during creation');
    const namespace = find(namespaces, undefined, name);
    if (!namespace) throw notFound(namespaces, name);
    if (namespace.status?.phase === 'Terminating')
      throw forbidden(
        info,
        object.metadata.name,
        `unable to create new content in namespace ${name} because it is being terminated`,
        [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${name} is being terminated`,
            field: 'metadata.namespace',
          },
        ],
      );
  }

  function nameFor(info: ResourceInfo, object: KubeObject): string {
    const { name, generateName, namespace } = object.metadata;
    if (name) return name;
    if (!generateName)
      throw invalid(info.kind, info.group, '', [
        {
          type: 'FieldValueRequired',
          field: 'metadata.name',
          body: 'Required value: name or generateName is required',
        },
      ]);
    for (;;) {
      const candidate = generatedName(generateName);
      if (!find({ ...info, version: info.storageVersion }, namespace, candidate)) return candidate;
    }
  }

  const store: LocalStore = {
    registry,
    clock,
    as,
    revision: () => revision,
    get(r, namespace, name) {
      const object = find(r, namespace, name);
      return object && as(object, r);
    },
    list: (r, namespace) =>
      tableOf(r)
        .list(namespace)
        .map((o) => as(o, r)),
    create(r, object, { dryRun = false } = {}) {
      const info = infoOf(r);
      if (object.metadata?.resourceVersion)
        throw new StatusError(500, '', 'resourceVersion should not be set on objects to be created');
      const name = nameFor(info, object);
      checkNamespace(info, { ...object, metadata: { ...object.metadata, name } });
      if (find(r, info.namespaced ? object.metadata.namespace : undefined, name)) throw alreadyExists(info, name);
      const made = share(undefined, created(info, object, name, clock.now()));
      return as(dryRun ? rehearsed(made) : commit(info, 'ADDED', made, undefined), r);
    },
    update(r, object, { subresource, dryRun = false } = {}) {
      const info = infoOf(r);
      const { name, namespace, resourceVersion, uid } = object.metadata;
      const current = find(r, info.namespaced ? namespace : undefined, name);
      if (!current) throw notFound(info, name);
      if (resourceVersion && resourceVersion !== current.metadata.resourceVersion) throw conflict(info, name);
      if (uid && uid !== current.metadata.uid)
        throw conflict(
          info,
          name,
          `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`,
        );
      const next = share(current, merged(info, current, object, subresource));
      if (next === current) return as(current, r);
      if (dryRun) return as(deepFreeze(next), r);
      return as(commit(info, mayGo(info, next) ? 'DELETED' : 'MODIFIED', next, current), r);
    },
    modify(r, namespace, name, change, writeOptions) {
      const current = store.get(r, namespace, name);
      if (!current) return undefined;
      const draft = copy(current);
      change(draft);
      return store.update(r, draft, writeOptions);
    },
    remove(r, namespace, name, { dryRun = false, ...how } = {}) {
      const info = infoOf(r);
      const current = find(r, namespace, name);
      if (!current) return undefined;
      checkPreconditions(info, current, how.preconditions);
      const marked = share(current, markedForDeletion(info, current, how, clock.now()));
      if (dryRun) return as(marked, r);
      if (mayGo(info, marked))
        return as(commit(info, 'DELETED', marked === current ? current : withoutMarks(marked, current), current), r);
      return as(marked === current ? current : commit(info, 'MODIFIED', marked, current), r);
    },
    subscribe: (r, listener) => store.observe(r, (e) => listener({ type: e.type, object: as(e.object, r) })),
    observe(r, listener) {
      const key = storageKey(r);
      const set = listeners.get(key) ?? new Set();
      listeners.set(key, set);
      set.add(listener);
      return () => void set.delete(listener);
    },
    eventsAfter: (r, from) => tableOf(r).log.after(from),
    listAt(r, namespace, at) {
      const table = tableOf(r);
      const since = table.log.after(at);
      if (since === 'expired') return since;
      return undone(table.list(namespace), since, namespace).map((o) => as(o, r));
    },
    compact() {
      forgotten = revision;
      for (const table of tables.values()) table.log.compact(revision);
    },
    reset(from = 0) {
      for (const r of registry.all()) if (r.definedBy) registry.undefine(r.group, r.resource);
      tables.clear();
      pending.length = 0;
      revision = from;
      forgotten = from;
      makeNamespaces();
    },
  };

  // An object that goes at once leaves as it was: only what has waited shows a deletionTimestamp.
  function withoutMarks(marked: KubeObject, current: KubeObject): KubeObject {
    return current.metadata.deletionTimestamp === undefined ? { ...marked, metadata: current.metadata } : marked;
  }

  function makeNamespaces(): void {
    for (const name of firstNamespaces) store.create(namespaces, { metadata: { name } } as KubeObject);
  }
  makeNamespaces();
  return store;
}
