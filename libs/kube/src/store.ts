import { keyOf } from './resources.ts';
import type { KubeObject } from './resources.ts';

/** Which keys of an index an object is found under, e.g. the uids of its owners. */
export type IndexFunction<T> = (object: T) => readonly string[];

/** The cached objects of one informer. Objects are frozen before they come in; nothing here copies. */
export interface ObjectStore<T extends KubeObject> {
  readonly size: number;
  get(key: string): T | undefined;
  values(): IterableIterator<T>;
  keys(): IterableIterator<string>;
  /** Stores, and returns what was there before. */
  set(object: T): T | undefined;
  delete(key: string): T | undefined;
  byIndex(index: string, value: string): readonly T[];
}

export function createObjectStore<T extends KubeObject>(
  indexes: Readonly<Record<string, IndexFunction<T>>>,
): ObjectStore<T> {
  const objects = new Map<string, T>();
  const indexed = new Map(Object.keys(indexes).map((name) => [name, new Map<string, Map<string, T>>()]));

  function unindex(key: string, object: T): void {
    for (const [name, valuesOf] of Object.entries(indexes)) {
      for (const value of valuesOf(object)) {
        const bucket = indexed.get(name)?.get(value);
        bucket?.delete(key);
        if (bucket?.size === 0) indexed.get(name)?.delete(value);
      }
    }
  }

  function index(key: string, object: T): void {
    for (const [name, valuesOf] of Object.entries(indexes)) {
      const buckets = indexed.get(name);
      for (const value of valuesOf(object)) {
        const bucket = buckets?.get(value);
        if (bucket === undefined) buckets?.set(value, new Map([[key, object]]));
        else bucket.set(key, object);
      }
    }
  }

  return {
    get size() {
      return objects.size;
    },
    get: (key) => objects.get(key),
    values: () => objects.values(),
    keys: () => objects.keys(),
    set(object) {
      const key = keyOf(object.metadata);
      const before = objects.get(key);
      if (before !== undefined) unindex(key, before);
      objects.set(key, object);
      index(key, object);
      return before;
    },
    delete(key) {
      const before = objects.get(key);
      if (before === undefined) return undefined;
      unindex(key, before);
      objects.delete(key);
      return before;
    },
    byIndex(name, value) {
      const buckets = indexed.get(name);
      if (buckets === undefined)
        throw new RangeError(
          `no index "${name}" on this informer; it has: ${[...indexed.keys()].join(', ') || 'none'}`,
        );
      return [...(buckets.get(value)?.values() ?? [])];
    },
  };
}
