import type { ExperimentAction, ExperimentAnswers, ExperimentDecision, ExperimentSnapshot } from '@sluice/engine';
import type { Experiment } from '@sluice/model';
import { executeOfExperiment } from './experiment-execution.ts';
import { observeExperiment } from './experiment-observation.ts';
import { collectGarbage } from './garbage.ts';
import type { Refusal } from './store.ts';
import type { World } from './world.ts';

// The experiment-manager of this world: it decides with the same engine, and has caches of its own.

/** What the manager remembers about one Experiment between two turns. All of it may be lost at any time. */
export interface ExperimentMemory {
  readonly uid: string;
  wakeAt: number | undefined;
  /** Since when a status of which only counters changed waits to be written. */
  statusWaitsSince: number | undefined;
  answers: ExperimentAnswers;
  /** When a name that somebody else has is tried again. */
  namesTakenUntil: number | undefined;
}

/** What one reconcile of the manager saw, wanted and did. */
export interface ExperimentTurn {
  readonly snapshot: ExperimentSnapshot;
  readonly decision: ExperimentDecision;
  /** The actions that were carried out, in order. */
  readonly done: readonly ExperimentAction[];
  /** `answered`: what was answered to an action is in the next snapshot, and the status waits for that. `died`: between two writes. */
  readonly ended: 'done' | 'waits' | 'answered' | 'died' | Refusal;
}

export interface ExperimentTurnOptions {
  /** The manager dies after so many writes; another one starts with nothing but fresh caches. */
  readonly diesAfter?: number | undefined;
}

const RETRY_MS = 100;
/** How long a status of which only counters changed may wait for a better one. */
const STATUS_WAIT_MS = 500;

function memoryOf(world: World, { metadata: { name, uid = '' } }: Experiment): ExperimentMemory {
  let memory = world.experiments.get(name);
  if (memory?.uid !== uid) {
    memory = { uid, wakeAt: undefined, statusWaitsSince: undefined, answers: {}, namesTakenUntil: undefined };
    world.experiments.set(name, memory);
  }
  return memory;
}

/** Assemble, decide, execute: once, for one Experiment. Undefined where there was nothing to decide on. */
export function reconcileExperiment(
  world: World,
  name: string,
  options: ExperimentTurnOptions = {},
): ExperimentTurn | undefined {
  world.due.experiments.delete(name);
  const experiment = world.managerCache.get('Experiment', name);
  if (experiment === undefined) {
    world.experiments.delete(name);
    return undefined;
  }
  const memory = memoryOf(world, experiment);
  memory.wakeAt = undefined;
  if (world.managerCache.isBehind()) {
    memory.wakeAt = world.store.now + RETRY_MS;
    return undefined;
  }
  forgetWhatIsOver(world, memory, experiment);
  const snapshot = observeExperiment(world, experiment, memory.answers);
  const decision = world.decideExperiment(snapshot);
  memory.wakeAt = decision.wakeAt;
  const turn = carryOut(world, memory, snapshot, decision, options.diesAfter ?? Infinity);
  if (world.store.get('Experiment', name)?.metadata.uid !== memory.uid) collectGarbage(world);
  if (turn.ended === 'died') restartManager(world);
  return turn;
}

/** Names are tried again after a while; an experiment that begins (again) wants other runs than the time before. */
function forgetWhatIsOver(world: World, memory: ExperimentMemory, { status }: Experiment): void {
  const { takenNames, startedRuns, ...rest } = memory.answers;
  if ((memory.namesTakenUntil ?? 0) <= world.store.now) memory.namesTakenUntil = undefined;
  memory.answers = {
    ...rest,
    ...(takenNames && memory.namesTakenUntil !== undefined && { takenNames }),
    ...(startedRuns && status?.phase && { startedRuns }),
  };
}

