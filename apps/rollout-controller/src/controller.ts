import { decideRollout, routersOf } from '@sluice/engine';
import type { Capabilities, Decision, EpochMs, EventIntent, RolloutSnapshot } from '@sluice/engine';
import { createWorkQueue, createWrittenVersions, isKubeError, keyOf, parseKey, resources } from '@sluice/kube';
import type { EventRecorder, KubeClient, KubeLogger, WorkQueue, WorkQueueHooks, WorkResult } from '@sluice/kube';
import { eventReasons } from '@sluice/model';
import type { Rollout, RolloutStatus } from '@sluice/model';
import { cachedSources } from './assemble/cached-sources.ts';
import type { Caches } from './assemble/caches.ts';
import { createCreationAnswers } from './assemble/creation-answers.ts';
import { assembleSnapshot, isIncomplete } from './assemble/snapshot.ts';
import type { Authority } from './authority.ts';
import { execute } from './execute/execute.ts';
import type { Outcome } from './execute/execute.ts';
import type { Execution, RouterCalls } from './execute/execution.ts';
import { createRouteRelease } from './routers/route-release.ts';
import type { CallContext, Routers } from './routers/routers.ts';
import { noRouters } from './execute/no-routers.ts';
import { createStatusPatience } from './status-patience.ts';
import { stepPluginsOf } from './step-plugins/step-plugins.ts';
import type { StepPlugins } from './step-plugins/step-plugins.ts';
import type { StatusPatience, StatusPatienceOptions } from './status-patience.ts';
import type { PeerCalls } from './execute/peers.ts';
import { createPeerAnswers } from './peers/peer-answers.ts';
import { createServiceRelease, selectsOneVersion } from './service-release.ts';
import { watchChanges } from './triggers.ts';

/** Called as things happen; must not throw. */
export interface ControllerHooks {
  readonly rollouts?: WorkQueueHooks;
  readonly services?: WorkQueueHooks;
  readonly onAdded?: (queue: 'Rollouts' | 'Services') => void;
  readonly onReconciled?: (key: string, durationMs: number, error: unknown) => void;
  readonly onEvent?: (key: string, event: EventIntent) => void;
  readonly onGone?: (key: string) => void;
}

export interface ControllerOptions extends StatusPatienceOptions {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly authority: Authority;
  readonly recorder: Pick<EventRecorder, 'record'>;
  readonly capabilities: Capabilities;
  /** Absent: there are none. */
  readonly routers?: Routers | undefined;
  readonly stepPlugins?: StepPlugins | undefined;
  /** The services that judge; each may be absent. */
  readonly peers?: Omit<PeerCalls, 'answers'>;
  readonly logger: KubeLogger;
  /** Rollouts at once: 10. */
  readonly workers?: number;
  /** Each Rollout is looked at at least so often: 15 minutes, ± 10 %. */
  readonly resyncMs?: number;
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
  /** These routers have come, gone or changed their state, for one namespace or for all. */
  routersChanged(names: readonly string[], namespace: string | undefined): void;
  /** The same for step plugins. */
  stepPluginsChanged(names: readonly string[], namespace: string | undefined): void;
  /** What it would decide about a Rollout now, from the caches; undefined when there is none. Writes nothing. */
  decide(key: string): Promise<{ readonly snapshot: RolloutSnapshot; readonly decision: Decision } | undefined>;
}

/** What is remembered of a key between its turns. All of it may be lost. */
interface Memory {
  uid: string;
  rollout: Rollout;
  readonly patience: StatusPatience;
  /** What was decided and carried out, but for the status: the next decision starts from it as long as nobody else writes the Rollout. */
  held?: HeldStatus;
  /** Decisions in a row that were thrown away before anything was written. */
  discarded: number;
  announced: boolean;
}

interface HeldStatus {
  /** Of the Rollout that it was decided on. */
  readonly resourceVersion: string | undefined;
  readonly status: RolloutStatus;
  readonly events: readonly EventIntent[];
}

const cacheLagMs = 100;
const incompleteRetryMs = 5_000;
const maxDiscardDelayMs = 2_000;
const maxRoutedRounds = 12;

