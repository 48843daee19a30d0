import { isKubeError, resources } from '@sluice/kube';
import type { KubeError } from '@sluice/kube';
import { eventReasons } from '@sluice/model';
import type { OwnerReference, ReplicaSet, Rollout } from '@sluice/model';
import { ownerOf, writesOfChange } from '@sluice/engine';
import type { ReplicaSetChange, Target } from '@sluice/engine';
import { Answered, StaleDecision, assertInCharge, createNamed } from '@sluice/reconcile';
import type { ActionOf, Execution } from './execution.ts';
import { isRefusal, noteRefusal } from './refused.ts';

const ref = resources.replicaSets;

export async function createReplicaSet(execution: Execution, action: ActionOf<'CreateReplicaSet'>): Promise<void> {
  const { client, creations, snapshot } = execution;
  const ownerUid = snapshot.rollout.metadata.uid ?? '';
  const { replicaSet: object, hash } = action;
  const wrote = (set: ReplicaSet): void => execution.wrote('replicaSets', set);
  try {
    const made = await createNamed({ client, ref, object, writing: execution, ownerUid, wrote });
    if (made === 'created') return creations.created(ownerUid);
    creations.taken(ownerUid, object.metadata.name);
    throw new Answered(`the name ${object.metadata.name} is taken`);
  } catch (error) {
    if (!isKubeError(error)) throw error;
    const message = error.serverMessage ?? error.message;
    switch (error.code) {
      case 'Invalid':
        creations.refused(ownerUid, hash, wrongField(error) ?? message, execution.now());
        break;
      case 'Forbidden':
      case 'MethodNotAllowed':
      case 'TooLarge':
      case 'Unexpected':
        creations.failed(ownerUid, hash, message, execution.now());
        execution.record({
          type: 'Warning',
          reason: eventReasons.replicaSetCreateError,
          message: `Failed to create ReplicaSet ${object.metadata.name}: ${message}`,
        });
        break;
      default:
        throw error;
    }
    throw new Answered(message, { cause: error });
  }
}

/**
 * The first field of the pod template that the server finds wrong, as every InvalidSpec message names fields. The rest of its words is
 * about a ReplicaSet that nobody knows, since it was never made.
 */
function wrongField({ details }: KubeError): string | undefined {
  const { field, message } = details?.causes?.[0] ?? {};
  return field?.startsWith('spec.template') && message ? `${field}: ${message}` : undefined;
}

export async function updateReplicaSet(
  execution: Execution,
  { target, change }: ActionOf<'UpdateReplicaSet'>,
): Promise<void> {
  const { scale, label } = writesOfChange(target.name, change);
  try {
    await patch(execution, target, bodyOf(change));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // How many pods there are does not depend on what they wear.
    if (label === undefined) noteRefusal(execution, scale!, error);
    else if (scale === undefined) noteRefusal(execution, label, error);
    else if (await isTaken(execution, target, { replicas: change.replicas! })) noteRefusal(execution, label, error);
    else noteRefusal(execution, scale, error, label);
    throw new Answered(error.message, { cause: error });
  }
  const { uid = '' } = execution.snapshot.rollout.metadata;
  for (const write of [scale, label]) if (write !== undefined) execution.refusals.accepted(uid, write);
}

async function isTaken(execution: Execution, target: Target, change: ReplicaSetChange): Promise<boolean> {
  try {
    await patch(execution, target, bodyOf(change));
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

const bodyOf = (change: ReplicaSetChange): object => ({
  ...(change.annotations !== undefined && { metadata: { annotations: change.annotations } }),
  ...specOf(change),
});

function specOf({ replicas, minReadySeconds, podLabels, podAnnotations }: ReplicaSetChange): object {
  const template = {
    ...(podLabels === undefined ? {} : { labels: podLabels }),
    ...(podAnnotations === undefined ? {} : { annotations: podAnnotations }),
  };
  const spec = {
    ...(replicas === undefined ? {} : { replicas }),
    ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
    ...(Object.keys(template).length === 0 ? {} : { template: { metadata: template } }),
  };
  return Object.keys(spec).length === 0 ? {} : { spec };
}

export async function deleteReplicaSet(execution: Execution, { target }: ActionOf<'DeleteReplicaSet'>): Promise<void> {
  const { uid, resourceVersion } = target;
  assertInCharge(execution);
  try {
    await execution.client.remove(ref, keyIn(execution, target), {
      uid,
      resourceVersion,
      propagationPolicy: 'Background',
      signal: execution.signal,
    });
  } catch (error) {
    if (!isKubeError(error, 'NotFound')) throw error;
  }
  const stored = execution.snapshot.replicaSets.find((set) => set.metadata.uid === uid);
  if (stored !== undefined) execution.removed('replicaSets', stored);
}

/**
 * Makes the Rollout its controller. The Rollout is read directly first: an owner that is gone already would have the garbage collector
 * delete a ReplicaSet that somebody may still need.
 */
export async function adoptReplicaSet(execution: Execution, { target }: ActionOf<'AdoptReplicaSet'>): Promise<void> {
  const { name, uid = '' } = execution.snapshot.rollout.metadata;
  const live = await execution.client.find<Rollout>(resources.rollouts, keyIn(execution, { name }), {
    signal: execution.signal,
  });
  if (live?.metadata.uid !== uid || live.metadata.deletionTimestamp !== undefined)
    throw new StaleDecision(`Rollout ${name} is not there any more: ${target.name} is not adopted`);
  const owner = ownerOf(execution.snapshot.rollout);
  const others = ownersOf(execution.snapshot.orphans, target).filter((one) => one.uid !== uid);
  await patch(execution, target, { metadata: { ownerReferences: [...others, owner] } });
}

export async function releaseReplicaSet(
  execution: Execution,
  { target }: ActionOf<'ReleaseReplicaSet'>,
): Promise<void> {
  const uid = execution.snapshot.rollout.metadata.uid;
  const others = ownersOf(execution.snapshot.replicaSets, target).filter((one) => one.uid !== uid);
  await patch(execution, target, { metadata: { ownerReferences: others } });
}

function ownersOf(sets: readonly ReplicaSet[], target: Target): readonly OwnerReference[] {
  const stored = sets.find((set) => set.metadata.uid === target.uid);
  if (stored === undefined) throw new StaleDecision(`ReplicaSet ${target.name} is not in the snapshot`);
  return stored.metadata.ownerReferences ?? [];
}

async function patch(execution: Execution, target: Target, body: object): Promise<void> {
  assertInCharge(execution);
  const { resourceVersion } = target;
  const { signal } = execution;
  const key = keyIn(execution, target);
  execution.wrote(
    'replicaSets',
    await execution.client.patch<ReplicaSet>(ref, key, 'merge', body, { resourceVersion, signal }),
  );
}

function keyIn(execution: Execution, { name }: { readonly name: string }): { namespace: string; name: string } {
  return { namespace: execution.snapshot.rollout.metadata.namespace ?? '', name };
}
