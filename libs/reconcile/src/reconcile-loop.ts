import { backOffMs, createWorkQueue, createWrittenVersions, isKubeError, keyOf } from '@sluice/kube';
import type {
  Authority,
  Informer,
  KubeLogger,
  KubeObject,
  Priority,
  WorkQueue,
  WorkQueueHooks,
  WorkResult,
} from '@sluice/kube';
import { createLeavings } from './leavings.ts';
import { createMemories } from './memories.ts';
import type { Remembered } from './memories.ts';
import type { Turn, TurnResult } from './turn.ts';

/** Called as things happen; must not throw. */
export interface LoopHooks {
  readonly queue?: WorkQueueHooks;
  readonly onAdded?: () => void;
  readonly onReconciled?: (key: string, durationMs: number, error: unknown) => void;
  readonly onGone?: (key: string) => void;
}

export interface LoopTimings {
  /** Objects at once: 10. */
  readonly workers?: number;
  /** Each object is looked at at least so often: 15 minutes, ± 10 %. */
  readonly resyncMs?: number;
  readonly now?: () => number;
  readonly random?: () => number;
}

export interface LoopOptions<O extends KubeObject, M> extends LoopTimings {
  /** What an object is called in logs: `rollout`. */
  readonly what: string;
  readonly objects: Pick<Informer<O>, 'getByKey' | 'list'>;
  readonly authority: Pick<Authority, 'standing' | 'signal'>;
  readonly logger: KubeLogger;
  readonly hooks?: LoopHooks;
  /** What is to be remembered of an object that was not known, or was not ours, until now. */
  readonly remember: (object: O) => M;
  /** The object is gone or not ours any more: whatever else is kept by its uid goes as well. */
  readonly letGo: (uid: string, memory: M) => void;
  /** Before all else, also for keys whose object is gone and on replicas that are not in charge of it. */
  readonly beforeTurn?: (key: string, signal: AbortSignal) => Promise<void>;
  /** Whether something of the object waits to be stored. */
  readonly holds?: (memory: M) => boolean;
  /** Assembles, decides and executes, once. Throws what is to be tried again. */
  readonly turn: (turn: Turn<O, M>) => Promise<TurnResult>;
}

export interface ReconcileLoop {
  start(): void;
  /** Finishes what is being worked on, stores what waits to be stored, takes nothing more. */
  stop(): Promise<void>;
  enqueue(key: string, priority: Priority): void;
  /** The standing has changed: looks at everything again, and lets go what is not ours any more. */
  standingChanged(): void;
  /** Before another replica takes over what this leadership was about: begins nothing more, stores what waits, and resolves when nothing of it runs any more, or after 3 s. */
  handOver(leadership: AbortSignal): Promise<void>;
  isInCharge(key: string): boolean;
}

const cacheLagMs = 100;
const handOverMs = 3_000;

/** Gives each key its turns, one at a time, while this replica is in charge of it. */
export function createReconcileLoop<O extends KubeObject, M>(options: LoopOptions<O, M>): ReconcileLoop {
  const { what, objects, authority, logger, hooks = {} } = options;
  const now = options.now ?? Date.now;
  const random = options.random ?? Math.random;
  const written = createWrittenVersions();
  const memories = createMemories(options.letGo);

  const leaving = createLeavings();
  let stopped = false;

  const isInCharge = (key: string): boolean => authority.standing(key) === 'in charge';

  async function reconcile(key: string, signal: AbortSignal): Promise<WorkResult> {
    await options.beforeTurn?.(key, signal);
    const object = objects.getByKey(key);
    if (object === undefined) return forget(key);
    if (!isInCharge(key)) return memories.forget(key);
    const leadership = authority.signal(key);
    if (leaving.isDone(key, leadership)) return;
    if (written.isBehind(key)) return { againAfterMs: cacheLagMs };
    const known = memories.of(key, object.metadata.uid ?? '', leadership, () => options.remember(object));
    const within = AbortSignal.any([signal, leadership]);
    const ended = leaving.begins(key, leadership);
    try {
      return nextTurn(key, known, await options.turn(turnOf(key, object, known, within)));
    } finally {
      ended(options.holds?.(known.memory) === true);
    }
  }

  function turnOf(key: string, object: O, known: Remembered<M>, within: AbortSignal): Turn<O, M> {
    return {
      key,
      object,
      memory: known.memory,
      isLast: leaving.has(known.leadership),
      signal: within,
      mayWrite: () => !within.aborted && isInCharge(key),
      wrote(cache, stored) {
        known.discarded = 0;
        written.wrote(key, cache, stored);
      },
      removed: (cache, stored) => written.removed(key, cache, stored),
    };
  }

  function nextTurn(key: string, known: Remembered<M>, result: TurnResult): WorkResult {
    switch (result.kind) {
      case 'not in charge':
        return;
      case 'stale':
      case 'answered':
        known.discarded += 1;
        logger.debug({ [what]: key, why: result.why }, 'the decision was thrown away');
        return { againAfterMs: discardDelayMs(result.kind, known.discarded) };
      case 'again':
        known.discarded = 0;
        return { againAfterMs: cacheLagMs };
      case 'waits':
        known.discarded = 0;
        return waitUntil(key, result.until);
      default:
        return assertNever(result);
    }
  }

  function waitUntil(key: string, moments: readonly (number | undefined)[]): WorkResult {
    const resyncMs = (options.resyncMs ?? 900_000) * (0.9 + 0.2 * random());
    const known = moments.filter((at) => at !== undefined);
    // Timers may fire a millisecond early, and then the moment has not come yet.
    const waitMs = known.length === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.min(...known) - now() + 1);
    if (waitMs < resyncMs) return { againAfterMs: waitMs };
    queue.addAfter(key, resyncMs, 'background');
    return;
  }

  function forget(key: string): void {
    memories.forget(key);
    leaving.drop(key, authority.signal(key));
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
        logger[retryable ? 'warn' : 'error']({ [what]: key, error }, 'could not be reconciled; it is tried again');
        throw error;
      }
    },
  });

  function enqueue(key: string, priority: Priority): void {
    hooks.onAdded?.();
    queue.add(key, priority);
  }

  async function handOver(leadership: AbortSignal): Promise<void> {
    if (stopped) return;
    const { held, ended } = leaving.start(leadership);
    for (const key of held) queue.add(key, 'safety');
    const late = new Promise<void>((resolve) => setTimeout(resolve, handOverMs).unref());
    await Promise.race([ended, late]);
  }

  return {
    start: () => queue.start(),
    async stop() {
      await Promise.all([...memories.leaderships()].map(handOver));
      stopped = true;
      await queue.drain();
    },
    enqueue,
    standingChanged() {
      for (const key of memories.keys()) if (!isInCharge(key)) memories.forget(key);
      for (const { metadata } of objects.list()) enqueue(keyOf(metadata), 'normal');
    },
    handOver,
    isInCharge,
  };
}

/** The caches catch up within milliseconds as a rule, and their change wakes the key anyway; a conflict that stays is somebody who writes all the time. */
function discardDelayMs(kind: 'stale' | 'answered', discarded: number): number {
  return kind === 'answered' && discarded <= 3 ? 0 : backOffMs(discarded, { firstMs: 50, longestMs: 2_000 });
}

function assertNever(result: never): never {
  throw new TypeError(`unknown result of a turn: ${JSON.stringify(result)}`);
}
