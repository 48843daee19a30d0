import { setTimeout as sleep } from 'node:timers/promises';
import {
  type KubeClient,
  type KubeObject,
  type ObjectKey,
  type ResourceRef,
  isKubeError,
  resources,
} from '@sluice/kube';
import {
  type AnalysisRun,
  type Experiment,
  type Pod,
  type ReplicaSet,
  type Rollout,
  podTemplateHashLabel,
} from '@sluice/model';
import { CommandError } from './errors.ts';
import type { OwnedObjects, Workload } from './view/objects.ts';
import { isGenerationObserved } from './view/phase.ts';

// What the commands read from and write to the cluster, beyond single calls.

/** ReplicaSets of Rollouts and Experiments, and their pods, all carry this label; those of Deployments do not. */
export const VERSIONED = { labelSelector: podTemplateHashLabel } as const;

/** The same client with another default namespace. */
export function inNamespace(client: KubeClient, namespace: string | undefined): KubeClient {
  return namespace === undefined ? client : { ...client, namespace };
}

export function readRollout(client: KubeClient, name: string): Promise<Rollout> {
  return client.get<Rollout>(resources.rollouts, { namespace: client.namespace, name });
}

const OBSERVED_WITHIN_MS = 5_000;
const READ_AGAIN_MS = 100;

/**
 * The Rollout with a status that is about its spec: directly after a change of the spec the status still describes the version before, and a command that is made from it would
 * be about that one. Returned as it is when the controller does not observe the spec within 5 s.
 */
export async function readObservedRollout(client: KubeClient, name: string): Promise<Rollout> {
  const until = Date.now() + OBSERVED_WITHIN_MS;
  for (;;) {
    const rollout = await readRollout(client, name);
    if (isGenerationObserved(rollout) || Date.now() >= until) return rollout;
    await sleep(READ_AGAIN_MS);
  }
}

export function readExperiment(client: KubeClient, name: string): Promise<Experiment> {
  return client.get<Experiment>(resources.experiments, { namespace: client.namespace, name });
}

/** The objects of the client's namespace that can belong to a Rollout or an Experiment. */
export async function readOwned(client: KubeClient): Promise<OwnedObjects> {
  const namespace = client.namespace;
  const [replicaSets, pods, experiments, analysisRuns] = await Promise.all([
    client.list<ReplicaSet>(resources.replicaSets, { namespace, ...VERSIONED }),
    client.list<Pod>(resources.pods, { namespace, ...VERSIONED }),
    listIfAllowed<Experiment>(client, resources.experiments, namespace),
    listIfAllowed<AnalysisRun>(client, resources.analysisRuns, namespace),
  ]);
  return {
    replicaSets: replicaSets.items,
    pods: pods.items,
    experiments: experiments.items,
    analysisRuns: analysisRuns.items,
  };
}

// A cluster may have Rollouts alone, and a person the right to read them alone: that is no reason to show nothing.
async function listIfAllowed<T extends Rollout | Experiment | AnalysisRun>(
  client: KubeClient,
  ref: ResourceRef,
  namespace: string,
): Promise<{ items: readonly T[] }> {
  try {
    return await client.list<T>(ref, { namespace });
  } catch (error) {
    if (isKubeError(error, 'NotFound', 'Forbidden')) return { items: [] };
    throw error;
  }
}

const WORKLOADS: Readonly<Record<string, ResourceRef>> = {
  Deployment: resources.deployments,
  ReplicaSet: resources.replicaSets,
  PodTemplate: resources.podTemplates,
};

/** The object whose pod template a Rollout takes over, if it has a workloadRef. */
export interface ReferencedWorkload {
  readonly ref: ResourceRef;
  readonly key: ObjectKey;
}

/** @throws CommandError when the kind cannot be one */
export function referencedWorkload(rollout: Rollout): ReferencedWorkload | undefined {
  const reference = rollout.spec.workloadRef;
  if (reference === undefined || reference === null) return undefined;
  const ref = WORKLOADS[reference.kind ?? ''];
  if (ref === undefined) throw new CommandError(`workload of type ${reference.kind ?? ''} is not supported`);
  return { ref, key: { namespace: rollout.metadata.namespace, name: reference.name } };
}

/** What the workloadRef names; undefined without one, and where it is missing or may not be read: a view then shows the Rollout alone. */
export async function findWorkload(client: KubeClient, rollout: Rollout): Promise<Workload | undefined> {
  const ref = WORKLOADS[rollout.spec.workloadRef?.kind ?? ''];
  const name = rollout.spec.workloadRef?.name;
  if (ref === undefined || name === undefined) return undefined;
  try {
    return await client.find<Workload>(ref, { namespace: rollout.metadata.namespace, name });
  } catch (error) {
    if (isKubeError(error, 'Forbidden')) return undefined;
    throw error;
  }
}

/** The name of the Rollout that an Experiment is a step of; undefined for one that stands alone, as for a Rollout. */
export const owningRollout = ({ metadata }: Rollout | Experiment): string | undefined =>
  metadata.ownerReferences?.find(({ kind, controller }) => kind === 'Rollout' && controller === true)?.name;

/** That Rollout; undefined where there is none, and where it may not be read. */
export async function findOwner(client: KubeClient, experiment: Experiment): Promise<Rollout | undefined> {
  const name = owningRollout(experiment);
  if (name === undefined) return undefined;
  try {
    return await client.find<Rollout>(resources.rollouts, { namespace: client.namespace, name });
  } catch (error) {
    if (isKubeError(error, 'Forbidden')) return undefined;
    throw error;
  }
}

/** Merge-patches the status; where the kind has no status subresource, the object itself, with `alsoSpec` in the same call. Returns what is stored then. */
export async function patchStatus<T extends KubeObject>(
  client: KubeClient,
  ref: ResourceRef,
  name: string,
  body: object,
  alsoSpec?: object,
): Promise<T> {
  const key = { namespace: client.namespace, name };
  try {
    const answer = await client.patch<T>(ref, key, 'merge', body, { subresource: 'status' });
    return alsoSpec === undefined ? answer : await client.patch<T>(ref, key, 'merge', alsoSpec);
  } catch (error) {
    if (!isKubeError(error, 'NotFound')) throw error;
    return await client.patch<T>(ref, key, 'merge', { ...body, ...alsoSpec });
  }
}

export function patchObject<T extends KubeObject>(
  client: KubeClient,
  ref: ResourceRef,
  name: string,
  body: object,
): Promise<T> {
  return client.patch<T>(ref, { namespace: client.namespace, name }, 'merge', body);
}
