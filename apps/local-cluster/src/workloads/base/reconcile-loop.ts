// One queue for every controller. A change only notes which object to look at; looking happens on the next turn of the
// clock, once, however many changes came in between.
import type { Clock } from '../../clock.ts';
import { StatusError } from '../../storage/status-error.ts';

/** Brings one object, named by `namespace/name` or a uid, to where it should be. Returns when to look again (ms) if time alone can change the answer. */
export type Reconcile = (key: string) => number | undefined;

export interface ReconcileLoop {
  /** Registers a controller; the function returned asks for one key to be looked at. */
  controller(name: string, reconcile: Reconcile): (key: string) => void;
  stop(): void;
}

interface Item {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly reconcile: Reconcile;
}

export interface LoopOptions {
  /** Told of every failure that trying again is not known to mend. */
  onError?: (error: unknown, where: string) => void;
}

// Between two turns others get the thread: an API request must not wait for a thousand pods.
const itemsPerTurn = 128;
const firstRetryMs = 5;
const longestRetryMs = 60_000;

/** Conflicts and absent objects mend themselves on the next look; a namespace that is going away refuses new objects for good reason. */
const expected = (error: unknown): boolean => error instanceof StatusError && [403, 404, 409].includes(error.code);

export function createReconcileLoop(clock: Clock, options: LoopOptions = {}): ReconcileLoop {
  const queue = new Map<string, Item>();
  const timers = new Map<string, { cancel(): void }>();
  const failures = new Map<string, number>();
  let turn: { cancel(): void } | undefined;
  let stopped = false;
  let controllers = 0;

  const enqueue = (item: Item): void => {
    if (stopped) return;
    queue.set(item.id, item);
    turn ??= clock.setTimeout(drain, 0);
  };
  const lookAgain = (item: Item, ms: number): void => {
    const timer = clock.setTimeout(() => {
      timers.delete(item.id);
      enqueue(item);
    }, ms);
    timers.set(item.id, timer);
  };
  const look = (item: Item): void => {
    timers.get(item.id)?.cancel();
    timers.delete(item.id);
    try {
      const again = item.reconcile(item.key);
      failures.delete(item.id);
      if (again !== undefined) lookAgain(item, Math.max(1, again));
    } catch (error) {
      const count = failures.get(item.id) ?? 0;
      failures.set(item.id, count + 1);
      if (!expected(error)) options.onError?.(error, `${item.name} ${item.key}`);
      lookAgain(item, Math.min(firstRetryMs * 2 ** count, longestRetryMs));
    }
  };
  const drain = (): void => {
    turn = undefined;
    let left = itemsPerTurn;
    for (const [id, item] of queue) {
      if (stopped || left-- === 0) break;
      queue.delete(id);
      look(item);
    }
    if (queue.size && !stopped) turn ??= clock.setTimeout(drain, 0);
  };

  return {
    controller(name, reconcile) {
      // Two controllers may share a name, never a place in the queue.
      const ordinal = controllers++;
      return (key) => enqueue({ id: `${ordinal} ${key}`, key, name, reconcile });
    },
    stop() {
      stopped = true;
      turn?.cancel();
      queue.clear();
      for (const timer of timers.values()) timer.cancel();
      timers.clear();
    },
  };
}