export function createController(options: ControllerOptions): Controller {
  const { client, caches, authority, recorder, logger, hooks = {} } = options;
  const now = options.now ?? Date.now;
  const random = options.random ?? Math.random;
  const written = createWrittenVersions();
  const creations = createCreationAnswers();
  const peers: PeerCalls = { ...options.peers, answers: createPeerAnswers() };
  const memories = new Map<string, Memory>();
  const departed = new Map<string, Rollout>();
  let stopWatching = (): void => undefined;

  const isInCharge = (key: string): boolean => authority.standing(key) === 'in charge';

  function record(rollout: Rollout, event: EventIntent): void {
    recorder.record(rollout, event);
    hooks.onEvent?.(keyOf(rollout.metadata), event);
  }

  async function assemble(rollout: Rollout, signal?: AbortSignal): Promise<RolloutSnapshot> {
    const at = now();
    const { routers, stepPlugins } = options;
    const snapshot = await assembleSnapshot(cachedSources(caches, client, logger, signal), rollout, {
      now: at,
      capabilities: {
        ...options.capabilities,
        ...routers?.capabilities(rollout.metadata.namespace ?? '', rollout),
        ...stepPlugins?.capabilities(rollout),
      },
      known: {
        ...creations.of(rollout.metadata.uid ?? '', at),
        ...peers.answers.of(rollout.metadata.uid ?? '', at),
        ...(stepPlugins && { stepPlugins: stepPlugins.observations(rollout) }),
      },
    });
    if (!routers) return snapshot;
    return Object.freeze({
      ...snapshot,
      routers: routers.observations(rollout),
      routerProblems: routers.problems(rollout),
      releases: routers.releases(rollout),
    });
  }

  function forgetAnswers(uid: string): void {
    creations.forget(uid);
    peers.answers.forget(uid);
  }

  function memoryOf(key: string, rollout: Rollout): Memory {
    const uid = rollout.metadata.uid ?? '';
    const existing = memories.get(key);
    if (existing !== undefined && existing.uid === uid) {
      existing.rollout = rollout;
      return existing;
    }
    if (existing !== undefined) forgetAnswers(existing.uid);
    const fresh: Memory = {
      uid,
      rollout,
      patience: createStatusPatience(options),
      discarded: 0,
      announced: rollout.status?.observedGeneration !== undefined,
    };
    memories.set(key, fresh);
    return fresh;
  }

  async function reconcile(key: string, signal: AbortSignal): Promise<WorkResult> {
    await sayGoodbye(key, signal);
    const rollout = caches.rollouts.getByKey(key);
    if (rollout === undefined) return forget(key);
    if (!isInCharge(key)) return;
    if (written.isBehind(key)) return { againAfterMs: cacheLagMs };
    const memory = memoryOf(key, rollout);
    if (!memory.announced) {
      memory.announced = true;
      record(rollout, addedEvent(key));
    }
    const within = AbortSignal.any([signal, authority.signal()]);
    await options.routers?.validate(rollout, within);
    await options.routers?.lookAgain(rollout, within);
    return await decideAndExecute(key, memory, rollout, within);
  }

  /**
   * Decides, carries out, and goes on deciding as long as routers answer and nothing else is written: then the caches still show the world as it is, and the status of
   * all these decisions is stored once. A status that waits to be stored is gone on from as well.
   */
  async function decideAndExecute(
    key: string,
    memory: Memory,
    stored: Rollout,
    signal: AbortSignal,
  ): Promise<WorkResult> {
    const { resourceVersion } = stored.metadata;
    let carried = memory.held?.resourceVersion === resourceVersion ? memory.held : undefined;
    for (let round = 1; ; round++) {
      const rollout = carried === undefined ? stored : { ...stored, status: carried.status };
      const snapshot = await assemble(rollout, signal);
      const decision = decideRollout(snapshot);
      const deferStatus =
        round === 1 &&
        memory.patience.defersStatus(decision, snapshot.now, {
          stored: stored.status ?? {},
          carries: carried !== undefined,
        });
      const execution = executionOf(key, memory, { snapshot, stored }, signal);
      const outcome = await execute(execution, decision, {
        deferStatus,
        earlierEvents: carried?.events ?? [],
        mayDecideAgain: round < maxRoutedRounds,
      });
      carried = { resourceVersion, status: decision.status, events: [...(carried?.events ?? []), ...decision.events] };
      if (outcome.kind === 'held') memory.held = carried;
      if (outcome.kind === 'done' || outcome.kind === 'asked') delete memory.held;
      if (outcome.kind !== 'routed') return nextTurn(key, memory, snapshot, decision, outcome);
    }
  }

  function executionOf(
    key: string,
    memory: Memory,
    { snapshot, stored }: { readonly snapshot: RolloutSnapshot; readonly stored: Rollout },
    signal: AbortSignal,
  ): Execution {
    return {
      client,
      snapshot,
      stored,
      signal,
      creations,
      peers,
      routers: routerCalls(stored, signal),
      callStepPlugin: (call) =>
        options.stepPlugins?.call(stored, call, callContext(stored, signal)) ?? Promise.resolve('resting'),
      now,
      mayWrite: () => !signal.aborted && isInCharge(key),
      wrote(kind, object) {
        memory.discarded = 0;
        written.wrote(key, caches[kind], object);
      },
      removed: (kind, object) => written.removed(key, caches[kind], object),
      record: (event) => record(snapshot.rollout, event),
    };
  }

  const callContext = (rollout: Rollout, signal: AbortSignal): CallContext => ({
    epoch: authority.epoch(keyOf(rollout.metadata)),
    signal,
    record: (event) => record(rollout, event),
  });

  function routerCalls(rollout: Rollout, signal: AbortSignal): RouterCalls {
    const { routers } = options;
    if (routers === undefined) return noRouters;
    const context = callContext(rollout, signal);
    return {
      apply: (action) => routers.call(rollout, action, context),
      release: (action) => routers.giveBack(rollout, action.routers, context),
    };
  }

  function nextTurn(
    key: string,
    memory: Memory,
    snapshot: RolloutSnapshot,
    decision: Decision,
    outcome: Outcome,
  ): WorkResult {
    switch (outcome.kind) {
      case 'not in charge':
        return;
      case 'stale':
      case 'answered': {
        memory.discarded += 1;
        logger.debug({ rollout: key, why: outcome.why }, 'the decision was thrown away');
        return { againAfterMs: discardDelayMs(outcome.kind, memory.discarded) };
      }
      case 'routed':
      case 'asked':
        memory.discarded = 0;
        memory.patience.end();
        return { againAfterMs: cacheLagMs };
      case 'done':
      case 'held': {
        memory.discarded = 0;
        if (outcome.kind === 'held' && outcome.asked) return { againAfterMs: cacheLagMs };
        return waitUntil(key, [
          decision.wakeAt,
          creations.againAt(memory.uid, snapshot.now),
          peers.answers.againAt(memory.uid, snapshot.now),
          options.routers?.againAt(snapshot.rollout),
          options.stepPlugins?.againAt(snapshot.rollout),
          memory.patience.until,
          isIncomplete(snapshot) ? snapshot.now + incompleteRetryMs : undefined,
        ]);
      }
      default:
        return assertNever(outcome);
    }
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

  /** A Rollout has gone from our cache: deleted, or it now belongs to another instance. Only the server can tell which. */
  async function sayGoodbye(key: string, signal: AbortSignal): Promise<void> {
    const gone = departed.get(key);
    if (gone === undefined) return;
    if (isInCharge(key)) {
      const { namespace, name } = parseKey(key);
      const live = await client.find(resources.rollouts, { ...(namespace ? { namespace } : {}), name }, { signal });
      if (live?.metadata.uid !== gone.metadata.uid) record(gone, deletedEvent(key));
    }
    departed.delete(key);
    forgetAnswers(gone.metadata.uid ?? '');
    options.routers?.forget(gone.metadata.uid ?? '');
    options.stepPlugins?.forget(gone.metadata.uid ?? '');
  }

  function forget(key: string): void {
    const memory = memories.get(key);
    if (memory !== undefined) forgetAnswers(memory.uid);
    memories.delete(key);
    written.forget(key);
    queue.forget(key);
    hooks.onGone?.(key);
  }

  const queue: WorkQueue = createWorkQueue({
    ...hooks.rollouts,
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
        logger[retryable ? 'warn' : 'error']({ rollout: key, error }, 'could not be reconciled; it is tried again');
        throw error;
      }
    },
  });

  const routeRelease =
    options.routers &&
    createRouteRelease({
      routers: options.routers,
      logger,
      mayWrite: isInCharge,
      current: (key) => caches.rollouts.getByKey(key),
      contextOf: callContext,
    });

  const serviceRelease = createServiceRelease({
    caches,
    client,
    logger,
    mayWrite: isInCharge,
  });

  const serviceQueue: WorkQueue = createWorkQueue({
    ...hooks.services,
    workers: 2,
    minBackoffMs: 100,
    run: async (key, signal) => {
      try {
        await serviceRelease.check(key, AbortSignal.any([signal, authority.signal()]));
      } catch (error) {
        if (signal.aborted || !isInCharge(key)) return;
        logger.warn({ object: key, error }, 'could not be checked; it is tried again');
        throw error;
      }
    },
  });

  function enqueue(key: string, priority: 'safety' | 'normal' | 'background'): void {
    hooks.onAdded?.('Rollouts');
    queue.add(key, priority);
  }

  function checkService(key: string, why: 'changed' | 'dropped'): void {
    if (why === 'dropped') serviceRelease.dropped(key);
    hooks.onAdded?.('Services');
    serviceQueue.add(key);
  }

  return {
    start() {
      stopWatching = watchChanges(caches, {
        enqueue,
        checkService,
        routersLeft: (before, after) => routeRelease?.changed(before, after),
        gone: (rollout) => void departed.set(keyOf(rollout.metadata), rollout),
      });
      queue.start();
      serviceQueue.start();
      routeRelease?.start();
    },
    async stop() {
      stopWatching();
      await Promise.all([queue.drain(), serviceQueue.drain(), routeRelease?.stop()]);
    },
    enqueueAll() {
      for (const rollout of caches.rollouts.list()) enqueue(keyOf(rollout.metadata), 'normal');
      for (const service of caches.services.list())
        if (selectsOneVersion(service)) checkService(keyOf(service.metadata), 'changed');
    },
    routersChanged(names, namespace) {
      for (const rollout of caches.rollouts.list(namespace)) {
        if (!mayConcern(rollout, names)) continue;
        options.routers?.wake(rollout, names);
        enqueue(keyOf(rollout.metadata), 'normal');
      }
    },
    stepPluginsChanged(names, namespace) {
      for (const rollout of caches.rollouts.list(namespace)) {
        if (!stepPluginsOf(rollout).some((name) => names.includes(name))) continue;
        options.stepPlugins?.wake(rollout, names);
        enqueue(keyOf(rollout.metadata), 'normal');
      }
    },
    async decide(key) {
      const rollout = caches.rollouts.getByKey(key);
      if (rollout === undefined) return undefined;
      const snapshot = await assemble(rollout);
      return { snapshot, decision: decideRollout(snapshot) };
    },
  };
}

/** One that names none may have something to get back, from any of them. */
function mayConcern({ spec, status }: Rollout, routers: readonly string[]): boolean {
  const wanted = routersOf(spec);
  return wanted.length === 0 ? status?.canary?.weights != null : wanted.some((router) => routers.includes(router));
}

/** The caches catch up within milliseconds as a rule, and their change wakes the key anyway; a conflict that stays is somebody who writes all the time. */
function discardDelayMs(kind: 'stale' | 'answered', discarded: number): number {
  if (kind === 'answered' && discarded <= 3) return 0;
  return Math.min(maxDiscardDelayMs, 50 * 2 ** Math.min(discarded - 1, 10));
}

const addedEvent = (key: string): EventIntent => ({
  type: 'Normal',
  reason: eventReasons.rolloutAddedToInformer,
  message: `Rollout resource added to informer: ${key}`,
});

const deletedEvent = (key: string): EventIntent => ({
  type: 'Normal',
  reason: eventReasons.rolloutDeleted,
  message: `Rollout resource deleted: ${key}`,
});

function assertNever(outcome: never): never {
  throw new TypeError(`unknown outcome ${JSON.stringify(outcome)}`);
}
