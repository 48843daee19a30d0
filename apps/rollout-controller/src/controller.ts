import { decideRollout, routersOf } from '@sluice/engine';
import type { Capabilities, Decision, EventIntent, RolloutSnapshot } from '@sluice/engine';
import { createWorkQueue, keyOf } from '@sluice/kube';
import type { Authority, EventRecorder, KubeClient, KubeLogger, WorkQueue, WorkQueueHooks } from '@sluice/kube';
import type { Rollout, RolloutStatus } from '@sluice/model';
import { createReconcileLoop } from '@sluice/reconcile';
import type { LoopHooks, LoopTimings, Turn, TurnResult } from '@sluice/reconcile';
import { cachedSources } from './assemble/cached-sources.ts';
import type { Caches } from './assemble/caches.ts';
import { createCreationAnswers } from './assemble/creation-answers.ts';
import { createWriteRefusals } from './assemble/write-refusals.ts';
import { assembleSnapshot, isIncomplete } from './assemble/snapshot.ts';
import { createCommandOrder } from './command-order.ts';
import { addedEvent, createDepartures } from './departures.ts';
import { execute } from './execute/execute.ts';
import type { Outcome } from './execute/execute.ts';
import type { Execution, RouterCalls } from './execute/execution.ts';
import { noRouters } from './execute/no-routers.ts';
import type { PeerCalls } from './execute/peers.ts';
import { createPeerAnswers } from './peers/peer-answers.ts';
import { createRouteRelease } from './routers/route-release.ts';
import type { CallContext, Routers } from './routers/routers.ts';
import { createServiceRelease, selectsOneVersion } from './service-release.ts';
import { createStableMemory } from './stable-memory.ts';
import { createStatusPatience } from './status-patience.ts';
import type { StatusPatience, StatusPatienceOptions } from './status-patience.ts';
import { createLastEndings } from './step-plugins/last-endings.ts';
import { stepPluginsOf } from './step-plugins/step-plugins.ts';
import type { StepPlugins } from './step-plugins/step-plugins.ts';
import { watchChanges } from './triggers.ts';
import { createTurnEvents } from './turn-events.ts';
import type { TurnEvents } from './turn-events.ts';

/** Called as things happen; must not throw. */
export interface ControllerHooks {
  readonly rollouts?: LoopHooks;
  readonly services?: { readonly hooks: WorkQueueHooks; readonly onAdded: () => void };
  readonly onEvent?: (key: string, event: EventIntent) => void;
}

export interface ControllerOptions extends StatusPatienceOptions, LoopTimings {
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
  /** These routers have come, gone or changed their state, for one namespace or for all. */
  routersChanged(names: readonly string[], namespace: string | undefined): void;
  /** The same for step plugins. */
  stepPluginsChanged(names: readonly string[], namespace: string | undefined): void;
  /** A step plugin has answered, of this Rollout, what nobody waited for any more. */
  stepPluginAnswered(rollout: Rollout): void;
  /** What it would decide about a Rollout now, from the caches; undefined when there is none. Writes nothing. */
  decide(key: string): Promise<{ readonly snapshot: RolloutSnapshot; readonly decision: Decision } | undefined>;
}

/** What is remembered of a Rollout between its turns. */
interface Memory {
  /** As its last turn saw it. */
  rollout: Rollout;
  readonly events: TurnEvents;
  readonly patience: StatusPatience;
  /** What was decided and carried out, but for the status: the next decision starts from it as long as nobody else writes the Rollout. */
  held?: HeldStatus;
  announced: boolean;
}

interface HeldStatus {
  /** Of the Rollout that it was decided on. */
  readonly resourceVersion: string | undefined;
  readonly status: RolloutStatus;
}

type RolloutTurn = Turn<Rollout, Memory>;

const incompleteRetryMs = 5_000;
const maxRoutedRounds = 12;

