import { decideAnalysisRun, isCompleted } from '@sluice/engine';
import type {
  AnalysisRunDecision,
  CollectTask,
  EventIntent,
  MeasurementOutcome,
  MeasurementTask,
} from '@sluice/engine';
import { measurementIdOf } from '@sluice/contracts';
import type { EventRecorder, Informer, KubeClient, KubeLogger } from '@sluice/kube';
import { isKubeError, keyOf, mergeDiff, resources } from '@sluice/kube';
import type { AnalysisRun } from '@sluice/model';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { Flight } from '../dispatch/flight.ts';
import { createAlarms } from './alarms.ts';
import type { Answer } from './companions.ts';
import { runStateOf, seeRun, stored } from './run-state.ts';
import type { RunState } from './run-state.ts';
import type { SecretValues, Secrets } from './secrets.ts';
import { createStatusWriter } from './status-writer.ts';
import type { WriteUrgency } from './status-writer.ts';
import { isAtRest, providerOf, wishOf } from './wishes.ts';
import { createWriteBudget } from './write-budget.ts';
import { urgencyOf } from './write-urgency.ts';

export interface SchedulerHooks {
  readonly onStatusWritten?: (urgency: WriteUrgency, outcome: 'stored' | 'conflict' | 'failed') => void;
  readonly onDecided?: (durationMs: number) => void;
  readonly onEvent?: (key: string, event: EventIntent) => void;
}

export interface SchedulerOptions {
  readonly client: KubeClient;
  readonly runs: Pick<Informer<AnalysisRun>, 'onChange' | 'getByKey' | 'list'>;
  /** Whether the run with this uid is ours to write. */
  readonly isInCharge: (uid: string) => boolean;
  readonly dispatcher: Pick<Dispatcher, 'want' | 'drop' | 'get'>;
  readonly secrets: Secrets;
  readonly recorder: Pick<EventRecorder, 'record'>;
  readonly logger: KubeLogger;
  /** Whether measurements of this provider may leave something behind that has to be ended or removed. */
  readonly leavesTraces: (provider: string, namespace: string) => boolean;
  /** Writes of statuses a second, verdicts aside: 80. */
  readonly writesPerSecond?: number;
  readonly now?: () => number;
  readonly hooks?: SchedulerHooks;
}

export interface Scheduler {
  start(): void;
  /** Stores what waits to be stored, and lets everything go. */
  stop(): Promise<void>;
  /** The standing has changed: takes up what is ours now, and lets go what is not. */
  standingChanged(): void;
  /** Stores what is held of the runs that are about to be somebody else's. */
  flush(isLeaving: (uid: string) => boolean): Promise<void>;
  runOf(uid: string): RunState | undefined;
  /** An answer for a flight that is over. */
  returned(flight: Flight, outcome: MeasurementOutcome | undefined, handle?: string): void;
  /** Look at the run again now: something outside of it has changed. */
  look(uid: string): void;
  readonly size: number;
  readonly heldStatuses: number;
}

