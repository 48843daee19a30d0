import { tellsOfPlugins } from '@sluice/engine';
import type { Action, Decision, EventIntent } from '@sluice/engine';
import type { Rollout } from '@sluice/model';
import { assertInCharge, discardedBy } from '@sluice/reconcile';
import type { Discarded } from '@sluice/reconcile';
import { scaleDeployment } from './deployments.ts';
import type { ActionOf, Execution } from './execution.ts';
import { ensureAnalysisRun, ensureExperiment, forget, terminate } from './peers.ts';
import { evictPod, patchPods } from './pods.ts';
import {
  adoptReplicaSet,
  createReplicaSet,
  deleteReplicaSet,
  releaseReplicaSet,
  updateReplicaSet,
} from './replica-sets.ts';
import { patchRollout, patchStatus } from './rollout.ts';
import { switchService } from './services.ts';

/**
 * How carrying out a decision ended, short of an error:
 * - `done`: all of it. `asked`: all up to a question to a router or a step plugin; decide again soon. `held`: the same as one of the two, but for the status, which may wait.
 * - `routed`: routers or a step plugin were asked, and nothing else was written: decide again at once, from the decided status, with their answer. Status and events wait for that.
 * - or the decision was thrown away.
 */
export type Outcome =
  | { readonly kind: 'done' | 'asked' }
  | { readonly kind: 'routed' }
  | { readonly kind: 'held'; readonly asked: boolean }
  | Discarded;

export interface ExecuteOptions {
  /** Leave the status for a later decision: only counters differ. */
  readonly deferStatus: boolean;
  /** Events of decisions whose status was not stored because this one takes it further. */
  readonly earlierEvents: readonly EventIntent[];
  /** The caller decides again at once when routers were asked. */
  readonly mayDecideAgain: boolean;
}

/**
 * Carries out a decision: its actions in order up to the first that fails, then the status, then the events. Throws KubeError for what is
 * neither stale nor an answer; whatever was done until then is done, and the next snapshot yields the rest.
 */
export async function execute(execution: Execution, decision: Decision, options: ExecuteOptions): Promise<Outcome> {
  try {
    const { rollout, asked, wrote } = await performActions(execution, decision);
    if (asked && !wrote && options.mayDecideAgain) return { kind: 'routed' };
    if (options.deferStatus) return { kind: 'held', asked };
    // A status that was carried on from an earlier decision is not stored yet, whatever this one thinks of it.
    const isCarried = execution.snapshot.rollout !== execution.stored;
    if (isCarried || decision.statusUrgency !== 'unchanged') await patchStatus(execution, rollout, decision.status);
    for (const event of [...options.earlierEvents, ...decision.events]) execution.record(event);
    return { kind: asked ? 'asked' : 'done' };
  } catch (error) {
    const outcome = discardedBy(error);
    if (outcome === undefined) throw error;
    return outcome;
  }
}

interface Performed {
  /** As it is stored now. */
  readonly rollout: Rollout;
  readonly asked: boolean;
  readonly wrote: boolean;
}

async function performActions(execution: Execution, { actions, status }: Decision): Promise<Performed> {
  let rollout = execution.stored;
  let asked = false;
  let wrote = false;
  let pods: ActionOf<'PatchPodMetadata'>[] = [];
  const patchGathered = async (): Promise<void> => {
    const gathered = pods;
    pods = [];
    await patchPods(execution, gathered);
    gathered.forEach((action) => announce(execution, action));
  };
  for (const action of actions) {
    if (action.kind === 'PatchPodMetadata') {
      pods.push(action);
      continue;
    }
    await patchGathered();
    if (isKnownToFail(execution, action)) return { rollout, asked, wrote };
    if (action.kind === 'ApplyTraffic' || action.kind === 'ReleaseTraffic') {
      asked = (await askRouter(execution, action)) === 'asked' || asked;
      continue;
    }
    // What comes behind a question to a router waits for its answer.
    if (asked) return { rollout, asked, wrote };
    if (action.kind === 'CallStepPlugin') {
      // First it is stored that the plugin is asked: whoever comes after us has to know what it may have begun.
      if (!tellsOfPlugins(execution.stored.status ?? {}, status)) continue;
      assertInCharge(execution);
      asked = (await execution.callStepPlugin?.(action.call)) === 'asked';
      continue;
    }
    wrote = true;
    if (action.kind === 'PatchRollout') {
      rollout = await patchRollout(execution, rollout, action);
      announce(execution, action);
    } else if ((await perform(execution, action)) !== 'later') announce(execution, action);
  }
  await patchGathered();
  return { rollout, asked, wrote };
}

async function askRouter(
  execution: Execution,
  action: ActionOf<'ApplyTraffic'> | ActionOf<'ReleaseTraffic'>,
): Promise<'asked' | 'resting'> {
  assertInCharge(execution);
  const { routers, signal } = execution;
  return action.kind === 'ApplyTraffic' ? await routers.apply(action, signal) : await routers.release(action, signal);
}

/** The decision knows that this creation fails, and its status says so: it is stored, and the creation is tried again later. */
function isKnownToFail({ snapshot }: Execution, action: Action): boolean {
  if (action.kind !== 'CreateReplicaSet') return false;
  return snapshot.createFailure?.hash === action.hash || snapshot.templateRefusal?.hash === action.hash;
}

function announce(execution: Execution, action: Action): void {
  for (const event of action.events) execution.record(event);
}

async function perform(
  execution: Execution,
  action: Exclude<
    Action,
    { readonly kind: 'PatchRollout' | 'PatchPodMetadata' | 'ApplyTraffic' | 'ReleaseTraffic' | 'CallStepPlugin' }
  >,
): Promise<'later' | 'evicted' | void> {
  switch (action.kind) {
    case 'CreateReplicaSet':
      return await createReplicaSet(execution, action);
    case 'UpdateReplicaSet':
      return await updateReplicaSet(execution, action);
    case 'DeleteReplicaSet':
      return await deleteReplicaSet(execution, action);
    case 'AdoptReplicaSet':
      return await adoptReplicaSet(execution, action);
    case 'ReleaseReplicaSet':
      return await releaseReplicaSet(execution, action);
    case 'SwitchService':
      return await switchService(execution, action);
    case 'EvictPod':
      return await evictPod(execution, action);
    case 'ScaleDeployment':
      return await scaleDeployment(execution, action);
    case 'EnsureAnalysisRun':
      return await ensureAnalysisRun(execution, action);
    case 'EnsureExperiment':
      return await ensureExperiment(execution, action);
    case 'TerminateAnalysisRun':
    case 'TerminateExperiment':
      return await terminate(execution, action);
    case 'DeleteAnalysisRun':
    case 'DeleteExperiment':
      return await forget(execution, action);
    default:
      return assertNever(action);
  }
}

function assertNever(action: never): never {
  throw new TypeError(`unknown action ${JSON.stringify(action)}`);
}
