// The store in memory: reads, and the four writes with what each of them checks and leaves alone.
import type { Clock } from '../clock.ts';
import type { Registry } from '../registry/registry.ts';
import { createRegistry } from '../registry/registry.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import { created } from './creation.ts';
import { checkPreconditions, markedForDeletion, mayGo } from './deletion.ts';
import { generatedName, merged } from './metadata.ts';
import type { Shelves } from './shelves.ts';
import { createShelves, inVersion } from './shelves.ts';
import { alreadyExists, badRequest, conflict, forbidden, invalid, notFound, StatusError } from './status-error.ts';
import type { KubeObject, RemoveOptions, ResourceRef, Store } from './store.ts';
import type { StoredEvent } from './table.ts';
import { undone } from './table.ts';
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

const firstNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
const namespaces: ResourceRef = { group: '', version: 'v1', resource: 'namespaces' };

export function createMemoryStore(options: { clock: Clock } & StoreOptions): LocalStore {
  const { clock, registry = createRegistry(), watchWindow = 10_000 } = options;
  const shelves = createShelves(registry, watchWindow);
  const makeNamespaces = (): void => {
    for (const name of firstNamespaces) store.create(namespaces, { metadata: { name } } as KubeObject);
  };
  const store: LocalStore = {
    registry,
    clock,
    as: inVersion,
    revision: shelves.revision,
    compact: shelves.compact,
    observe: shelves.observe,
    subscribe: (r, listener) =>
      shelves.observe(r, ({ type, object }) => listener({ type, object: inVersion(object, r) })),
    get(r, namespace, name) {
      const object = shelves.find(r, namespace, name);
      return object && inVersion(object, r);
    },
    list: (r, namespace) =>
      shelves
        .tableOf(r)
        .list(namespace)
        .map((o) => inVersion(o, r)),
    eventsAfter: (r, from) => shelves.tableOf(r).log.after(from),
    listAt(r, namespace, at) {
      const table = shelves.tableOf(r);
      const since = table.log.after(at);
      if (since === 'expired') return since;
      return undone(table.list(namespace), since, namespace).map((o) => inVersion(o, r));
    },
    create: (r, object, { dryRun = false } = {}) => inVersion(create(shelves, r, object, clock.now(), dryRun), r),
    update: (r, object, how = {}) => inVersion(update(shelves, r, object, how), r),
    modify(r, namespace, name, change, how) {
      const current = store.get(r, namespace, name);
      if (!current) return undefined;
      const draft = copy(current);
      change(draft);
      return store.update(r, draft, how);
    },
    remove(r, namespace, name, how = {}) {
      const last = remove(shelves, r, namespace, name, how, clock.now());
      return last && inVersion(last, r);
    },
    reset(from = 0) {
      for (const r of registry.all()) if (r.definedBy) registry.undefine(r.group, r.resource);
      shelves.clear(from);
      makeNamespaces();
    },
  };
  makeNamespaces();
  return store;
}

function create(shelves: Shelves, r: ResourceRef, object: KubeObject, nowMs: number, dryRun: boolean): KubeObject {
  const info = shelves.infoOf(r);
  if (object.metadata?.resourceVersion)
    throw new StatusError(500, '', 'resourceVersion should not be set on objects to be created');
  const name = nameFor(shelves, info, object);
  checkNamespace(shelves, info, name, object.metadata.namespace);
  if (shelves.find(r, info.namespaced ? object.metadata.namespace : undefined, name)) throw alreadyExists(info, name);
  const made = share(undefined, created(info, object, name, nowMs));
  return dryRun ? rehearsed(made) : shelves.commit(info, 'ADDED', made, undefined);
}

// What a dry run would have made has no version yet.
function rehearsed(object: KubeObject): KubeObject {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return deepFreeze({ ...object, metadata: metadata as KubeObject['metadata'] });
}

function nameFor(shelves: Shelves, info: ResourceInfo, object: KubeObject): string {
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
    if (!shelves.find(info, namespace, candidate)) return candidate;
  }
}

function checkNamespace(shelves: Shelves, info: ResourceInfo, name: string, namespace: string | undefined): void {
  if (!info.namespaced) return;
  if (!namespace) throw badRequest('an empty namespace may not be set during creation');
  const home = shelves.find(namespaces, undefined, namespace);
  if (!home) throw notFound(namespaces, namespace);
  if (home.status?.phase !== 'Terminating') return;
  throw forbidden(info, name, `unable to create new content in namespace ${namespace} because it is being terminated`, [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ]);
}

function update(
  shelves: Shelves,
  r: ResourceRef,
  object: KubeObject,
  { subresource, dryRun = false }: { subresource?: 'status' | 'scale' } & WriteOptions,
): KubeObject {
  const info = shelves.infoOf(r);
  const { name, namespace, resourceVersion, uid } = object.metadata;
  const current = shelves.find(r, info.namespaced ? namespace : undefined, name);
  if (!current) throw notFound(info, name);
  if (resourceVersion && resourceVersion !== current.metadata.resourceVersion) throw conflict(info, name);
  if (uid && uid !== current.metadata.uid)
    throw conflict(
      info,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`,
    );
  const next = share(current, merged(info, current, object, subresource));
  if (next === current) return current;
  if (dryRun) return deepFreeze(next);
  return shelves.commit(info, mayGo(info, next) ? 'DELETED' : 'MODIFIED', next, current);
}

function remove(
  shelves: Shelves,
  r: ResourceRef,
  namespace: string | undefined,
  name: string,
  { dryRun = false, ...how }: RemoveOptions & WriteOptions,
  nowMs: number,
): KubeObject | undefined {
  const info = shelves.infoOf(r);
  const current = shelves.find(r, namespace, name);
  if (!current) return undefined;
  checkPreconditions(info, current, how.preconditions);
  const marked = share(current, markedForDeletion(info, current, how, nowMs));
  if (dryRun) return marked;
  if (!mayGo(info, marked)) return marked === current ? current : shelves.commit(info, 'MODIFIED', marked, current);
  // An object that goes at once leaves as it was: only what has waited shows a deletionTimestamp.
  const waited = current.metadata.deletionTimestamp !== undefined;
  return shelves.commit(info, 'DELETED', waited ? marked : { ...marked, metadata: current.metadata }, current);
}
