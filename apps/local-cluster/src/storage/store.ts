// The seam between the API server (src/api) and the workloads (src/workloads): both work on one store, in one thread, synchronously.
import type { Clock } from '../clock.ts';
import type { LocalStore, StoreOptions } from './memory-store.ts';
import { createMemoryStore } from './memory-store.ts';

export type { Clock } from '../clock.ts';

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  finalizers?: string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  generateName?: string;
  [k: string]: unknown;
}

/** An object as Kubernetes stores it. Objects handed out by the store are deeply frozen. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  // The server is generic over kinds; whoever knows a kind narrows these.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  spec?: any;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  status?: any;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  [k: string]: any;
}

/** For example `{ group: 'apps', version: 'v1', resource: 'replicasets' }`; the core group is `''`. */
export interface ResourceRef {
  group: string;
  version: string;
  resource: string;
}

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: KubeObject;
}

export interface RemoveOptions {
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
}

/**
 * All calls are synchronous (the store is in memory) and throw StatusError (code, reason, message, details) on failure.
 * Objects handed out are frozen: never mutate, write back a changed copy.
 */
export interface Store {
  get(r: ResourceRef, namespace: string | undefined, name: string): KubeObject | undefined;
  /** Ordered by namespace, then name. */
  list(r: ResourceRef, namespace?: string): readonly KubeObject[];
  create(r: ResourceRef, object: KubeObject): KubeObject;
  /** A resourceVersion in `object` is a precondition (409 when it differs); without one the write is unconditional. Writing what is there already writes nothing. */
  update(r: ResourceRef, object: KubeObject, options?: { subresource?: 'status' | 'scale' }): KubeObject;
  /** Read, change and write in one step. Undefined if the object is absent; no write if nothing changed. */
  modify(
    r: ResourceRef,
    namespace: string | undefined,
    name: string,
    change: (draft: KubeObject) => void,
    options?: { subresource?: 'status' },
  ): KubeObject | undefined;
  /**
   * Pods get a deletionTimestamp and their grace period; objects with finalizers stay until these are gone.
   * Returns the object as it was last stored, undefined if it was not there.
   */
  remove(r: ResourceRef, namespace: string | undefined, name: string, options?: RemoveOptions): KubeObject | undefined;
  /** Called after each write, in the order of writes, also for writes made by listeners. */
  subscribe(r: ResourceRef, listener: (e: WatchEvent) => void): () => void;
}

export type { LocalStore, StoreOptions } from './memory-store.ts';

/** An empty store, with the namespaces that every cluster has. */
export function createStore(options: { clock: Clock } & StoreOptions): LocalStore {
  return createMemoryStore(options);
}
