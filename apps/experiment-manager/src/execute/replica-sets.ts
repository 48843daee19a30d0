import { isKubeError, resources } from '@sluice/kube';
import { eventReasons } from '@sluice/model';
import type { ReplicaSet } from '@sluice/model';
import { Answered, assertInCharge, createNamed } from '@sluice/reconcile';
import { keyIn, uidOf } from './execution.ts';
import type { ActionOf, Execution } from './execution.ts';

const ref = resources.replicaSets;

export async function createReplicaSet(execution: Execution, action: ActionOf<'CreateReplicaSet'>): Promise<void> {
  const { client, answers } = execution;
  const ownerUid = uidOf(execution);
  const { replicaSet: object, template } = action;
  const { name } = object.metadata;
  const wrote = (set: ReplicaSet): void => execution.wrote('replicaSets', set);
  try {
    if ((await createNamed({ client, ref, object, writing: execution, ownerUid, wrote })) === 'created') return;
    answers.nameTaken(ownerUid, name, execution.now());
    throw new Answered(`the name ${name} is taken`);
  } catch (error) {
    // Anything else may pass: it is tried again.
    if (!isKubeError(error, 'Invalid', 'Forbidden', 'TooLarge')) throw error;
    const message = error.serverMessage ?? error.message;
    answers.replicaSetRefused(ownerUid, template, message);
    warn(execution, eventReasons.replicaSetCreateError, `Failed to create ReplicaSet ${name}: ${message}`);
    throw new Answered(message, { cause: error });
  }
}

const warn = (execution: Execution, reason: string, message: string): void =>
  execution.record({ about: 'experiment', type: 'Warning', reason, message });

export async function updateReplicaSet(
  execution: Execution,
  { target, change }: ActionOf<'UpdateReplicaSet'>,
): Promise<void> {
  const { annotations, replicas } = change;
  const body = {
    ...(annotations === undefined ? {} : { metadata: { annotations } }),
    ...(replicas === undefined ? {} : { spec: { replicas } }),
  };
  const { resourceVersion } = target;
  assertInCharge(execution);
  const options = { resourceVersion, signal: execution.signal };
  const key = keyIn(execution, target.name);
  try {
    execution.wrote('replicaSets', await execution.client.patch<ReplicaSet>(ref, key, 'merge', body, options));
  } catch (error) {
    if (isKubeError(error, 'Invalid', 'Forbidden', 'TooLarge')) {
      const message = `Failed to update ReplicaSet ${target.name}: ${error.serverMessage ?? error.message}`;
      warn(execution, eventReasons.replicaSetUpdateError, message);
    }
    throw error;
  }
}
