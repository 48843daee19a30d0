// What the store holds of one resource, indexed by the questions that controllers ask. It learns by subscription, so a
// question costs as much as its answer, however many objects there are.
import type { KubeObject, ResourceRef, Store, WatchEvent } from '../../storage/store.ts';
import type { Labels } from './selector.ts';
import { hasLabels } from './selector.ts';

export interface ObjectCache<T extends KubeObject = KubeObject> {
  readonly resource: ResourceRef;
  get(key: string): T | undefined;
  all(): Iterable<T>;
  inNamespace(namespace: string): T[];
  /** Objects whose controller (the owner reference marked so) has this uid, oldest first. */
  controlledBy(uid: string): T[];
  withLabels(namespace: string, labels: Labels): T[];
  /** `now` is undefined once the object is gone; `before` when it is new. Called for what already exists on `start`. */
  onChange(listener: (now: T | undefined, before: T | undefined) => void): void;
  /** Reads what is there and follows it from then on. */
  start(): void;
  stop(): void;
}

export const keyOf = (o: KubeObject): string =>
  o.metadata.namespace ? `${o.metadata.namespace}/${o.metadata.name}` : o.metadata.name;

/** The namespace and name of a key; the namespace of a cluster-scoped object is undefined. */
export function splitKey(key: string): [namespace: string | undefined, name: string] {
  const slash = key.indexOf('/');
  return slash < 0 ? [undefined, key] : [key.slice(0, slash), key.slice(slash + 1)];
}

export const controllerOf = (o: KubeObject) => o.metadata.ownerReferences?.find((r) => r.controller);

type Buckets = Map<string, Set<string>>;

const place = (buckets: Buckets, bucket: string, key: string): void => {
  const keys = buckets.get(bucket);
  if (keys) keys.add(key);
  else buckets.set(bucket, new Set([key]));
};
const displace = (buckets: Buckets, bucket: string, key: string): void => {
  const keys = buckets.get(bucket);
  if (keys?.delete(key) && keys.size === 0) buckets.delete(bucket);
};

/** Every bucket that an object is found in: its namespace, its labels, its controller. */
function* bucketsOf(o: KubeObject): Iterable<string> {
  const { namespace = '', labels } = o.metadata;
  yield `namespace ${namespace}`;
  for (const label in labels) yield `label ${namespace} ${label}=${labels[label]}`;
  const controller = controllerOf(o);
  if (controller) yield `controller ${controller.uid}`;
}

export function createObjectCache<T extends KubeObject = KubeObject>(
  store: Store,
  resource: ResourceRef,
): ObjectCache<T> {
  const objects = new Map<string, T>();
  const buckets: Buckets = new Map();
  const listeners: ((now: T | undefined, before: T | undefined) => void)[] = [];
  let unsubscribe: (() => void) | undefined;

  const set = (key: string, now: T | undefined): void => {
    const before = objects.get(key);
    const replaced = before !== undefined && before.metadata.uid !== now?.metadata.uid;
    const old = before ? [...bucketsOf(before)] : [];
    const current = now ? [...bucketsOf(now)] : [];
    // What stays in a bucket keeps its place there, so that reading a bucket gives the oldest first.
    for (const bucket of old) if (replaced || !current.includes(bucket)) displace(buckets, bucket, key);
    for (const bucket of current) if (replaced || !old.includes(bucket)) place(buckets, bucket, key);
    if (replaced) objects.delete(key);
    if (now) objects.set(key, now);
    for (const listener of listeners) listener(now, before);
  };
  const read = (bucket: string): T[] => Array.from(buckets.get(bucket) ?? [], (key) => objects.get(key)!);

  return {
    resource,
    get: (key) => objects.get(key),
    all: () => objects.values(),
    inNamespace: (namespace) => read(`namespace ${namespace}`),
    controlledBy: (uid) => read(`controller ${uid}`),
    withLabels(namespace, labels) {
      let smallest = `namespace ${namespace}`;
      for (const label in labels) {
        const bucket = `label ${namespace} ${label}=${labels[label]}`;
        const size = buckets.get(bucket)?.size ?? 0;
        if (size === 0) return [];
        if (size <= buckets.get(smallest)!.size) smallest = bucket;
      }
      return read(smallest).filter((o) => hasLabels(o.metadata.labels, labels));
    },
    onChange: (listener) => void listeners.push(listener),
    start() {
      unsubscribe = store.subscribe(resource, (e: WatchEvent) =>
        set(keyOf(e.object), e.type === 'DELETED' ? undefined : (e.object as T)),
      );
      for (const object of store.list(resource)) if (!objects.has(keyOf(object))) set(keyOf(object), object as T);
    },
    stop() {
      unsubscribe?.();
      unsubscribe = undefined;
    },
  };
}
