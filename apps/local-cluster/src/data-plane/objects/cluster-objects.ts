// What the data plane knows of the cluster. Routing reads it; adapters (the local store, informers) write it.
import type { EndpointSlice, KindName, Kinds, RoutedObject } from './shapes.ts';

/** A view of the cluster at one moment. All answers are O(answer). */
export interface ClusterObjects {
  get<K extends KindName>(kind: K, namespace: string, name: string): Kinds[K] | undefined;
  list<K extends KindName>(kind: K, namespace?: string): readonly Kinds[K][];
  /** The EndpointSlices of one Service. */
  slicesOf(namespace: string, service: string): readonly EndpointSlice[];
}

export type Change = (kind: KindName, now: RoutedObject | undefined, before: RoutedObject | undefined) => void;

export interface WritableObjects extends ClusterObjects {
  /** An object as it is now. */
  put(kind: KindName, object: RoutedObject): void;
  remove(kind: KindName, namespace: string, name: string): void;
  /** Forgets everything, and tells it. */
  clear(): void;
  /** Called after each change. Returns how to stop it. */
  onChange(listener: Change): () => void;
}

const serviceLabel = 'kubernetes.io/service-name';
const namespaceOf = (o: RoutedObject): string => o.metadata.namespace ?? '';

type Shelves = Map<string, Map<string, RoutedObject>>;

export function createClusterObjects(): WritableObjects {
  const kinds = new Map<KindName, Shelves>();
  const slices = new Map<string, Map<string, EndpointSlice>>();
  const listeners = new Set<Change>();

  const shelvesOf = (kind: KindName): Shelves => {
    const found = kinds.get(kind) ?? new Map<string, Map<string, RoutedObject>>();
    kinds.set(kind, found);
    return found;
  };

  function indexSlice(slice: EndpointSlice, present: boolean): void {
    const service = slice.metadata.labels?.[serviceLabel];
    if (service === undefined) return;
    const key = `${namespaceOf(slice)}/${service}`;
    const of = slices.get(key) ?? new Map<string, EndpointSlice>();
    if (present) of.set(slice.metadata.name, slice);
    else of.delete(slice.metadata.name);
    if (of.size > 0) slices.set(key, of);
    else slices.delete(key);
  }

  function change(kind: KindName, namespace: string, name: string, now: RoutedObject | undefined): void {
    const shelves = shelvesOf(kind);
    const shelf = shelves.get(namespace) ?? new Map<string, RoutedObject>();
    const before = shelf.get(name);
    if (before === now) return;
    if (now) shelf.set(name, now);
    else shelf.delete(name);
    if (shelf.size > 0) shelves.set(namespace, shelf);
    else shelves.delete(namespace);
    if (kind === 'endpointslices') {
      if (before) indexSlice(before as EndpointSlice, false);
      if (now) indexSlice(now as EndpointSlice, true);
    }
    for (const listener of listeners) listener(kind, now, before);
  }

  const objects: WritableObjects = {
    get: <K extends KindName>(kind: K, namespace: string, name: string) =>
      kinds.get(kind)?.get(namespace)?.get(name) as Kinds[K] | undefined,
    list: <K extends KindName>(kind: K, namespace?: string) =>
      (namespace === undefined
        ? [...shelvesOf(kind).values()].flatMap((shelf) => [...shelf.values()])
        : [...(kinds.get(kind)?.get(namespace)?.values() ?? [])]) as Kinds[K][],
    slicesOf: (namespace, service) => [...(slices.get(`${namespace}/${service}`)?.values() ?? [])],
    put: (kind, object) => change(kind, namespaceOf(object), object.metadata.name, object),
    remove: (kind, namespace, name) => change(kind, namespace, name, undefined),
    clear() {
      for (const [kind, shelves] of kinds)
        for (const [namespace, shelf] of [...shelves])
          for (const name of [...shelf.keys()]) change(kind, namespace, name, undefined);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return objects;
}
