import { tellsOfPlugins } from '@sluice/engine';
import type { Action, Decision, EventIntent, RolloutSnapshot, TrafficIntent } from '@sluice/engine';
import type { Rollout } from '@sluice/model';
import { execute } from './execute.ts';
import { observe } from './observe.ts';
import { askRouter, lookAgain, routerAgainAt, routesOf } from './router.ts';
import { answersAreTold, callStepPlugin, forgetPluginAnswers, pluginAgainAt } from './step-plugin.ts';
import { memoryOf } from './world.ts';
import type { World } from './world.ts';
import type { Refusal } from './store.ts';

/** What one reconcile of the controller saw, wanted and did. */
export interface Turn {
  readonly snapshot: RolloutSnapshot;
  readonly decision: Decision;
  /** The actions that were carried out, in order. */
  readonly done: readonly Action[];
  readonly wroteStatus: boolean;
  /** What traffic obeyed when it was decided, and what it was going to obey. */
  readonly routes?: readonly (TrafficIntent | undefined)[];
  /** Decisions before this one that only asked a router: their status was carried on and not stored. */
  readonly earlier?: readonly Turn[];
  /** `routed`: a router was asked, nothing was written, and it is decided again at once. `waits`: a status of which only counters changed is written later. `died`: between two writes. */
  readonly ended: 'nothing-to-do' | 'done' | 'routed' | 'waits' | 'died' | Refusal;
}

export interface TurnOptions {
  /** The controller dies after so many writes; another one starts with nothing but fresh caches. */
  readonly diesAfter?: number | undefined;
  /** Happens between the decision and its first write. */
  readonly meanwhile?: (() => void) | undefined;
}

const RETRY_MS = 100;
/** How long a status of which only counters changed may wait for a better one. */
export const STATUS_WAIT_MS = 250;

/** Assemble, decide, execute: once, for one Rollout. Undefined where there was nothing to decide on. */
export function reconcile(world: World, name: string, options: TurnOptions = {}): Turn | undefined {
  world.due.rollouts.delete(name);
  const memory = memoryOf(world, name);
  memory.wakeAt = undefined;
  const rollout = world.cache.get('Rollout', name);
  if (rollout === undefined || rollout.metadata.deletionTimestamp !== undefined) return undefined;
  if (world.cache.isBehind()) {
    memory.wakeAt = world.store.now + RETRY_MS;
    return undefined;
  }
  if (!memory.isKnown) {
    memory.isKnown = true;
    record(world, name, [
      {
        type: 'Normal',
        reason: 'RolloutAddedToInformer',
        message: `Rollout resource added to informer: ${world.store.namespace}/${name}`,
      },
    ]);
  }
  lookAgain(world, rollout);
  const turn = decideAndCarryOut(world, rollout, options);
  if (turn.ended === 'died') restartController(world);
  else {
    wakeAt(world, name, routerAgainAt(world, rollout));
    wakeAt(world, name, pluginAgainAt(world));
  }
  return turn;
}

/** Decides again as long as a router answers and nothing else is written; the status of all these decisions is stored once. */
function decideAndCarryOut(world: World, rollout: Rollout, { meanwhile, diesAfter = Infinity }: TurnOptions): Turn {
  const earlier: Turn[] = [];
  for (;;) {
    const last = earlier.at(-1);
    const routes = routesOf(world);
    const snapshot = observe(world, last ? { ...rollout, status: last.decision.status } : rollout);
    const decision = world.decide(snapshot);
    memoryOf(world, rollout.metadata.name).wakeAt = decision.wakeAt;
    if (!last) meanwhile?.();
    const asked = earlier.reduce((sum, { done }) => sum + done.length, 0);
    const plan = { snapshot, decision, rollout, earlier, diesAfter: diesAfter - asked };
    const turn = { ...carryOut(world, plan), routes };
    if (turn.ended !== 'routed') return { ...turn, earlier };
    earlier.push(turn);
  }
}

const MAX_ROUTED_ROUNDS = 12;

interface Carried {
  readonly snapshot: RolloutSnapshot;
  readonly decision: Decision;
  /** As it is stored. */
  readonly rollout: Rollout;
  readonly earlier: readonly Turn[];
  readonly diesAfter: number;
}

