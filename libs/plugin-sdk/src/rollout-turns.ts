import { status } from '@grpc/grpc-js';
import { GivenUp } from './plugin-error.ts';

export interface RolloutTurns {
  /** Throws GivenUp when a higher epoch was seen for this rollout; 0 is not compared. */
  refuseOutdated(uid: string, epoch: number): void;
  /**
   * Runs `work` when no other work for this rollout runs. Rejects with GivenUp when the epoch is old (also while it waits or runs: a newer controller has
   * taken over, and what the old one asked for is cut short), or with the reason of `signal`.
   */
  take<T>(uid: string, epoch: number, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

export interface RolloutTurnsOptions {
  /** Rollouts whose highest epoch is remembered: 20,000. */
  readonly capacity?: number;
  /** Work that goes on for so long after it was told to stop no longer keeps the next one waiting: 10 s. */
  readonly graceMs?: number;
  /** Called when that happens. */
  readonly onAbandoned?: (uid: string) => void;
}

interface Rollout {
  highest: number;
  /** Settles when the last turn that was asked for is over. */
  last: Promise<void>;
  readonly turns: Set<{ readonly epoch: number; readonly stop: AbortController }>;
}

/** Rule P2, and one writing call at a time for each rollout. */
export function createRolloutTurns(options: RolloutTurnsOptions = {}): RolloutTurns {
  const { capacity = 20_000, graceMs = 10_000, onAbandoned } = options;
  const rollouts = new Map<string, Rollout>();

  function rolloutOf(uid: string): Rollout {
    const rollout = rollouts.get(uid) ?? { highest: 0, last: Promise.resolve(), turns: new Set() };
    // Most recently used last.
    rollouts.delete(uid);
    rollouts.set(uid, rollout);
    for (const [oldest, { turns }] of rollouts) {
      if (rollouts.size <= capacity) break;
      if (turns.size === 0) rollouts.delete(oldest);
    }
    return rollout;
  }

  function refuseOutdated(uid: string, epoch: number): void {
    const highest = rollouts.get(uid)?.highest ?? 0;
    if (epoch !== 0 && epoch < highest) throw outdated(epoch, highest);
  }

  return {
    refuseOutdated,
    async take(uid, epoch, signal, work) {
      refuseOutdated(uid, epoch);
      const rollout = rolloutOf(uid);
      if (epoch !== 0) {
        rollout.highest = epoch;
        for (const turn of rollout.turns)
          if (turn.epoch !== 0 && turn.epoch < epoch) turn.stop.abort(outdated(turn.epoch, epoch));
      }
      const turn = { epoch, stop: new AbortController() };
      const stopped = AbortSignal.any([signal, turn.stop.signal]);
      const over = Promise.withResolvers<void>();
      const before = rollout.last;
      rollout.last = before.then(() => over.promise);
      rollout.turns.add(turn);
      let running: Promise<unknown> | undefined;
      try {
        await orGivenUp(before, stopped);
        stopped.throwIfAborted();
        const result = work(stopped);
        running = result;
        return await orGivenUp(result, stopped);
      } finally {
        rollout.turns.delete(turn);
        // Two writers of one rollout at once would undo each other: the next waits for the real end, but not for ever.
        void ended(running, graceMs, () => onAbandoned?.(uid)).then(over.resolve);
      }
    },
  };
}

function outdated(epoch: number, newest: number): GivenUp {
  return new GivenUp(
    'Conflict',
    status.FAILED_PRECONDITION,
    `the call carries lease epoch ${epoch}, and ${newest} was seen for this rollout: its controller has lost the lease`,
  );
}

/** What the promise gives, or the reason of the signal if that comes first. */
export function orGivenUp<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

async function ended(running: Promise<unknown> | undefined, graceMs: number, abandoned: () => void): Promise<void> {
  if (running === undefined) return;
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<'too long'>((resolve) => {
    timer = setTimeout(resolve, graceMs, 'too long').unref();
  });
  const end = running.then(
    () => 'ended',
    () => 'ended',
  );
  if ((await Promise.race([end, tooLong])) === 'too long') abandoned();
  clearTimeout(timer);
}
