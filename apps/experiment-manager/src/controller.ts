import { decideExperiment, rolloutOf } from '@sluice/engine';
import type { EpochMs, ExperimentDecision, ExperimentEvent, ExperimentSnapshot } from '@sluice/engine';
import { createWorkQueue, createWrittenVersions, isKubeError, keyOf } from '@sluice/kube';
import type {
  Authority,
  EventRecorder,
  KubeClient,
  KubeLogger,
  KubeObject,
  WorkQueue,
  WorkQueueHooks,
  WorkResult,
} from '@sluice/kube';
import type { Experiment } from '@sluice/model';
import type { AnalysisPeer } from '@sluice/peers';
import { createAnswers } from './assemble/answers.ts';
import type { Caches } from './assemble/caches.ts';
import { assembleSnapshot, isIncomplete } from './assemble/snapshot.ts';
import { createBeginnings } from './execute/beginnings.ts';
import { execute } from './execute/execute.ts';
import type { Outcome } from './execute/execute.ts';
import type { Execution } from './execute/execution.ts';
import { createStatusPatience } from './status-patience.ts';
import type { StatusPatience } from './status-patience.ts';
import { watchChanges } from './triggers.ts';

/** Called as things happen; must not throw. */
export interface ControllerHooks {
  readonly queue?: WorkQueueHooks;
  readonly onAdded?: () => void;
  readonly onReconciled?: (key: string, durationMs: number, error: unknown) => void;
  readonly onEvent?: (key: string, event: ExperimentEvent) => void;
  readonly onGone?: (key: string) => void;
}

export interface ControllerOptions {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly authority: Authority;
  readonly recorder: Pick<EventRecorder, 'record'>;
  /** The analysis-runner. Absent: experiments with analyses wait. */
  readonly analysis?: Pick<AnalysisPeer, 'ensureRun' | 'terminateRun'> | undefined;
  readonly logger: KubeLogger;
  /** Experiments at once: 10. */
  readonly workers?: number;
  /** Each Experiment is looked at at least so often: 15 minutes, ± 10 %. */
  readonly resyncMs?: number;
  /** How long a status in which only counters changed may wait: 500 ms. */
  readonly deferMs?: number;
  readonly now?: () => EpochMs;
  readonly random?: () => number;
  readonly hooks?: ControllerHooks;
}

export interface Controller {
  /** Works from now on; the caches must be synced. */
  start(): void;
  /** Finishes what is being worked on, takes nothing more. */
  stop(): Promise<void>;
  /** Looks at everything again: the standing has changed. */
  enqueueAll(): void;
  /** What it would decide about an Experiment now, from the caches; undefined when there is none. Writes nothing. */
  decide(
    key: string,
  ): Promise<{ readonly snapshot: ExperimentSnapshot; readonly decision: ExperimentDecision } | undefined>;
}

/** What is remembered of a key between its turns. All of it may be lost. */
interface Memory {
  readonly uid: string;
  readonly patience: StatusPatience;
  /** Decisions in a row that were thrown away. */
  discarded: number;
}

const cacheLagMs = 100;
const incompleteRetryMs = 5_000;
const maxDiscardDelayMs = 2_000;

