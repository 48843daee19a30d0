import { resources } from '@sluice/kube';
import type { KubeClient, RawObject } from '@sluice/kube';
import type { Condition } from './format.ts';

const REVISION = 'rollout.argoproj.io/revision';
const HASH_LABEL = 'rollouts-pod-template-hash';

/** Where a scenario looks. */
export interface Scene {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly rollout: string;
}

/** What of `condition` does not hold yet, for people; undefined when all of it holds. */
export async function whatIsMissing(scene: Scene, condition: Condition): Promise<string | undefined> {
  const key = { namespace: scene.namespace, name: scene.rollout };
  const rollout = await scene.client.find(resources.rollouts, key);
  if (!rollout) return `Rollout ${scene.rollout} does not exist`;
  return (
    aboutRollout(rollout, condition) ??
    (await aboutDeployment(scene, condition)) ??
    (await aboutService(scene, condition))
  );
}

function aboutRollout(rollout: RawObject, condition: Condition): string | undefined {
  const status = (rollout['status'] ?? {}) as Record<string, unknown>;
  // The field is text in this API, and what it says is only true of the generation it names.
  if (String(status['observedGeneration']) !== String(rollout.metadata.generation))
    return 'its newest spec is not observed yet';
  const revision = Number(rollout.metadata.annotations?.[REVISION] ?? 0);
  const found = { phase: status['phase'], step: status['currentStepIndex'], message: status['message'], revision };
  for (const field of ['revision', 'phase', 'step', 'message'] as const) {
    if (condition[field] !== undefined && condition[field] !== found[field])
      return `${field} is ${JSON.stringify(found[field] ?? null)} and not ${JSON.stringify(condition[field])}`;
  }
  return undefined;
}

async function aboutDeployment(scene: Scene, condition: Condition): Promise<string | undefined> {
  if (condition.deployment === undefined) return undefined;
  const key = { namespace: scene.namespace, name: condition.deployment };
  const deployment = await scene.client.find(resources.deployments, key);
  const replicas = deployment?.['spec']?.replicas as number | undefined;
  if (replicas === condition.replicas) return undefined;
  return `Deployment ${condition.deployment} has ${replicas ?? 'no'} replicas and not ${condition.replicas}`;
}

async function aboutService(scene: Scene, condition: Condition): Promise<string | undefined> {
  if (condition.service === undefined) return undefined;
  const service = await scene.client.find(resources.services, { namespace: scene.namespace, name: condition.service });
  const hash = service?.['spec']?.selector?.[HASH_LABEL] as string | undefined;
  const { items } = await scene.client.list(resources.replicaSets, { namespace: scene.namespace });
  const selected = items.find((set) => hash !== undefined && set.metadata.labels?.[HASH_LABEL] === hash);
  const revision = Number(selected?.metadata.annotations?.[REVISION] ?? 0);
  return revision === condition.selects
    ? undefined
    : `Service ${condition.service} selects revision ${revision} and not ${condition.selects}`;
}
