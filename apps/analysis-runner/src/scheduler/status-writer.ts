import type { WriteBudget } from './write-budget.ts';

/**
 * How soon a status has to be stored: `verdict` at once, whatever the budget says; `prompt` before others; `patient` when there is budget left, those that have
 * waited for longest first, each with all that has come together meanwhile.
 */
export type WriteUrgency = 'verdict' | 'prompt' | 'patient';

export interface StatusWriter {
  /** The object has something to store. Cheap, also when it waits already; the greater urgency counts. */
  mark(key: string, urgency: WriteUrgency): void;
  forget(key: string): void;
  /** Stores these at once, and resolves when they are stored or cannot be. */
  flush(keys: readonly string[]): Promise<void>;
  stop(): void;
  readonly waiting: number;
}

export interface StatusWriterOptions {
  /** Stores what there is to store for the key, and says that it is done. Must not throw. */
  readonly write: (key: string) => Promise<void>;
  readonly budget: WriteBudget;
  /** Writes at once: 16. */
  readonly atOnce?: number;
}

const order: readonly WriteUrgency[] = ['verdict', 'prompt', 'patient'];

export function createStatusWriter({ write, budget, atOnce = 16 }: StatusWriterOptions): StatusWriter {
  const lanes = { verdict: new Set<string>(), prompt: new Set<string>(), patient: new Set<string>() };
  const running = new Map<string, Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  function next(): string | undefined {
    for (const urgency of order) {
      for (const key of lanes[urgency]) {
        if (running.has(key)) continue;
        if (urgency === 'verdict') budget.spend();
        else if (!budget.take()) return void later();
        lanes[urgency].delete(key);
        return key;
      }
    }
    return undefined;
  }

  function later(): void {
    timer ??= setTimeout(
      () => {
        timer = undefined;
        pump();
      },
      Math.max(5, budget.waitMs()),
    );
  }

  function start(key: string): Promise<void> {
    const done = write(key).finally(() => {
      running.delete(key);
      pump();
    });
    running.set(key, done);
    return done;
  }

  function pump(): void {
    while (!stopped && running.size < atOnce) {
      const key = next();
      if (key === undefined) return;
      void start(key);
    }
  }

  function leave(key: string): void {
    for (const urgency of order) lanes[urgency].delete(key);
  }

  return {
    mark(key, urgency) {
      const before = order.find((one) => lanes[one].has(key));
      if (before !== undefined && order.indexOf(before) <= order.indexOf(urgency)) return;
      if (before !== undefined) lanes[before].delete(key);
      lanes[urgency].add(key);
      pump();
    },
    forget: leave,
    async flush(keys) {
      for (const key of keys) {
        await running.get(key);
        if (!order.some((urgency) => lanes[urgency].has(key))) continue;
        leave(key);
        budget.spend();
        while (running.size >= atOnce) await Promise.race(running.values());
        void start(key);
      }
      await Promise.all(keys.map((key) => running.get(key)));
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
    get waiting() {
      return order.reduce((sum, urgency) => sum + lanes[urgency].size, 0);
    },
  };
}
