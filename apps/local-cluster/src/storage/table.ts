// The objects of one resource, by namespace and name, and the log of what happened to them that watches read from.
import type { KubeObject, WatchEvent } from './store.ts';

/** One write. `previous` is what the object was before: a watch with a selector needs it to see that an object left its view. */
export interface StoredEvent extends WatchEvent {
  readonly revision: number;
  readonly previous: KubeObject | undefined;
}

export interface Table {
  get(namespace: string, name: string): KubeObject | undefined;
  list(namespace: string | undefined): KubeObject[];
  put(object: KubeObject): void;
  delete(namespace: string, name: string): void;
  clear(): void;
  readonly size: number;
  readonly log: EventLog;
}

interface Shelf {
  readonly objects: Map<string, KubeObject>;
  /** Sorted. */
  readonly names: string[];
}

/** Where `key` is in the sorted list, or would be. */
function position(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function createTable(logLimit: number): Table {
  // The key ends with a slash, so that namespaces come in the order of etcd's keys: `a-b/` before `a/`.
  const shelves = new Map<string, Shelf>();
  const order: string[] = [];
  let size = 0;
  const listShelf = (shelf: Shelf): KubeObject[] => shelf.names.map((n) => shelf.objects.get(n) as KubeObject);
  return {
    log: createEventLog(logLimit),
    get: (namespace, name) => shelves.get(`${namespace}/`)?.objects.get(name),
    list(namespace) {
      if (namespace === undefined) return order.flatMap((k) => listShelf(shelves.get(k) as Shelf));
      const shelf = shelves.get(`${namespace}/`);
      return shelf ? listShelf(shelf) : [];
    },
    put(object) {
      const key = `${object.metadata.namespace ?? ''}/`;
      let shelf = shelves.get(key);
      if (!shelf) {
        shelf = { objects: new Map(), names: [] };
        shelves.set(key, shelf);
        order.splice(position(order, key), 0, key);
      }
      const name = object.metadata.name;
      if (!shelf.objects.has(name)) {
        shelf.names.splice(position(shelf.names, name), 0, name);
        size++;
      }
      shelf.objects.set(name, object);
    },
    delete(namespace, name) {
      const key = `${namespace}/`;
      const shelf = shelves.get(key);
      if (!shelf?.objects.delete(name)) return;
      size--;
      shelf.names.splice(position(shelf.names, name), 1);
      if (shelf.objects.size > 0) return;
      shelves.delete(key);
      order.splice(position(order, key), 1);
    },
    clear() {
      shelves.clear();
      order.length = 0;
      size = 0;
    },
    get size() {
      return size;
    },
  };
}

/** The list before `events` happened. */
export function undone(
  list: readonly KubeObject[],
  events: readonly StoredEvent[],
  namespace: string | undefined,
): readonly KubeObject[] {
  const relevant = events.filter((e) => namespace === undefined || e.object.metadata.namespace === namespace);
  if (relevant.length === 0) return list;
  const keyOf = (o: KubeObject): string => `${o.metadata.namespace ?? ''}/${o.metadata.name}`;
  const state = new Map(list.map((o) => [keyOf(o), o]));
  for (const event of relevant.toReversed()) {
    if (event.previous) state.set(keyOf(event.object), event.previous);
    else state.delete(keyOf(event.object));
  }
  return [...state].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, o]) => o);
}

/** The last writes of one resource. Older ones are forgotten, and a watch from before them gets 410. */
export interface EventLog {
  append(event: StoredEvent): void;
  /** What happened after `revision`; `'expired'` when part of it is forgotten. */
  after(revision: number): readonly StoredEvent[] | 'expired';
  /** Forgets everything up to `revision`. */
  compact(revision: number): void;
}

function createEventLog(limit: number): EventLog {
  let events: StoredEvent[] = [];
  let start = 0;
  let forgotten = 0;
  const forgetFirst = (): void => {
    forgotten = (events[start] as StoredEvent).revision;
    start++;
    // Cut off what is forgotten only now and then: cheap on average, and the memory is bounded.
    if (start > 1024 && start * 2 > events.length) {
      events = events.slice(start);
      start = 0;
    }
  };
  return {
    append(event) {
      events.push(event);
      if (events.length - start > limit) forgetFirst();
    },
    after(revision) {
      if (revision < forgotten) return 'expired';
      let low = start;
      let high = events.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((events[middle] as StoredEvent).revision <= revision) low = middle + 1;
        else high = middle;
      }
      return events.slice(low);
    },
    compact(revision) {
      while (start < events.length && (events[start] as StoredEvent).revision <= revision) forgetFirst();
      forgotten = Math.max(forgotten, revision);
    },
  };
}
