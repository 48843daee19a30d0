// The garbage collector: what is owned goes when its last owner goes, is waited for (foreground), or is set free (orphan).
import type { KubeObject, OwnerReference } from '../../storage/store.ts';
import type { Context } from '../base/context.ts';
import type { Catalogued } from './catalog.ts';
import { followResources, resourceOfKind } from './catalog.ts';

interface Node {
  readonly resource: Catalogued;
  object: KubeObject;
}

const foreground = 'foregroundDeletion';
const orphan = 'orphan';
// Events own nothing and are owned by nobody.
const ignored = new Set(['events']);

const has = (object: KubeObject, finalizer: string): boolean =>
  object.metadata.finalizers?.includes(finalizer) ?? false;

export function startGarbageCollector(context: Context): void {
  const { store, loop } = context;
  const nodes = new Map<string, Node>();
  /** By the uid of an owner: the uids of what it owns. */
  const dependents = new Map<string, Set<string>>();

  const dependentsOf = (uid: string): Node[] =>
    Array.from(dependents.get(uid) ?? [], (id) => nodes.get(id)).filter((n) => n !== undefined);

  const attach = (object: KubeObject): void => {
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const owned = dependents.get(uid);
      if (owned) owned.add(object.metadata.uid);
      else dependents.set(uid, new Set([object.metadata.uid]));
    }
  };
  const detach = (object: KubeObject): void => {
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const owned = dependents.get(uid);
      if (owned?.delete(object.metadata.uid) && owned.size === 0) dependents.delete(uid);
    }
  };

  function observe(resource: Catalogued, object: KubeObject, gone: boolean): void {
    const { uid } = object.metadata;
    const known = nodes.get(uid);
    if (
      !gone &&
      known &&
      known.object.metadata.ownerReferences === object.metadata.ownerReferences &&
      known.object.metadata.finalizers === object.metadata.finalizers
    ) {
      const marked = known.object.metadata.deletionTimestamp !== object.metadata.deletionTimestamp;
      known.object = object;
      if (marked) enqueue(uid);
      return;
    }
    if (known) detach(known.object);
    if (gone) {
      nodes.delete(uid);
      for (const owned of dependents.get(uid) ?? []) enqueue(owned);
    } else {
      nodes.set(uid, { resource, object });
      attach(object);
      if (object.metadata.ownerReferences || object.metadata.deletionTimestamp) enqueue(uid);
    }
    // Whoever waits for this dependent in the foreground looks again.
    for (const owner of known?.object.metadata.ownerReferences ?? []) if (gone || known) enqueue(owner.uid);
  }

  const enqueue = loop.controller('garbage', (uid) => {
    const node = nodes.get(uid);
    if (!node) return undefined;
    if (node.object.metadata.deletionTimestamp) finalize(node);
    else if (node.object.metadata.ownerReferences?.length) judge(node);
    return undefined;
  });

  function finalize(node: Node): void {
    const { uid } = node.object.metadata;
    if (has(node.object, orphan)) {
      for (const owned of dependentsOf(uid)) withoutOwners(owned, new Set([uid]));
      withoutFinalizer(node, orphan);
    } else if (has(node.object, foreground)) {
      const blocking = dependentsOf(uid).filter(({ object }) =>
        object.metadata.ownerReferences?.some((r) => r.uid === uid && r.blockOwnerDeletion),
      );
      if (blocking.length === 0) withoutFinalizer(node, foreground);
      for (const owned of dependentsOf(uid)) enqueue(owned.object.metadata.uid);
    }
  }

  /** Deletes an object that has no owner left; takes out the owners that are gone of one that has. */
  function judge(node: Node): void {
    const { namespace, uid, ownerReferences = [] } = node.object.metadata;
    const states = ownerReferences.map((reference) => ({ reference, state: stateOf(reference, namespace) }));
    if (states.some(({ state }) => state === 'unknown')) return;
    const leaving = states.filter(({ state }) => state !== 'solid');
    if (leaving.length === 0) return;
    if (leaving.length < states.length) {
      withoutOwners(node, new Set(leaving.map(({ reference }) => reference.uid)));
      return;
    }
    const waited = leaving.some(({ state }) => state === 'waiting') && dependents.has(uid);
    remove(node, waited ? 'Foreground' : 'Background');
  }

  function stateOf(
    { uid, apiVersion, kind, name }: OwnerReference,
    namespace: string | undefined,
  ): 'solid' | 'waiting' | 'gone' | 'unknown' {
    const owner = nodes.get(uid);
    if (!owner) {
      const resource = resourceOfKind(store, apiVersion, kind);
      // Of a kind that nobody defines it cannot be said that the owner is gone.
      if (!resource) return 'unknown';
      // The owner may exist and not have been heard of yet: the store knows.
      const stored = store.get(resource, namespace, name) ?? store.get(resource, undefined, name);
      return stored?.metadata.uid === uid ? 'solid' : 'gone';
    }
    if (owner.object.metadata.namespace !== undefined && owner.object.metadata.namespace !== namespace) return 'gone';
    return owner.object.metadata.deletionTimestamp && has(owner.object, foreground) ? 'waiting' : 'solid';
  }

  function remove({ resource, object }: Node, propagationPolicy: 'Foreground' | 'Background'): void {
    const { namespace, name, uid } = object.metadata;
    const policy = has(object, orphan) ? 'Orphan' : has(object, foreground) ? 'Foreground' : propagationPolicy;
    store.remove(resource, namespace, name, { propagationPolicy: policy, preconditions: { uid } });
  }

  function withoutOwners({ resource, object }: Node, uids: ReadonlySet<string>): void {
    const { namespace, name, uid } = object.metadata;
    store.modify(resource, namespace, name, (draft) => {
      if (draft.metadata.uid === uid)
        draft.metadata.ownerReferences = draft.metadata.ownerReferences?.filter((r) => !uids.has(r.uid));
    });
  }

  function withoutFinalizer({ resource, object }: Node, finalizer: string): void {
    const { namespace, name, uid } = object.metadata;
    store.modify(resource, namespace, name, (draft) => {
      if (draft.metadata.uid === uid)
        draft.metadata.finalizers = draft.metadata.finalizers?.filter((f) => f !== finalizer);
    });
  }

  followResources(context, (resource) => {
    if (ignored.has(resource.resource)) return;
    context.onStop(store.subscribe(resource, (e) => observe(resource, e.object, e.type === 'DELETED')));
    for (const object of store.list(resource)) observe(resource, object, false);
  });
}
