// Adapter: the same over the API of any cluster, with informers.
import { createInformer } from '@sluice/kube';
import type { KubeClient } from '@sluice/kube';
import type { WritableObjects } from './cluster-objects.ts';
import type { RoutedObject } from './shapes.ts';
import { kindNames, kindRefs } from './shapes.ts';

export interface ClusterFollowing {
  /** Resolves when every kind was listed; kinds that are not installed count as empty. */
  whenSynced(signal?: AbortSignal): Promise<void>;
  /** Why a list or watch failed last. */
  readonly lastError: unknown;
  stop(): Promise<void>;
}

/** Needs list and watch on all the kinds of `kindRefs`, in the namespaces (absent: everywhere). */
export function followCluster(
  client: Pick<KubeClient, 'pages' | 'watch'>,
  objects: WritableObjects,
  namespaces?: readonly string[],
): ClusterFollowing {
  const informers = kindNames.map((plural) => {
    const { custom = false, ...ref } = kindRefs[plural];
    const informer = createInformer({
      client,
      ref: { ...ref, plural, namespaced: true },
      namespaces,
      optional: custom,
    });
    informer.onChange((before, after) => {
      if (after) objects.put(plural, after as unknown as RoutedObject);
      else if (before) objects.remove(plural, before.metadata.namespace ?? '', before.metadata.name ?? '');
    });
    informer.start();
    return informer;
  });
  return {
    async whenSynced(signal) {
      await Promise.all(informers.map((informer) => informer.whenSynced(signal)));
    },
    get lastError() {
      return informers.map((informer) => informer.lastError).find((error) => error !== undefined);
    },
    async stop() {
      await Promise.all(informers.map((informer) => informer.stop()));
    },
  };
}
