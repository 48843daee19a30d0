// What is stored: a table for each resource, one revision for all, and one way to write.
import type { Registry } from '../registry/registry.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import { storageKey } from '../registry/resource.ts';
import { createAnnouncer } from './announcer.ts';
import { noSuchResource } from './status-error.ts';
import type { KubeObject, ResourceRef } from './store.ts';
import type { StoredEvent, Table } from './table.ts';
import { createTable } from './table.ts';
import { deepFreeze } from './values.ts';

interface Kind {
  readonly group: string;
  readonly resource: string;
}

export interface Shelves {
  /** Throws 404 for a resource that is not served. */
  infoOf(r: Kind): ResourceInfo;
  tableOf(r: Kind): Table;
  find(r: Kind, namespace: string | undefined, name: string): KubeObject | undefined;
  /** The only write: gives the object its revision, freezes, stores, logs and announces it. */
  commit(
    info: ResourceInfo,
    type: StoredEvent['type'],
    object: KubeObject,
    previous: KubeObject | undefined,
  ): KubeObject;
  observe(r: Kind, listener: (e: StoredEvent) => void): () => void;
  revision(): number;
  compact(): void;
  clear(revision: number): void;
}

export function createShelves(registry: Registry, watchWindow: number): Shelves {
  const tables = new Map<string, Table>();
  const announcer = createAnnouncer();
  let revision = 0;
  let forgotten = 0;
  const tableOf = (r: Kind): Table => {
    const key = storageKey(r);
    let table = tables.get(key);
    if (!table) {
      tables.set(key, (table = createTable(watchWindow)));
      table.log.compact(forgotten);
    }
    return table;
  };
  return {
    tableOf,
    infoOf(r) {
      const info = registry.byKey(r.group, r.resource);
      if (!info) throw noSuchResource();
      return info;
    },
    find: (r, namespace, name) => tableOf(r).get(namespace ?? '', name),
    commit(info, type, object, previous) {
      const table = tableOf(info);
      revision++;
      const metadata = { ...object.metadata, resourceVersion: String(revision) };
      const stored = deepFreeze({ ...object, metadata });
      if (type === 'DELETED') table.delete(metadata.namespace ?? '', metadata.name);
      else table.put(stored);
      const event: StoredEvent = { type, object: stored, previous, revision };
      table.log.append(event);
      announcer.announce(storageKey(info), event);
      return stored;
    },
    observe: (r, listener) => announcer.observe(storageKey(r), listener),
    revision: () => revision,
    compact() {
      forgotten = revision;
      for (const table of tables.values()) table.log.compact(revision);
    },
    clear(from) {
      tables.clear();
      announcer.clear();
      revision = from;
      forgotten = from;
    },
  };
}

const converted = new WeakMap<KubeObject, Map<string, KubeObject>>();

/** The same object as another version of its API: only its name of the version differs, and it is made once. */
export function inVersion(object: KubeObject, r: ResourceRef): KubeObject {
  const apiVersion = r.group ? `${r.group}/${r.version}` : r.version;
  if (object.apiVersion === apiVersion) return object;
  let versions = converted.get(object);
  if (!versions) converted.set(object, (versions = new Map()));
  let version = versions.get(apiVersion);
  if (!version) versions.set(apiVersion, (version = Object.freeze({ ...object, apiVersion })));
  return version;
}
