import { writeOf } from '@sluice/engine';
import { apiVersionOf, isKubeError, resources } from '@sluice/kube';
import type { ResourceRef } from '@sluice/kube';
import { Answered, assertInCharge } from '@sluice/reconcile';
import type { ActionOf, Execution } from './execution.ts';
import { refusable } from './refused.ts';

const atOnce = 10;

/** Pods do not wait for each other. A pod that is gone needs no labels. */
export async function patchPods(execution: Execution, actions: readonly ActionOf<'PatchPodMetadata'>[]): Promise<void> {
  let refused: Answered | undefined;
  for (let from = 0; from < actions.length; from += atOnce)
    await Promise.all(
      actions.slice(from, from + atOnce).map(async (action) => {
        try {
          await refusable(execution, writeOf(action), () => patchPod(execution, action));
        } catch (error) {
          // Each is noted; the pods behind it are no worse for it.
          if (!(error instanceof Answered)) throw error;
          refused = error;
        }
      }),
    );
  if (refused !== undefined) throw refused;
}

async function patchPod(execution: Execution, action: ActionOf<'PatchPodMetadata'>): Promise<void> {
  const { target, labels, annotations } = action;
  const key = { namespace: execution.snapshot.rollout.metadata.namespace ?? '', name: target.name };
  assertInCharge(execution);
  try {
    const options = { resourceVersion: target.resourceVersion, signal: execution.signal };
    await execution.client.patch(resources.pods, key, 'merge', { metadata: { labels, annotations } }, options);
  } catch (error) {
    if (!isKubeError(error, 'NotFound')) throw error;
  }
}

const evictions: ResourceRef = {
  group: 'policy',
  version: 'v1',
  plural: 'evictions',
  kind: 'Eviction',
  namespaced: true,
};
// Shorter than the pause that the client makes after a 429: the answer of a disruption budget is not worth waiting for.
const evictionTimeoutMs = 950;

/**
 * Asks the server to evict, which honours disruption budgets. A pod that may not go now (429) is left for the next turn, and so is one
 * whose answer is late; one that is gone, or another one by the same name, needs none.
 */
export async function evictPod(execution: Execution, { target }: ActionOf<'EvictPod'>): Promise<'evicted' | 'later'> {
  const namespace = execution.snapshot.rollout.metadata.namespace ?? '';
  const eviction = {
    apiVersion: apiVersionOf(evictions),
    kind: evictions.kind,
    metadata: { namespace, name: target.name },
    deleteOptions: { preconditions: { uid: target.uid } },
  };
  assertInCharge(execution);
  try {
    await execution.client.create(resources.pods, eviction, {
      subresource: 'eviction',
      timeoutMs: evictionTimeoutMs,
      signal: execution.signal,
    });
    return 'evicted';
  } catch (error) {
    if (isKubeError(error, 'NotFound', 'Conflict')) return 'evicted';
    if (isKubeError(error, 'TooManyRequests', 'Timeout')) return 'later';
    throw error;
  }
}
