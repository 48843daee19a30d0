import { mergeDiff, resources } from '@sluice/kube';
import type { Rollout, RolloutStatus } from '@sluice/model';
import { Answered, assertInCharge } from '@sluice/reconcile';
import type { ActionOf, Execution } from './execution.ts';
import { isRefusal, noteRefusal, refusedStatusParts } from './refused.ts';

const ref = resources.rollouts;

/** Returns the Rollout as it is stored now: its version is the precondition of the status. */
export async function patchRollout(
  execution: Execution,
  stored: Rollout,
  { annotations, replicas }: ActionOf<'PatchRollout'>,
): Promise<Rollout> {
  const body = {
    ...(annotations === undefined ? {} : { metadata: { annotations } }),
    ...(replicas === undefined ? {} : { spec: { replicas } }),
  };
  return await patch(execution, stored, body);
}

/**
 * Stores the status as a merge patch of nothing but the differences, and only if nobody has changed the Rollout since: users set `abort`,
 * `pauseConditions` and more in the same place. Returns the Rollout as it is stored now; `stored` itself when nothing differs.
 */
export async function patchStatus(execution: Execution, stored: Rollout, status: RolloutStatus): Promise<Rollout> {
  const difference = mergeDiff(execution.stored.status, status);
  if (difference === undefined) return stored;
  try {
    return await patch(execution, stored, { status: difference }, 'status');
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // Offered again without the parts that were refused: a status that is never stored would hide what is wrong, and hold everything up.
    noteRefusal(execution, { kind: 'PatchStatus', name: refusedStatusParts(execution, error) }, error);
    throw new Answered(error.message, { cause: error });
  }
}

async function patch(execution: Execution, stored: Rollout, body: object, subresource?: string): Promise<Rollout> {
  const { namespace = '', name, resourceVersion } = stored.metadata;
  assertInCharge(execution);
  const answer = await execution.client.patch<Rollout>(ref, { namespace, name }, 'merge', body, {
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(subresource === undefined ? {} : { subresource }),
    signal: execution.signal,
  });
  execution.wrote('rollouts', answer);
  return answer;
}
