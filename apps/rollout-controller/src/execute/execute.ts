import { setTimeout as sleep } from 'node:timers/promises';
import { tellsOfPlugins, writeOf } from '@sluice/engine';
import type { Action, Decision } from '@sluice/engine';
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
import { refusable } from './refused.ts';
import { patchRollout, patchStatus } from './rollout.ts';
import { switchService } from './services.ts';

/**
 * How carrying out a decision ended, short of an error:
 * - `done`: all of it. `asked`: all up to a question to a router or a step plugin, and the status; decide again soon. `held`: the same as one of the two, but for the status, which may wait.
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
  /** The caller decides again at once when routers were asked. */
  readonly mayDecideAgain: boolean;
}

/**
 * Carries out a decision: its actions in order up to the first that fails, then the status, then the events. Throws KubeError for what is
 * neither stale nor an answer; whatever was done until then is done, and the next snapshot yields the rest.
 */
export async function execute(execution: Execution, decision: Decision, options: ExecuteOptions): Promise<Outcome> {
  const { events } = execution;
  events.decided(decision.events);
  try {
    let isStored = false;
    const store: Store = async (rollout) => {
      if (isStored) return rollout;
      isStored = true;
      // A status that was carried on from an earlier decision is not stored yet, whatever this one thinks of it.
      const isCarried = execution.snapshot.rollout !== execution.stored;
      const mayDiffer = isCarried || decision.statusUrgency !== 'unchanged';
      const answer = mayDiffer ? await patchStatus(execution, rollout, decision.status) : rollout;
      events.stored();
      return answer;
    };
    const { rollout, asked, wrote } = await performActions(
      execution,
      decision,
      options.deferStatus ? undefined : store,
    );
    if (asked && !wrote && !isStored && options.mayDecideAgain) return { kind: 'routed' };
    if (options.deferStatus) {
      events.stored();
      return { kind: 'held', asked };
    }
    await store(rollout);
    return { kind: asked ? 'asked' : 'done' };
  } catch (error) {
    events.failed();
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

/** Stores the status and records its events; returns the Rollout as it is stored then. */
type Store = (rollout: Rollout) => Promise<Rollout>;

/** A status does not wait longer than this for the answer of a plugin: users see at once what their command led to. */
const PLUGIN_ANSWER_MS = 250;

/** @param store for when a plugin takes long to answer; absent: the status may wait for a later decision */
async function performActions(
  execution: Execution,
  { actions, status }: Decision,
  store: Store | undefined,
): Promise<Performed> {
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
      const answer = askRouter(execution, action);
      if (store !== undefined) rollout = await storeIfSlow(answer, rollout, store);
      asked = (await answer) === 'asked' || asked;
      continue;
    }
    // What comes behind a question to a router waits for its answer.
    if (asked) return { rollout, asked, wrote };
    if (action.kind === 'CallStepPlugin') {
      // First it is stored that the plugin is asked: whoever comes after us has to know what it may have begun.
      if (!tellsOfPlugins(execution.stored.status ?? {}, status)) continue;
      assertInCharge(execution);
      const answer = execution.callStepPlugin?.(action.call) ?? Promise.resolve('resting' as const);
      if (store !== undefined) rollout = await storeIfSlow(answer, rollout, store);
      asked = (await answer) === 'asked';
      continue;
    }
    wrote = true;
    if (action.kind === 'PatchRollout') {
      const before = rollout;
      rollout = await refusable(execution, writeOf(action), () => patchRollout(execution, before, action));
      announce(execution, action);
    } else if ((await refusable(execution, writeOf(action), () => perform(execution, action))) !== 'later')
      announce(execution, action);
  }
  await patchGathered();
  return { rollout, asked, wrote };
}

/** The calls for one Rollout never overlap: where the status cannot be stored, that is known only once the plugin has answered. */
async function storeIfSlow(answer: Promise<unknown>, rollout: Rollout, store: Store): Promise<Rollout> {
  const timer = new AbortController();
  const timeout = sleep(PLUGIN_ANSWER_MS, 'slow', { signal: timer.signal, ref: false });
  const first = await Promise.race([answer, timeout]).finally(() => timer.abort());
  if (first !== 'slow') return rollout;
  const [stored] = await Promise.allSettled([store(rollout), answer]);
  if (stored.status === 'rejected') throw stored.reason;
  return stored.value;
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
