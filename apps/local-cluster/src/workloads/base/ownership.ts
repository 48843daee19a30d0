// Who controls an object, and how controllers take and let go of what their selector says is theirs.
import type { KubeObject, ObjectMeta, OwnerReference, ResourceRef, Store } from '../../storage/store.ts';
import type { ObjectCache } from './object-cache.ts';
import { controllerOf } from './object-cache.ts';
import type { LabelSelector } from './selector.ts';
import { matchesSelector, selectsEverything } from './selector.ts';

export const controllerReference = (owner: KubeObject): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

/** An object to create: the store gives it its uid, version, time and, from generateName, its name. */
export const fresh = (
  apiVersion: string,
  kind: string,
  metadata: Partial<ObjectMeta>,
  content: Record<string, unknown>,
): KubeObject => ({ apiVersion, kind, metadata: metadata as ObjectMeta, ...content });

interface Claim<T extends KubeObject> {
  readonly store: Store;
  readonly cache: ObjectCache<T>;
  readonly resource: ResourceRef;
  readonly owner: KubeObject & { readonly spec: { readonly selector?: LabelSelector } };
  /** Orphans for which this is false stay orphans. */
  readonly adoptable?: (object: T) => boolean;
}

/** All that the owner controls, after letting go of what its selector no longer matches and adopting the orphans that it does. */
export function claim<T extends KubeObject>({ store, cache, resource, owner, adoptable = () => true }: Claim<T>): T[] {
  const { namespace = '', uid, deletionTimestamp } = owner.metadata;
  const { selector } = owner.spec;
  const owned: T[] = [];
  for (const object of cache.controlledBy(uid)) {
    if (matchesSelector(selector, object.metadata.labels)) owned.push(object);
    else if (!deletionTimestamp && !object.metadata.deletionTimestamp) release(store, resource, object, uid);
  }
  // What selects everything would adopt every object of its namespace.
  if (deletionTimestamp || selectsEverything(selector)) return owned;
  for (const object of cache.withLabels(namespace, selector?.matchLabels ?? {})) {
    if (controllerOf(object) || object.metadata.deletionTimestamp || !matchesSelector(selector, object.metadata.labels))
      continue;
    if (adoptable(object)) owned.push(adopt(store, resource, object, owner));
  }
  return owned;
}

function release(store: Store, resource: ResourceRef, object: KubeObject, ownerUid: string): void {
  store.modify(resource, object.metadata.namespace, object.metadata.name, (draft) => {
    draft.metadata.ownerReferences = draft.metadata.ownerReferences?.filter((r) => r.uid !== ownerUid);
  });
}

function adopt<T extends KubeObject>(store: Store, resource: ResourceRef, object: T, owner: KubeObject): T {
  const adopted = store.modify(resource, object.metadata.namespace, object.metadata.name, (draft) => {
    const others = (draft.metadata.ownerReferences ?? []).filter((r) => r.uid !== owner.metadata.uid);
    draft.metadata.ownerReferences = [...others, controllerReference(owner)];
  });
  return (adopted as T | undefined) ?? object;
}
