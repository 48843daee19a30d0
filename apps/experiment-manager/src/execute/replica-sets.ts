import { isKubeError, resources } from '@sluice/kube';
import type { KubeError } from '@sluice/kube';
import { eventReasons } from '@sluice/model';
import type { ReplicaSet } from '@sluice/model';
import { controllerOf } from '../assemble/projections.ts';
import { Answered, StaleDecision, assertInCharge, keyIn, uidOf } from './execution.ts';
import type { ActionOf, Execution } from './execution.ts';

const ref = resources.replicaSets;

export async function createReplicaSet(execution: Execution, action: ActionOf<'CreateReplicaSet'>): Promise<void> {
  const { client, answers, signal } = execution;
  const { name } = action.replicaSet.metadata;
  assertInCharge(execution);
  try {
    execution.wrote('replicaSets', await client.create<ReplicaSet>(ref, action.replicaSet, { signal }));
  } catch (error) {
    if (!isKubeError(error)) throw error;
    const message = error.serverMessage ?? error.message;
    switch (error.code) {
      case 'AlreadyExists':
        await learnWhoHasTheName(execution, name, error);
        break;
      case 'Invalid':
      case 'Forbidden':
      case 'TooLarge':
        answers.replicaSetRefused(uidOf(execution), action.template, message);
        execution.record({
          about: 'experiment',
          type: 'Warning',
          reason: eventReasons.replicaSetCreateError,
          message: `Failed to create ReplicaSet ${name}: ${message}`,
        });
        break;
      default:
        // May pass: it is tried again.
        throw error;
    }
    throw new Answered(message, { cause: error });
  }
}

/** Ours, and the cache is late: then there is nothing to do but wait for it. Anybody else's: the name is taken. */
async function learnWhoHasTheName(execution: Execution, name: string, cause: KubeError): Promise<void> {
  const { client, answers, signal } = execution;
  const existing = await client.find<ReplicaSet>(ref, keyIn(execution, name), { signal });
  if (existing === undefined) throw new StaleDecision(`ReplicaSet ${name} was there and is gone`, { cause });
  if (controllerOf(existing)?.uid === uidOf(execution)) {
    execution.wrote('replicaSets', existing);
    throw new StaleDecision(`ReplicaSet ${name} had been created already`, { cause });
  }
  answers.nameTaken(uidOf(execution), name, execution.now());
}

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
  execution.wrote('replicaSets', await execution.client.patch<ReplicaSet>(ref, key, 'merge', body, options));
}