export function createController(options: ControllerOptions): Controller {
  const { client, caches, authority, recorder, logger, hooks = {} } = options;
  const now = options.now ?? Date.now;
  const random = options.random ?? Math.random;
  const written = createWrittenVersions();
  const answers = createAnswers();
  const beginnings = createBeginnings();
  const memories = new Map<string, Memory>();
  let stopWatching = (): void => undefined;

  const isInCharge = (key: string): boolean => authority.standing(key) === 'in charge';

  function memoryOf(key: string, uid: string): Memory {
    const existing = memories.get(key);
    if (existing?.uid === uid) return existing;
    if (existing !== undefined) answers.forget(existing.uid);
    const fresh: Memory = { uid, patience: createStatusPatience(options.deferMs), discarded: 0 };
    memories.set(key, fresh);
    return fresh;
  }

  function record(experiment: Experiment, event: ExperimentEvent): void {
    const { namespace, uid } = experiment.metadata;
    const rollout = rolloutOf(experiment);
    if (event.about === 'experiment') recorder.record(experiment, event);
    else if (rollout !== undefined)
      recorder.record(
        { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: { ...rollout, namespace: namespace ?? '' } },
        event,
      );
    if (uid !== undefined) hooks.onEvent?.(keyOf(experiment.metadata), event);
  }

  const assemble = (experiment: Experiment, signal?: AbortSignal): Promise<ExperimentSnapshot> => {
    const at = now();
    const sources = { caches, client, logger, ...(signal === undefined ? {} : { signal }) };
    return assembleSnapshot(sources, experiment, { now: at, answers: answers.of(experiment.metadata.uid ?? '', at) });
  };

  async function reconcile(key: string, signal: AbortSignal): Promise<WorkResult> {
    const experiment = caches.experiments.getByKey(key);
    if (experiment === undefined) return forget(key);
    if (!isInCharge(key)) return;
    if (written.isBehind(key)) return { againAfterMs: cacheLagMs };
    const memory = memoryOf(key, experiment.metadata.uid ?? '');
    if (!experiment.status?.phase) answers.begins(memory.uid);
    const within = AbortSignal.any([signal, authority.signal()]);
    const snapshot = await assemble(experiment, within);
    const decision = decideExperiment(snapshot);
    const deferStatus = memory.patience.defersStatus(decision, snapshot.now);
    const outcome = await execute(executionOf(key, snapshot, within), decision, { deferStatus });
    return nextTurn(key, memory, snapshot, decision, outcome);
  }

  const executionOf = (key: string, snapshot: ExperimentSnapshot, signal: AbortSignal): Execution => ({
    client,
    analysis: options.analysis,
    snapshot,
    signal,
    answers,
    beginnings,
    now,
    mayWrite: () => !signal.aborted && isInCharge(key),
    wrote: (kind, object: KubeObject) => written.wrote(key, caches[kind], object),
    removed: (kind, object: KubeObject) => written.removed(key, caches[kind], object),
    record: (event) => record(snapshot.experiment, event),
  });

  function nextTurn(
    key: string,
    memory: Memory,
    snapshot: ExperimentSnapshot,
    decision: ExperimentDecision,
    outcome: Outcome,
  ): WorkResult {
    switch (outcome.kind) {
      case 'not in charge':
        return;
      case 'stale':
      case 'answered':
        memory.discarded += 1;
        logger.debug({ experiment: key, why: outcome.why }, 'the decision was thrown away');
        return { againAfterMs: discardDelayMs(outcome.kind, memory.discarded) };
      case 'done':
        memory.discarded = 0;
        answers.settled(memory.uid);
        break;
      case 'held':
        memory.discarded = 0;
        break;
      default:
        return assertNever(outcome);
    }
    const at = now();
    return waitUntil(key, [
      decision.wakeAt,
      answers.againAt(memory.uid, at),
      memory.patience.until,
      isIncomplete(snapshot) ? at + incompleteRetryMs : undefined,
    ]);
  }

  function waitUntil(key: string, moments: readonly (EpochMs | undefined)[]): WorkResult {
    const resyncMs = (options.resyncMs ?? 900_000) * (0.9 + 0.2 * random());
    const known = moments.filter((at) => at !== undefined);
    // Timers may fire a millisecond early, and then the moment has not come yet.
    const waitMs = known.length === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.min(...known) - now() + 1);
    if (waitMs < resyncMs) return { againAfterMs: waitMs };
    queue.addAfter(key, resyncMs, 'background');
    return;
  }

  function forget(key: string): void {
    const memory = memories.get(key);
    if (memory !== undefined) answers.forget(memory.uid);
    memories.delete(key);
    written.forget(key);
    queue.forget(key);
    hooks.onGone?.(key);
  }

  const queue: WorkQueue = createWorkQueue({
    ...hooks.queue,
    workers: options.workers ?? 10,
    run: async (key, signal) => {
      const startedAt = performance.now();
      try {
        const result = await reconcile(key, signal);
        hooks.onReconciled?.(key, performance.now() - startedAt, undefined);
        return result;
      } catch (error) {
        hooks.onReconciled?.(key, performance.now() - startedAt, error);
        if (signal.aborted || !isInCharge(key)) return;
        const retryable = isKubeError(error) && error.retryable;
        logger[retryable ? 'warn' : 'error']({ experiment: key, error }, 'could not be reconciled; it is tried again');
        throw error;
      }
    },
  });

  function enqueue(key: string, priority: 'safety' | 'normal' | 'background'): void {
    hooks.onAdded?.();
    queue.add(key, priority);
  }

  return {
    start() {
      stopWatching = watchChanges(caches, { enqueue });
      queue.start();
    },
    async stop() {
      stopWatching();
      await queue.drain();
    },
    enqueueAll() {
      for (const experiment of caches.experiments.list()) enqueue(keyOf(experiment.metadata), 'normal');
    },
    async decide(key) {
      const experiment = caches.experiments.getByKey(key);
      if (experiment === undefined) return undefined;
      const snapshot = await assemble(experiment);
      return { snapshot, decision: decideExperiment(snapshot) };
    },
  };
}

/** The caches catch up within milliseconds as a rule, and their change wakes the key anyway; a conflict that stays is somebody who writes all the time. */
function discardDelayMs(kind: 'stale' | 'answered', discarded: number): number {
  if (kind === 'answered' && discarded <= 3) return 0;
  return Math.min(maxDiscardDelayMs, 50 * 2 ** Math.min(discarded - 1, 10));
}

function assertNever(outcome: never): never {
  throw new TypeError(`unknown outcome ${JSON.stringify(outcome)}`);
}