function carryOut(world: World, { snapshot, decision, rollout, earlier, diesAfter }: Carried): Turn {
  const { name } = rollout.metadata;
  let [asked, wrote] = [false, false];
  const done: Action[] = [];
  const ended = (how: Turn['ended'], wroteStatus = false): Turn => ({
    snapshot,
    decision,
    done,
    wroteStatus,
    ended: how,
  });
  let version = rollout.metadata.resourceVersion ?? '';
  for (const action of decision.actions) {
    if (done.length >= diesAfter) return ended('died');
    if (action.kind === 'ApplyTraffic' || action.kind === 'ReleaseTraffic') {
      const isAsked = askRouter(world, rollout, action) === 'asked';
      if (isAsked) done.push(action);
      asked ||= isAsked;
      continue;
    }
    // What comes behind a question to a router waits for its answer.
    if (asked) break;
    if (world.stepPlugins && action.kind === 'CallStepPlugin') {
      // It is not stored yet that the plugin is asked: whoever comes next could not know.
      if (!tellsOfPlugins(rollout.status ?? {}, decision.status)) continue;
      asked = callStepPlugin(world, action.call) === 'asked';
      if (asked) done.push(action);
      continue;
    }
    wrote = true;
    const outcome = execute(world, rollout, action, version);
    if (!outcome.ok) {
      failed(world, name, action, outcome.reason);
      return ended(outcome.reason);
    }
    done.push(action);
    if (outcome.kind && outcome.object) world.cache.wrote(outcome.kind, outcome.object);
    if (outcome.kind === 'Rollout') version = outcome.object?.metadata.resourceVersion ?? version;
    if (action.kind === 'CreateReplicaSet') memoryOf(world, name).createFailure = undefined;
    record(world, name, action.events);
  }
  if (done.length >= diesAfter) return ended('died');
  if (asked && !wrote && earlier.length + 1 < MAX_ROUTED_ROUNDS) return ended('routed');
  if (asked) wakeAt(world, name, world.store.now + RETRY_MS);
  if (earlier.length === 0 && !isStatusDue(world, name, decision)) {
    if (decision.statusUrgency === 'unchanged') record(world, name, decision.events);
    return ended(decision.statusUrgency === 'soon' ? 'waits' : done.length ? 'done' : 'nothing-to-do');
  }
  if (!writeStatus(world, rollout, decision, version)) return ended('Conflict');
  answersAreTold(world, snapshot.stepPlugins, decision.status);
  for (const turn of earlier) record(world, name, turn.decision.events);
  record(world, name, decision.events);
  return ended('done', true);
}

function isStatusDue(world: World, name: string, { statusUrgency }: Decision): boolean {
  const memory = memoryOf(world, name);
  if (statusUrgency !== 'soon') {
    memory.statusWaitsSince = undefined;
    return statusUrgency === 'now';
  }
  memory.statusWaitsSince ??= world.store.now;
  const dueAt = memory.statusWaitsSince + STATUS_WAIT_MS;
  if (world.store.now >= dueAt) {
    memory.statusWaitsSince = undefined;
    return true;
  }
  wakeAt(world, name, dueAt);
  return false;
}

/** The whole status under a precondition: as good as a patch of the difference, because whoever wrote meanwhile makes it fail. */
function writeStatus(world: World, rollout: Rollout, { status }: Decision, resourceVersion: string): boolean {
  const { name, uid = '' } = rollout.metadata;
  const written = world.store.replace('Rollout', name, { uid, resourceVersion }, (current) => ({ ...current, status }));
  if (written.ok) world.cache.wrote('Rollout', written.object);
  else wakeAt(world, name, world.store.now + RETRY_MS);
  return written.ok;
}

function failed(world: World, name: string, action: Action, reason: Refusal): void {
  if (action.kind === 'CreateReplicaSet' && reason === 'Refused')
    memoryOf(world, name).createFailure = {
      hash: action.hash,
      message: 'replicasets.apps is forbidden: exceeded quota',
    };
  wakeAt(world, name, world.store.now + RETRY_MS);
}

function wakeAt(world: World, name: string, at: number | undefined): void {
  if (at === undefined) return;
  const memory = memoryOf(world, name);
  memory.wakeAt = Math.min(memory.wakeAt ?? Infinity, at);
}

/** What a controller kept in memory is gone; it lists everything and looks at every Rollout. */
export function restartController(world: World): void {
  world.memories.clear();
  forgetPluginAnswers(world);
  for (const { memories, releases } of world.routers) {
    memories.clear();
    releases.clear();
  }
  world.cache.restart();
  for (const name of world.store.table('Rollout').keys()) world.due.rollouts.add(name);
}

function record(world: World, rollout: string, events: readonly EventIntent[]): void {
  for (const event of events) world.events.push({ rollout, ...event });
}
