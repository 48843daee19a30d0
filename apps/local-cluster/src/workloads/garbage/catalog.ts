// Every resource there is, also those that CustomResourceDefinitions add while the cluster runs.
import type { LocalStore, ResourceRef } from '../../storage/store.ts';
import type { Context } from '../base/context.ts';
import { customResourceDefinitions } from '../base/resources.ts';

export interface Catalogued extends ResourceRef {
  readonly namespaced: boolean;
}

/** Calls `found` once for each resource that is stored, now and whenever another is defined. */
export function followResources({ store, loop, onStop }: Context, found: (resource: Catalogued) => void): void {
  const known = new Set<string>();
  const enqueue = loop.controller('catalog', () => {
    for (const resource of storedResources(store)) {
      const id = `${resource.group}/${resource.resource}`;
      if (known.has(id)) continue;
      known.add(id);
      found(resource);
    }
    return undefined;
  });
  // A definition is served some writes after it was created: each of them is reason to look.
  onStop(store.subscribe(customResourceDefinitions, () => enqueue('all')));
  enqueue('all');
}

export const storedResources = (store: LocalStore): Catalogued[] =>
  store.registry
    .all()
    .filter((r) => !r.review)
    .map(({ group, storageVersion, resource, namespaced }) => ({
      group,
      version: storageVersion,
      resource,
      namespaced,
    }));

/** The resource of a kind, in the version that is asked for, as owner references and scale targets name it. */
export function resourceOfKind(store: LocalStore, apiVersion: string, kind: string): ResourceRef | undefined {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const info = store.registry.byKind(group, kind);
  return info && { group, version: apiVersion.slice(slash + 1), resource: info.resource };
}
