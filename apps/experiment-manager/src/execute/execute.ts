import type { ExperimentAction, ExperimentDecision } from '@sluice/engine';
import { mergeDiff, resources } from '@sluice/kube';
import type { Experiment, ExperimentStatus } from '@sluice/model';
import { assertInCharge, discardedBy } from '@sluice/reconcile';
import type { Discarded } from '@sluice/reconcile';
import { ensureRun, terminateRun } from './analysis-runs.ts';
import type { Execution } from './execution.ts';
import { createReplicaSet, updateReplicaSet } from './replica-sets.ts';
import { createService, deleteService } from './services.ts';

/** How carrying out a decision ended, short of an error: `done`: all of it. `held`: all but the status, which may wait. Or it was thrown away. */
export type Outcome = { readonly kind: 'done' } | { readonly kind: 'held' } | Discarded;

/**
 * Carries out a decision: its actions in order up to the first that fails, then the status, then the events. Throws KubeError for what is neither stale nor an
 * answer; whatever was done until then is done, and the next snapshot yields the rest.
 */
export async function execute(
  execution: Execution,
  decision: ExperimentDecision,
  { deferStatus }: { readonly deferStatus: boolean },
): Promise<Outcome> {
  try {
    let learnt = false;
    const first = decision.actions.findIndex(({ kind }) => kind !== 'CreateReplicaSet');
    const creations = first === -1 ? decision.actions : decision.actions.slice(0, first);
    if (creations.length > 0)
      await execution.beginnings.inTurn(async () => {
        for (const action of creations) await perform(execution, action);
      });
    for (const action of decision.actions.slice(creations.length))
      learnt = (await perform(execution, action)) || learnt;
    if (learnt) return { kind: 'answered', why: 'the analysis-runner has answered' };
    if (deferStatus) return { kind: 'held' };
    if (decision.statusUrgency !== 'unchanged') await patchStatus(execution, decision.status);
    for (const event of decision.events) execution.record(event);
    return { kind: 'done' };
  } catch (error) {
    const outcome = discardedBy(error);
    if (outcome === undefined) throw error;
    return outcome;
  }
}

/** Whether the next snapshot knows more than this one, so that the status has to wait for the next decision. */
async function perform(execution: Execution, action: ExperimentAction): Promise<boolean> {
  switch (action.kind) {
    case 'EnsureAnalysisRun':
      return await ensureRun(execution, action);
    case 'TerminateAnalysisRun':
      return await terminateRun(execution, action);
    case 'CreateReplicaSet':
      await createReplicaSet(execution, action);
      break;
    case 'UpdateReplicaSet':
      await updateReplicaSet(execution, action);
      break;
    case 'CreateService':
      await createService(execution, action);
      break;
    case 'DeleteService':
      await deleteService(execution, action);
      break;
    default:
      return assertNever(action);
  }
  for (const event of action.events) execution.record(event);
  return false;
}

/**
 * Stores nothing but the differences, and only if nobody has changed the Experiment since: people set `terminate` in the same object, and clear the
 * status to run it again.
 */
async function patchStatus(execution: Execution, status: ExperimentStatus): Promise<void> {
  const { metadata, status: stored } = execution.snapshot.experiment;
  const difference = mergeDiff(stored, status);
  if (difference === undefined) return;
  const { namespace = '', name, resourceVersion } = metadata;
  assertInCharge(execution);
  const answer = await execution.client.patch<Experiment>(
    resources.experiments,
    { namespace, name },
    'merge',
    { status: difference },
    { ...(resourceVersion === undefined ? {} : { resourceVersion }), signal: execution.signal },
  );
  execution.wrote('experiments', answer);
}

function assertNever(action: never): never {
  throw new TypeError(`unknown action ${JSON.stringify(action)}`);
}