export function createController(options: ControllerOptions): Controller {
  const { client, caches, authority, recorder, logger, hooks = {}, routers, stepPlugins } = options;
  const now = options.now ?? Date.now;
  const creations = createCreationAnswers();
  const refusals = createWriteRefusals();
  const peers: PeerCalls = { ...options.peers, answers: createPeerAnswers() };
  const stableMemory = createStableMemory();
  const commandOrder = createCommandOrder();
  const stops: (() => void)[] = [];

  function record(rollout: Rollout, event: EventIntent): void {
    recorder.record(rollout, event);
    hooks.onEvent?.(keyOf(rollout.metadata), event);
  }

  function commandsOf(uid: string): Pick<RolloutSnapshot, 'commands'> {
    const commands = commandOrder.of(uid);
    return commands === undefined ? {} : { commands };
  }

  async function assemble(rollout: Rollout, signal?: AbortSignal): Promise<RolloutSnapshot> {
    const at = now();
    const uid = rollout.metadata.uid ?? '';
    const snapshot = await assembleSnapshot(cachedSources(caches, client, logger, signal), rollout, {
      now: at,
      capabilities: {
        ...options.capabilities,
        ...routers?.capabilities(rollout.metadata.namespace ?? '', rollout),
        ...stepPlugins?.capabilities(rollout),
      },
      known: {
        ...creations.of(uid, at),
        ...refusals.of(uid, at),
        ...commandsOf(uid),
        ...peers.answers.of(uid, at),
        ...(stepPlugins && { stepPlugins: stepPlugins.observations(rollout) }),
      },
    });
    const lastStable = stableMemory.look(snapshot);
    if (!routers) return Object.freeze({ ...snapshot, ...lastStable });
    return Object.freeze({
      ...snapshot,
      ...lastStable,
      routers: routers.observations(rollout),
      routerProblems: routers.problems(rollout),
      releases: routers.releases(rollout),
    });
  }

  const loop = createReconcileLoop<Rollout, Memory>({
    ...options,
    what: 'rollout',
    objects: caches.rollouts,
    hooks: hooks.rollouts ?? {},
    remember,
    letGo(uid) {
      for (const kept of [creations, refusals, stableMemory, peers.answers, routers, stepPlugins]) kept?.forget(uid);
    },
    holds: ({ held }) => held !== undefined,
    beforeTurn: (key, signal) => departures.sayGoodbye(key, signal),
    turn,
  });
  const { enqueue, isInCharge } = loop;
  const departures = createDepartures({
    client,
    isInCharge,
    record,
    onDeleted: (rollout) => lastEndings?.deleted(rollout),
  });

  function remember(rollout: Rollout): Memory {
    const memory: Memory = {
      rollout,
      events: createTurnEvents((event) => record(memory.rollout, event)),
      patience: createStatusPatience(options),
      announced: rollout.status?.observedGeneration !== undefined,
    };
    return memory;
  }

  async function turn(its: RolloutTurn): Promise<TurnResult> {
    const { key, object: rollout, memory, signal } = its;
    memory.rollout = rollout;
    memory.events.begin();
    if (!memory.announced) {
      memory.announced = true;
      record(rollout, addedEvent(key));
    }
    await routers?.validate(rollout, signal);
    await stepPlugins?.validate(rollout, signal);
    await routers?.lookAgain(rollout, signal);
    return await decideAndExecute(its);
  }

  /**
   * Decides, carries out, and goes on deciding as long as routers answer and nothing else is written: then the caches still show the world as it is, and the status of
   * all these decisions is stored once. A status that waits to be stored is gone on from as well.
   */
  async function decideAndExecute(its: RolloutTurn): Promise<TurnResult> {
    const { memory, object: stored, signal } = its;
    const { resourceVersion } = stored.metadata;
    let carried = memory.held?.resourceVersion === resourceVersion ? memory.held : undefined;
    for (let round = 1; ; round++) {
      const rollout = carried === undefined ? stored : { ...stored, status: carried.status };
      const assembled = await assemble(rollout, signal);
      const snapshot =
        carried === undefined ? assembled : Object.freeze({ ...assembled, storedStatus: stored.status ?? {} });
      const decision = decideRollout(snapshot);
      const deferStatus =
        round === 1 && !its.isLast && memory.patience.defersStatus(decision, snapshot.now, carried !== undefined);
      const outcome = await execute(executionOf(its, snapshot), decision, {
        deferStatus,
        mayDecideAgain: round < maxRoutedRounds,
      });
      carried = { resourceVersion, status: decision.status };
      if (outcome.kind === 'held') memory.held = carried;
      if (outcome.kind === 'done' || outcome.kind === 'asked') delete memory.held;
      if (outcome.kind !== 'routed') return resultOf(its, snapshot, decision, outcome);
    }
  }

  const executionOf = (its: RolloutTurn, snapshot: RolloutSnapshot): Execution => ({
    client,
    snapshot,
    stored: its.object,
    signal: its.signal,
    creations,
    refusals,
    peers,
    routers: routerCalls(its),
    callStepPlugin: (call) => stepPlugins?.call(its.object, call, callsWithin(its)) ?? Promise.resolve('resting'),
    now,
    mayWrite: its.mayWrite,
    wrote: (kind, object) => its.wrote(caches[kind], object),
    removed: (kind, object) => its.removed(caches[kind], object),
    record: (event) => its.memory.events.happened(event),
    events: its.memory.events,
  });

  const callContext = (rollout: Rollout, signal: AbortSignal): CallContext => ({
    epoch: authority.epoch(keyOf(rollout.metadata)),
    signal,
    record: (event) => record(rollout, event),
  });

  /** Of calls that a decision asks for: what they tell is an effect of it. */
  const callsWithin = ({ object, signal, memory }: RolloutTurn): CallContext => ({
    ...callContext(object, signal),
    record: (event) => memory.events.happened(event),
  });

  function routerCalls(its: RolloutTurn): RouterCalls {
    if (routers === undefined) return noRouters;
    const rollout = its.object;
    const context = callsWithin(its);
    return {
      apply: (action) => routers.call(rollout, action, context),
      release: (action) => routers.giveBack(rollout, action.routers, context),
    };
  }

  function resultOf(
    { memory }: RolloutTurn,
    snapshot: RolloutSnapshot,
    decision: Decision,
    outcome: Exclude<Outcome, { readonly kind: 'routed' }>,
  ): TurnResult {
    switch (outcome.kind) {
      case 'not in charge':
      case 'stale':
      case 'answered':
        return outcome;
      case 'asked':
        memory.patience.end();
        return { kind: 'again' };
      case 'held':
        if (outcome.asked) return { kind: 'again' };
        return { kind: 'waits', until: moments(memory, snapshot, decision) };
      case 'done':
        return { kind: 'waits', until: moments(memory, snapshot, decision) };
      default:
        return assertNever(outcome);
    }
  }

  function moments(memory: Memory, snapshot: RolloutSnapshot, decision: Decision): readonly (number | undefined)[] {
    const { rollout, now: at } = snapshot;
    const uid = rollout.metadata.uid ?? '';
    return [
      decision.wakeAt,
      creations.againAt(uid, at),
      refusals.againAt(uid, at),
      peers.answers.againAt(uid, at),
      routers?.againAt(rollout),
      stepPlugins?.againAt(rollout),
      memory.patience.until,
      isIncomplete(snapshot) ? at + incompleteRetryMs : undefined,
    ];
  }

  const routeRelease =
    routers &&
    createRouteRelease({
      routers,
      logger,
      mayWrite: isInCharge,
      current: (key) => caches.rollouts.getByKey(key),
      contextOf: callContext,
    });

  const lastEndings =
    stepPlugins && createLastEndings({ stepPlugins, logger, mayWrite: isInCharge, contextOf: callContext, now });

  const serviceRelease = createServiceRelease({ caches, client, logger, mayWrite: isInCharge });

  const serviceQueue: WorkQueue = createWorkQueue({
    ...hooks.services?.hooks,
    workers: 2,
    minBackoffMs: 100,
    run: async (key, signal) => {
      try {
        const againAfterMs = await serviceRelease.check(key, AbortSignal.any([signal, authority.signal(key)]));
        return againAfterMs === undefined ? undefined : { againAfterMs };
      } catch (error) {
        if (signal.aborted || !isInCharge(key)) return undefined;
        logger.warn({ object: key, error }, 'could not be checked; it is tried again');
        throw error;
      }
    },
  });

  function checkService(key: string, why: 'changed' | 'dropped'): void {
    if (why === 'dropped') serviceRelease.dropped(key);
    hooks.services?.onAdded();
    serviceQueue.add(key);
  }

  return {
    start() {
      const targets = {
        enqueue,
        checkService,
        routersLeft: (before: Rollout, after: Rollout | undefined) => routeRelease?.changed(before, after),
        gone: departures.gone,
      };
      stops.push(commandOrder.watch(caches.rollouts), watchChanges(caches, targets));
      loop.start();
      serviceQueue.start();
      routeRelease?.start();
      lastEndings?.start();
    },
    async stop() {
      for (const stop of stops.splice(0)) stop();
      await Promise.all([loop.stop(), serviceQueue.drain(), routeRelease?.stop(), lastEndings?.stop()]);
    },
    standingChanged() {
      loop.standingChanged();
      for (const key of departures.keys()) enqueue(key, 'normal');
      for (const service of caches.services.list())
        if (selectsOneVersion(service)) checkService(keyOf(service.metadata), 'changed');
    },
    handOver: loop.handOver,
    routersChanged(names, namespace) {
      for (const rollout of caches.rollouts.list(namespace)) {
        if (!mayConcern(rollout, names)) continue;
        routers?.wake(rollout, names);
        enqueue(keyOf(rollout.metadata), 'normal');
      }
    },
    stepPluginsChanged(names, namespace) {
      for (const rollout of caches.rollouts.list(namespace)) {
        if (!stepPluginsOf(rollout).some((name) => names.includes(name))) continue;
        stepPlugins?.wake(rollout, names);
        enqueue(keyOf(rollout.metadata), 'normal');
      }
    },
    stepPluginAnswered: ({ metadata }) => enqueue(keyOf(metadata), 'normal'),
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

function assertNever(outcome: never): never {
  throw new TypeError(`unknown outcome ${JSON.stringify(outcome)}`);
}
