import { decideExperiment, rolloutOf } from '@sluice/engine';
import type { ExperimentDecision, ExperimentEvent, ExperimentSnapshot } from '@sluice/engine';
import { keyOf } from '@sluice/kube';
import type { Authority, EventRecorder, KubeClient, KubeLogger } from '@sluice/kube';
import type { Experiment } from '@sluice/model';
import type { AnalysisPeer } from '@sluice/peers';
import { createReconcileLoop } from '@sluice/reconcile';
import type { LoopHooks, LoopTimings, Turn, TurnResult } from '@sluice/reconcile';
import { createAnswers } from './assemble/answers.ts';
import type { Caches } from './assemble/caches.ts';
import { assembleSnapshot, isIncomplete } from './assemble/snapshot.ts';
import { createBeginnings } from './execute/beginnings.ts';
import { execute } from './execute/execute.ts';
import type { Execution } from './execute/execution.ts';
import { createStatusPatience } from './status-patience.ts';
import type { StatusPatience } from './status-patience.ts';
import { watchChanges } from './triggers.ts';

/** Called as things happen; must not throw. */
export interface ControllerHooks extends LoopHooks {
  readonly onEvent?: (key: string, event: ExperimentEvent) => void;
}

export interface ControllerOptions extends LoopTimings {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly authority: Authority;
  readonly recorder: Pick<EventRecorder, 'record'>;
  /** The analysis-runner. Absent: experiments with analyses wait. */
  readonly analysis?: Pick<AnalysisPeer, 'ensureRun' | 'terminateRun'> | undefined;
  readonly logger: KubeLogger;
  /** How long a status in which only counters changed may wait: 500 ms. */
  readonly deferMs?: number;
  readonly hooks?: ControllerHooks;
}

export interface Controller {
  /** Works from now on; the caches must be synced. */
  start(): void;
  /** Finishes what is being worked on, takes nothing more. */
  stop(): Promise<void>;
  /** Looks at everything again, and forgets what is not ours any more. */
  standingChanged(): void;
  /** Before another replica takes over: see ReconcileLoop. */
  handOver(leadership: AbortSignal): Promise<void>;
  /** What it would decide about an Experiment now, from the caches; undefined when there is none. Writes nothing. */
  decide(
    key: string,
  ): Promise<{ readonly snapshot: ExperimentSnapshot; readonly decision: ExperimentDecision } | undefined>;
}

type ExperimentTurn = Turn<Experiment, StatusPatience>;

const incompleteRetryMs = 5_000;

export function createController(options: ControllerOptions): Controller {
  const { client, caches, recorder, logger, hooks = {} } = options;
  const now = options.now ?? Date.now;
  const answers = createAnswers();
  const beginnings = createBeginnings();
  let stopWatching = (): void => undefined;

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

  const loop = createReconcileLoop<Experiment, StatusPatience>({
    ...options,
    what: 'experiment',
    objects: caches.experiments,
    hooks,
    remember: () => createStatusPatience(options.deferMs),
    letGo: (uid) => answers.forget(uid),
    holds: ({ until }) => until !== undefined,
    turn,
  });

  async function turn(its: ExperimentTurn): Promise<TurnResult> {
    const { object: experiment, memory: patience, signal } = its;
    const uid = experiment.metadata.uid ?? '';
    if (!experiment.status?.phase) answers.begins(uid);
    const snapshot = await assemble(experiment, signal);
    const decision = decideExperiment(snapshot);
    const deferStatus = !its.isLast && patience.defersStatus(decision, snapshot.now);
    const outcome = await execute(executionOf(its, snapshot), decision, { deferStatus });
    if (outcome.kind !== 'done' && outcome.kind !== 'held') return outcome;
    if (outcome.kind === 'done') answers.settled(uid);
    const at = now();
    const retryAt = isIncomplete(snapshot) ? at + incompleteRetryMs : undefined;
    return { kind: 'waits', until: [decision.wakeAt, answers.againAt(uid, at), patience.until, retryAt] };
  }

  const executionOf = (its: ExperimentTurn, snapshot: ExperimentSnapshot): Execution => ({
    client,
    analysis: options.analysis,
    snapshot,
    signal: its.signal,
    answers,
    beginnings,
    now,
    mayWrite: its.mayWrite,
    wrote: (kind, object) => its.wrote(caches[kind], object),
    removed: (kind, object) => its.removed(caches[kind], object),
    record: (event) => record(snapshot.experiment, event),
  });

  return {
    start() {
      stopWatching = watchChanges(caches, { enqueue: loop.enqueue });
      loop.start();
    },
    async stop() {
      stopWatching();
      await loop.stop();
    },
    standingChanged: loop.standingChanged,
    handOver: loop.handOver,
    async decide(key) {
      const experiment = caches.experiments.getByKey(key);
      if (experiment === undefined) return undefined;
      const snapshot = await assemble(experiment);
      return { snapshot, decision: decideExperiment(snapshot) };
    },
  };
}