const cancelledForMs = 15 * 60_000;
const againMs = 2_000;
const incompleteRetryMs = 2_000;

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { client, runs, dispatcher, secrets, logger, hooks = {} } = options;
  const now = options.now ?? Date.now;
  const states = new Map<string, RunState>();
  const byUid = new Map<string, RunState>();
  /** Cancels that were acknowledged, and until when that is remembered. */
  const cancelled = new Map<string, number>();
  const alarms = createAlarms((key) => wake(key), now);
  const writer = createStatusWriter({
    write,
    budget: createWriteBudget(options.writesPerSecond ?? 80),
  });
  let stopWatching = (): void => undefined;
  let stopped = false;

  // Which runs there are.

  function stateOf(run: AnalysisRun): RunState {
    const key = keyOf(run.metadata);
    const before = states.get(key);
    if (before !== undefined && before.uid === run.metadata.uid) return before;
    if (before !== undefined) letGo(before);
    const state: RunState = runStateOf(key, run, (answers) => takeIn(state, answers));
    states.set(key, state);
    byUid.set(state.uid, state);
    return state;
  }

  function letGo(state: RunState): void {
    states.delete(state.key);
    byUid.delete(state.uid);
    alarms.clear(state.key);
    writer.forget(state.key);
    state.companions.stop();
    for (const id of state.inFlight.keys()) dispatcher.drop(id);
    for (const id of state.ending) dispatcher.drop(id);
  }

  function runChanged(before: AnalysisRun | undefined, after: AnalysisRun | undefined): void {
    const run = after ?? before;
    if (run === undefined) return;
    const known = byUid.get(run.metadata.uid ?? '');
    if (after === undefined) return void (known && letGo(known));
    if (!options.isInCharge(after.metadata.uid ?? '')) return;
    if (known !== undefined) {
      if (seeRun(known, after)) look(known);
    } else if (!isAtRest(after)) look(stateOf(after));
  }

  // One turn.

  function look(state: RunState): void {
    if (stopped || states.get(state.key) !== state) return;
    if (!options.isInCharge(state.uid)) return letGo(state);
    if (state.isLooking) {
      state.lookAgain = true;
      return;
    }
    const found = isCompleted((state.held ?? state.run.status)?.phase) ? undefined : secrets.of(state.run);
    if (!(found instanceof Promise)) return turn(state, found);
    state.isLooking = true;
    void found.then((values) => {
      state.isLooking = false;
      const again = state.lookAgain;
      state.lookAgain = false;
      if (states.get(state.key) !== state || stopped) return;
      turn(state, values);
      if (again) look(state);
    });
  }

  function turn(state: RunState, secretValues: SecretValues | undefined): void {
    const at = now();
    const startedAt = performance.now();
    if (secretValues !== undefined) rememberSecrets(state, Object.values(secretValues.values));
    const { outcomes } = state;
    state.outcomes = [];
    try {
      const decision = decideAnalysisRun({
        now: at,
        run: state.run,
        ...(state.held === undefined ? {} : { held: state.held }),
        outcomes,
        inFlight: [...state.inFlight.values()],
        lastFinishedAt: state.lastFinishedAt,
        ...(secretValues === undefined ? {} : { secrets: secretValues.observations }),
      });
      accept(state, decision, at);
      const isHeldUp = Object.values(secretValues?.observations ?? {}).some(({ kind }) => kind === 'unknown');
      alarms.set(
        state.key,
        earliest(decision.wakeAt, decision.deleteAt, isHeldUp ? at + incompleteRetryMs : undefined),
      );
    } catch (error) {
      // A run that cannot be decided on is alone with it.
      logger.error({ run: state.key, error }, 'could not be decided on; it is looked at again');
      alarms.set(state.key, at + 10_000);
    }
    hooks.onDecided?.(performance.now() - startedAt);
  }

  function accept(state: RunState, decision: AnalysisRunDecision, at: number): void {
    state.lastFinishedAt = decision.lastFinishedAt;
    state.urgency = decision.statusUrgency;
    state.deleteAt = decision.deleteAt;
    for (const event of decision.events) state.events.push(event);
    state.held = decision.statusUrgency === 'unchanged' ? undefined : decision.status;
    state.companions.began(decision.tasks.flatMap((task) => carryOut(state, task, at) ?? []));
    for (const task of decision.collect) collect(state, task, at);
    if (state.held !== undefined) writer.mark(state.key, urgencyOf(state));
    else if (decision.deleteAt !== undefined && at >= decision.deleteAt) void remove(state);
    else rest(state);
  }

  /** Forgets a run that is over and stored, once nothing of it is under way. */
  function rest({ inFlight, ending, deleteAt, run, key }: RunState): void {
    const isOver = isCompleted(run.status?.phase) && inFlight.size === 0 && ending.size === 0;
    const state = states.get(key);
    if (isOver && deleteAt === undefined && state !== undefined) letGo(state);
  }

  function wake(key: string): void {
    const state = states.get(key);
    if (state !== undefined) look(state);
  }

  // What a decision asks for.

  /** Answers with the id of the measurement that begins with it. */
  function carryOut(state: RunState, task: MeasurementTask, at: number): string | undefined {
    const id = measurementIdOf(state.uid, task.metric, task.ordinal);
    if (task.kind === 'cancel') {
      cancel(state, id, task, at);
      return undefined;
    }
    const wish = wishOf(state, id, task, task.kind, task.dueAt);
    if (wish === undefined) return undefined;
    state.inFlight.set(id, { metric: task.metric, ordinal: task.ordinal });
    dispatcher.want(task.kind === 'poll' ? { ...wish, measurement: task.measurement } : wish);
    return task.kind === 'start' ? id : undefined;
  }

  function cancel(state: RunState, id: string, task: MeasurementTask & { kind: 'cancel' }, at: number): void {
    state.inFlight.delete(id);
    if (cancelled.has(id) || dispatcher.get(id)?.work === 'cancel') return;
    const mayHaveBegun = dispatcher.drop(id) || task.measurement !== undefined;
    const wish = wishOf(state, id, task, 'cancel', at);
    if (!mayHaveBegun || wish === undefined || !options.leavesTraces(providerOf(wish), wish.namespace)) return;
    state.ending.add(id);
    dispatcher.want({ ...wish, measurement: task.measurement });
  }

  function collect(state: RunState, { metric, keep }: CollectTask, at: number): void {
    const id = measurementIdOf(state.uid, metric, 0);
    const wish = wishOf(state, id, { metric, ordinal: 0 }, 'collect', at);
    if (wish === undefined || !options.leavesTraces(providerOf(wish), wish.namespace)) return;
    state.ending.add(id);
    dispatcher.want({ ...wish, keep });
  }

  function returned(flight: Flight, outcome: MeasurementOutcome | undefined, handle?: string): void {
    const state = byUid.get(flight.uid);
    if (flight.work === 'cancel') rememberCancelled(flight.id);
    if (state === undefined) return;
    if (state.ending.delete(flight.id)) return look(state);
    state.companions.came({ flight, outcome, handle });
  }

  function takeIn(state: RunState, answers: readonly Answer[]): void {
    for (const { flight, outcome, handle } of answers) {
      state.inFlight.delete(flight.id);
      if (outcome !== undefined) state.outcomes.push(outcome);
      if (handle !== undefined && handle !== '') state.handles.set(flight.id, handle);
      else state.handles.delete(flight.id);
    }
    look(state);
  }

  function rememberCancelled(id: string): void {
    const at = now();
    cancelled.set(id, at + cancelledForMs);
    for (const [old, until] of cancelled) {
      if (until > at) break;
      cancelled.delete(old);
    }
  }

  // What is stored.

  async function write(key: string): Promise<void> {
    const state = states.get(key);
    if (state === undefined || state.held === undefined || !options.isInCharge(state.uid)) return;
    const { held, events, run } = state;
    const urgency = urgencyOf(state);
    const difference = mergeDiff(run.status, held);
    state.events = [];
    try {
      if (difference !== undefined) {
        const { namespace = '', name, resourceVersion } = run.metadata;
        state.attempted = held;
        const answer = await client.patch<AnalysisRun>(
          resources.analysisRuns,
          { namespace, name },
          'merge',
          { status: difference },
          resourceVersion === undefined ? {} : { resourceVersion },
        );
        stored(state, held, answer.metadata.resourceVersion);
        hooks.onStatusWritten?.(urgency, 'stored');
      } else if (state.held === held) state.held = undefined;
      for (const event of events) record(run, event);
      look(state);
    } catch (error) {
      state.events = [...events, ...state.events];
      await notStored(state, urgency, error);
    }
  }

  async function notStored(state: RunState, urgency: WriteUrgency, error: unknown): Promise<void> {
    const isConflict = isKubeError(error, 'Conflict');
    hooks.onStatusWritten?.(urgency, isConflict ? 'conflict' : 'failed');
    if (isKubeError(error, 'NotFound')) return letGo(state);
    if (!isConflict) {
      logger.warn({ run: state.key, error: String(error) }, 'a status could not be stored; it is tried again');
      return alarms.set(state.key, now() + againMs);
    }
    try {
      const { namespace = '', name } = state.run.metadata;
      const seen = await client.find<AnalysisRun>(resources.analysisRuns, { namespace, name });
      if (seen === undefined || seen.metadata.uid !== state.uid) return letGo(state);
      if (seeRun(state, seen)) look(state);
      else alarms.set(state.key, now() + againMs);
    } catch {
      alarms.set(state.key, now() + againMs);
    }
  }

  async function remove(state: RunState): Promise<void> {
    const { namespace = '', name, uid } = state.run.metadata;
    try {
      await client.remove(
        resources.analysisRuns,
        { namespace, name },
        { propagationPolicy: 'Background', ...(uid === undefined ? {} : { uid }) },
      );
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return;
      logger.warn(
        { run: state.key, error: String(error) },
        'a run whose time is over could not be deleted; it is tried again',
      );
      alarms.set(state.key, now() + againMs);
    }
  }

  function record(run: AnalysisRun, event: EventIntent): void {
    options.recorder.record({ apiVersion: 'argoproj.io/v1alpha1', kind: 'AnalysisRun', metadata: run.metadata }, event);
    hooks.onEvent?.(keyOf(run.metadata), event);
  }

  async function flush(isLeaving: (uid: string) => boolean): Promise<void> {
    const leaving = [...states.values()].filter((state) => isLeaving(state.uid));
    for (const state of leaving) {
      alarms.clear(state.key);
      for (const id of state.inFlight.keys()) dispatcher.drop(id);
    }
    await writer.flush(leaving.filter(({ held }) => held !== undefined).map(({ key }) => key));
  }

  return {
    start() {
      stopWatching = runs.onChange(runChanged);
    },
    async stop() {
      stopWatching();
      await Promise.race([flush(() => true), new Promise((resolve) => setTimeout(resolve, 5_000).unref())]);
      stopped = true;
      alarms.stop();
      writer.stop();
    },
    standingChanged() {
      for (const state of [...states.values()]) if (!options.isInCharge(state.uid)) letGo(state);
      for (const run of runs.list()) runChanged(undefined, run);
    },
    flush,
    runOf: (uid) => byUid.get(uid),
    returned,
    look(uid) {
      const state = byUid.get(uid);
      if (state !== undefined) look(state);
    },
    get size() {
      return states.size;
    },
    get heldStatuses() {
      return writer.waiting;
    },
  };
}

const maxSecretValues = 64;

/** Values that were replaced stay masked for a while: what was asked with them may still come back. */
export function rememberSecrets(state: RunState, values: readonly string[]): void {
  if (values.every((value) => state.secretValues.includes(value))) return;
  state.secretValues = [...new Set([...values, ...state.secretValues])].slice(0, maxSecretValues);
}

function earliest(...moments: readonly (number | undefined)[]): number | undefined {
  const known = moments.filter((at) => at !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