function carryOut(
  world: World,
  memory: ExperimentMemory,
  snapshot: ExperimentSnapshot,
  decision: ExperimentDecision,
  diesAfter: number,
): ExperimentTurn {
  const { experiment } = snapshot;
  const done: ExperimentAction[] = [];
  const ended = (how: ExperimentTurn['ended']): ExperimentTurn => ({ snapshot, decision, done, ended: how });
  let hasLearnt = false;
  for (const action of decision.actions) {
    if (done.length >= diesAfter) return ended('died');
    const outcome = executeOfExperiment(world, experiment, memory, action);
    if (outcome === 'learnt') hasLearnt = true;
    else if (outcome === 'answered') return again(world, memory, ended('answered'), 0);
    else if (outcome !== 'done') return again(world, memory, ended(outcome), RETRY_MS);
    done.push(action);
    if (outcome === 'done') record(world, experiment, action.events);
  }
  if (done.length >= diesAfter) return ended('died');
  if (hasLearnt) return again(world, memory, ended('answered'), 0);
  if (isDeferred(world, memory, decision)) return ended('waits');
  if (decision.statusUrgency !== 'unchanged' && !writeStatus(world, snapshot, decision))
    return again(world, memory, ended('Conflict'), RETRY_MS);
  record(world, experiment, decision.events);
  // The status that follows from the refusals is stored: a retried experiment tries anew.
  const { takenNames, startedRuns } = memory.answers;
  memory.answers = { ...(takenNames && { takenNames }), ...(startedRuns && { startedRuns }) };
  return ended('done');
}

function again(world: World, memory: ExperimentMemory, turn: ExperimentTurn, afterMs: number): ExperimentTurn {
  memory.wakeAt = Math.min(memory.wakeAt ?? Infinity, world.store.now + afterMs);
  return turn;
}

function isDeferred({ store }: World, memory: ExperimentMemory, { statusUrgency }: ExperimentDecision): boolean {
  if (statusUrgency !== 'soon') {
    memory.statusWaitsSince = undefined;
    return false;
  }
  memory.statusWaitsSince ??= store.now;
  const dueAt = memory.statusWaitsSince + STATUS_WAIT_MS;
  if (store.now < dueAt) {
    memory.wakeAt = Math.min(memory.wakeAt ?? Infinity, dueAt);
    return true;
  }
  memory.statusWaitsSince = undefined;
  return false;
}

/** The whole status under a precondition: as good as a patch of the difference, because whoever wrote meanwhile makes it fail. */
function writeStatus(
  world: World,
  { experiment }: ExperimentSnapshot,
  { status, statusUrgency }: ExperimentDecision,
): boolean {
  if (statusUrgency === 'unchanged') return true;
  const { name, uid = '', resourceVersion = '' } = experiment.metadata;
  const written = world.store.replace('Experiment', name, { uid, resourceVersion }, (current) => ({
    ...current,
    status,
  }));
  if (written.ok) world.managerCache.wrote('Experiment', written.object);
  return written.ok;
}

function record(world: World, experiment: Experiment, events: ExperimentAction['events']): void {
  const owner = experiment.metadata.ownerReferences?.find(({ controller, kind }) => controller && kind === 'Rollout');
  for (const { about, ...event } of events) {
    if (about === 'experiment') world.events.push({ rollout: '', experiment: experiment.metadata.name, ...event });
    else if (owner) world.events.push({ rollout: owner.name, ...event });
  }
}

const momentsOf = ({ wakeAt, namesTakenUntil }: ExperimentMemory): number[] =>
  [wakeAt, namesTakenUntil].filter((at) => at !== undefined);

/** The Experiments whose time has come. */
export function wakeExperiments(world: World): void {
  for (const [name, memory] of world.experiments)
    if (momentsOf(memory).some((at) => at <= world.store.now)) world.due.experiments.add(name);
}

/** The next moment at which an Experiment has something to do by itself. */
export function nextExperimentMoment(world: World): number | undefined {
  const coming = [...world.experiments.values()].flatMap(momentsOf);
  return coming.length > 0 ? Math.min(...coming) : undefined;
}

export function everyExperimentIsDue(world: World): void {
  for (const name of world.store.table('Experiment').keys()) world.due.experiments.add(name);
}

/** What a manager kept in memory is gone; it lists everything and looks at every Experiment. */
export function restartManager(world: World): void {
  world.experiments.clear();
  world.managerCache.restart();
  everyExperimentIsDue(world);
}
