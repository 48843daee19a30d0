// Namespaces: each gets its default ServiceAccount, and one that is deleted is emptied before it goes.
import type { KubeObject } from '../../storage/store.ts';
import type { Context } from '../base/context.ts';
import { keyOf } from '../base/object-cache.ts';
import { fresh } from '../base/ownership.ts';
import { namespaces as resource, serviceAccounts } from '../base/resources.ts';
import type { Catalogued } from './catalog.ts';
import { followResources } from './catalog.ts';

const guard = 'kubernetes';

export function startNamespaceController(context: Context): void {
  const { store, loop } = context;
  const namespaces = context.cache(resource);
  const contents: Catalogued[] = [];

  const enqueue = loop.controller('namespace', (name) => {
    const namespace = namespaces.get(name);
    if (!namespace) return undefined;
    if (namespace.metadata.deletionTimestamp) empty(namespace);
    else if (!store.get(serviceAccounts, name, 'default'))
      store.create(serviceAccounts, fresh('v1', 'ServiceAccount', { name: 'default', namespace: name }, {}));
    return undefined;
  });

  /** Deletes what is left in the namespace; lets it go when nothing is. What waits for finalizers or for pods to stop is looked at when it changes. */
  function empty(namespace: KubeObject): void {
    const { name } = namespace.metadata;
    let left = 0;
    for (const content of contents) {
      for (const object of store.list(content, name)) {
        if (!object.metadata.deletionTimestamp)
          store.remove(content, name, object.metadata.name, { propagationPolicy: 'Background' });
        if (store.get(content, name, object.metadata.name)) left++;
      }
    }
    if (left > 0) return;
    store.modify(resource, undefined, name, (draft) => {
      draft.spec.finalizers = (draft.spec?.finalizers as string[] | undefined)?.filter((f) => f !== guard) ?? [];
    });
  }

  namespaces.onChange((now) => now && enqueue(keyOf(now)));
  namespaces.start();
  followResources(context, (content) => {
    if (!content.namespaced) return;
    contents.push(content);
    const unsubscribe = store.subscribe(content, ({ object, type }) => {
      const namespace = namespaces.get(object.metadata.namespace ?? '');
      if (namespace && (namespace.metadata.deletionTimestamp ? type === 'DELETED' : isDefaultAccount(object, type)))
        enqueue(keyOf(namespace));
    });
    context.onStop(unsubscribe);
  });
}

const isDefaultAccount = (object: KubeObject, type: string): boolean =>
  type === 'DELETED' && object.kind === 'ServiceAccount' && object.metadata.name === 'default';
