import { handedBack, handedBackEvent } from '@sluice/engine';
import type { EventIntent } from '@sluice/engine';
import { isKubeError, keyOf, parseKey, resources } from '@sluice/kube';
import type { KubeClient } from '@sluice/kube';
import { eventReasons } from '@sluice/model';
import type { Deployment, Rollout } from '@sluice/model';

/** Rollouts that have gone from our cache: deleted, or they belong to another instance now. Only the server can tell which. */
export interface Departures {
  gone(rollout: Rollout): void;
  /** Those that nobody may have said goodbye to. */
  keys(): readonly string[];
  /** Tells that it was deleted, where it was. Throws KubeError: try again. */
  sayGoodbye(key: string, signal: AbortSignal): Promise<void>;
}

/**
 * So long a replica that is not in charge remembers what has gone: whoever was in charge may have been killed before it saw to it, and its Lease has to run out before another
 * one is. Twice the usual lease duration.
 */
export const rememberedForMs = 30_000;

export interface DeparturesOptions {
  readonly client: Pick<KubeClient, 'find' | 'patch'>;
  readonly isInCharge: (key: string) => boolean;
  readonly record: (rollout: Rollout, event: EventIntent) => void;
  /** It was deleted, and this was the last that was seen of it. */
  readonly onDeleted?: (rollout: Rollout) => void;
}

export function createDepartures({ client, isInCharge, record, onDeleted }: DeparturesOptions): Departures {
  const departed = new Map<string, { readonly rollout: Rollout; readonly atMs: number }>();

  function forgetOld(): void {
    for (const [key, { atMs }] of departed) if (performance.now() - atMs >= rememberedForMs) departed.delete(key);
  }

  /** Its pods go with it: the Deployment that it took them from starts its own at once. */
  async function handBack(gone: Rollout, signal: AbortSignal): Promise<void> {
    const { name } = gone.spec.workloadRef ?? {};
    if (!name) return;
    const key = { namespace: gone.metadata.namespace ?? '', name };
    const deployment = await client.find<Deployment>(resources.deployments, key, { signal });
    if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return;
    const from = deployment.spec.replicas ?? 1;
    const replicas = handedBack(gone, from);
    if (replicas === undefined) return;
    const { resourceVersion } = deployment.metadata;
    const options = { ...(resourceVersion === undefined ? {} : { resourceVersion }), signal };
    try {
      await client.patch(resources.deployments, key, 'merge', { spec: { replicas } }, options);
    } catch (error) {
      // It is deleted together with the Rollout, for instance with their namespace.
      if (isKubeError(error, 'NotFound')) return;
      throw error;
    }
    record(gone, handedBackEvent(name, from, replicas));
  }

  return {
    gone(rollout) {
      forgetOld();
      departed.set(keyOf(rollout.metadata), { rollout, atMs: performance.now() });
    },
    keys() {
      forgetOld();
      return [...departed.keys()];
    },
    async sayGoodbye(key, signal) {
      const gone = departed.get(key)?.rollout;
      if (gone === undefined || !isInCharge(key)) return;
      const { namespace, name } = parseKey(key);
      const live = await client.find(resources.rollouts, { ...(namespace ? { namespace } : {}), name }, { signal });
      if (live?.metadata.uid !== gone.metadata.uid) {
        await handBack(gone, signal);
        record(gone, deletedEvent(key));
        onDeleted?.(gone);
      }
      departed.delete(key);
    },
  };
}

export const addedEvent = (key: string): EventIntent => ({
  type: 'Normal',
  reason: eventReasons.rolloutAddedToInformer,
  message: `Rollout resource added to informer: ${key}`,
});

const deletedEvent = (key: string): EventIntent => ({
  type: 'Normal',
  reason: eventReasons.rolloutDeleted,
  message: `Rollout resource deleted: ${key}`,
});
