import { setTimeout as sleep } from 'node:timers/promises';
import { rolloutInfo, weightsOfExperiments } from '@sluice/cli';
import type { RolloutInfo, Weights } from '@sluice/cli';
import { isKubeError, resources } from '@sluice/kube';
import type { KubeClient, ResourceRef } from '@sluice/kube';
import type { AnalysisRun, Experiment, Pod, ReplicaSet, Rollout } from '@sluice/model';

const EVERY_MS = 200;

/**
 * Calls `seen` with the Rollout's state, and the weights of its experiment, a few times a second until `signal` is aborted, and once more then. A look that fails is
 * taken again: a display may miss a moment.
 */
export async function observeRollout(
  client: KubeClient,
  key: { readonly namespace: string; readonly name: string },
  seen: (rollout: RolloutInfo, weights: Weights) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let last = false; !last;) {
    await sleep(EVERY_MS, undefined, { signal }).catch(() => {});
    last = signal.aborted;
    const found = await lookAt(client, key).catch(() => undefined);
    if (found) seen(found.rollout, found.weights);
  }
}

async function lookAt(client: KubeClient, key: { readonly namespace: string; readonly name: string }) {
  const rollout = (await client.find(resources.rollouts, key)) as Rollout | undefined;
  if (!rollout) return undefined;
  const all = async <T>(ref: ResourceRef): Promise<T[]> => {
    try {
      return [...(await client.list(ref, { namespace: key.namespace, resourceVersion: '0' })).items] as unknown as T[];
    } catch (error) {
      // A cluster may not serve every kind of ours.
      if (isKubeError(error, 'NotFound')) return [];
      throw error;
    }
  };
  const [replicaSets, pods, experiments, analysisRuns] = await Promise.all([
    all<ReplicaSet>(resources.replicaSets),
    all<Pod>(resources.pods),
    all<Experiment>(resources.experiments),
    all<AnalysisRun>(resources.analysisRuns),
  ]);
  const owned = { replicaSets, pods, experiments, analysisRuns };
  return { rollout: rolloutInfo(rollout, owned), weights: weightsOfExperiments(rollout) };
}
