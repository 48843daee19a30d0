import { backOffMs } from './back-off.ts';

/** `safety` (an abort, a route to take back) goes before `normal`, and that before `background` (resyncs). */
export type Priority = 'safety' | 'normal' | 'background';

/** What a run returns: nothing, or when it wants to run again although nothing may change until then. */
export type WorkResult = void | { readonly againAfterMs?: number | undefined };

export interface WorkQueueHooks {
  readonly onDepth?: (queued: number, running: number, delayed: number) => void;
  readonly onStart?: (key: string, waitedMs: number) => void;
  /** `error` is undefined when the run succeeded; `failures` counts those in a row. */
  readonly onFinish?: (key: string, durationMs: number, error: unknown, failures: number) => void;
}

export interface WorkQueueOptions extends WorkQueueHooks {
  /** Does the work for one key; never runs twice at once for a key. Throwing means: again, with back-off. */
  readonly run: (key: string, signal: AbortSignal) => Promise<WorkResult>;
  /** Runs at once: 10. */
  readonly workers?: number;
  /** Back-off of a key after its n-th failure in a row: 1 ms · 2ⁿ, at most 10 s. */
  readonly minBackoffMs?: number;
  readonly maxBackoffMs?: number;
}

export interface WorkQueue {
  /** Nothing runs before. */
  start(): void;
  /** Runs the key soon, once, however often it is added; a key that is running runs again afterwards. A higher priority wins. */
  add(key: string, priority?: Priority): void;
  /** Adds the key later; of several delays the earliest counts. A run of the key that starts before clears it: the run says itself when to come back. */
  addAfter(key: string, delayMs: number, priority?: Priority): void;
  /** Forgets a key that is gone: queued, delayed and its failures. */
  forget(key: string): void;
  /** Takes nothing more, waits for what is running; after `timeoutMs` (10 s) aborts the signal given to the runs, and waits `graceMs` (1 s) more at most. */
  drain(timeoutMs?: number, graceMs?: number): Promise<void>;
  readonly queued: number;
  readonly running: number;
  readonly delayed: number;
}

const order: readonly Priority[] = ['safety', 'normal', 'background'];
// Longer timers fire at once in Node.
const maxTimerMs = 2 ** 31 - 1;

interface Delayed {
  readonly at: number;
  readonly priority: Priority;
  readonly timer: NodeJS.Timeout;
}

export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const workers = options.workers ?? 10;
  const backOff = { firstMs: options.minBackoffMs ?? 1, longestMs: options.maxBackoffMs ?? 10_000 };
  // A Map keeps the order of arrival; the value is when the key came.
  const lanes = new Map(order.map((priority) => [priority, new Map<string, number>()]));
  const running = new Map<string, Priority | undefined>();
  const delayed = new Map<string, Delayed>();
  const failures = new Map<string, number>();
  const stopper = new AbortController();
  let state: 'new' | 'open' | 'draining' = 'new';
  let onIdle = (): void => undefined;

  const queued = (): number => [...lanes.values()].reduce((sum, lane) => sum + lane.size, 0);
  const depth = (): void => options.onDepth?.(queued(), running.size, delayed.size);

  function enqueue(key: string, priority: Priority): void {
    if (state === 'draining') return;
    if (running.has(key)) {
      running.set(key, higher(running.get(key), priority));
      return;
    }
    const current = order.find((candidate) => lanes.get(candidate)?.has(key));
    const wanted = higher(current, priority);
    if (current === wanted) return;
    const since = current === undefined ? performance.now() : (lanes.get(current)?.get(key) ?? performance.now());
    if (current !== undefined) lanes.get(current)?.delete(key);
    lanes.get(wanted)?.set(key, since);
    depth();
    queueMicrotask(startRuns);
  }

  function next(): { key: string; since: number; priority: Priority } | undefined {
    for (const [priority, lane] of lanes) {
      for (const [key, since] of lane) {
        lane.delete(key);
        return { key, since, priority };
      }
    }
    return undefined;
  }

  function startRuns(): void {
    while (state === 'open' && running.size < workers) {
      const item = next();
      if (item === undefined) return;
      void work(item.key, item.since, item.priority);
    }
  }

  async function work(key: string, since: number, priority: Priority): Promise<void> {
    running.set(key, undefined);
    cancelDelay(key);
    const startedAt = performance.now();
    options.onStart?.(key, startedAt - since);
    depth();
    let again: { afterMs: number; priority: Priority } | undefined;
    let error: unknown;
    try {
      const result = await options.run(key, stopper.signal);
      failures.delete(key);
      if (result?.againAfterMs !== undefined) again = { afterMs: result.againAfterMs, priority: 'normal' };
    } catch (cause) {
      error = cause ?? new Error('the run failed without an error');
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      // What restores safety is still to be done first when it is tried again.
      again = { afterMs: backOffMs(count, backOff), priority };
    }
    const requested = running.get(key);
    running.delete(key);
    options.onFinish?.(key, performance.now() - startedAt, error, failures.get(key) ?? 0);
    if (requested !== undefined) enqueue(key, error === undefined ? requested : higher(requested, priority));
    else if (again !== undefined) delay(key, again.afterMs, again.priority);
    depth();
    if (running.size === 0) onIdle();
    startRuns();
  }

  function cancelDelay(key: string): void {
    clearTimeout(delayed.get(key)?.timer);
    delayed.delete(key);
  }

  function delay(key: string, delayMs: number, priority: Priority): void {
    if (state === 'draining') return;
    if (!(delayMs > 0)) return enqueue(key, priority);
    const at = performance.now() + delayMs;
    const existing = delayed.get(key);
    if (existing !== undefined && existing.at <= at) return;
    cancelDelay(key);
    const fire = (): void => {
      delayed.delete(key);
      const leftMs = at - performance.now();
      if (leftMs > 1) delay(key, leftMs, priority);
      else enqueue(key, priority);
    };
    delayed.set(key, { at, priority, timer: setTimeout(fire, Math.min(delayMs, maxTimerMs)) });
    depth();
  }

  return {
    start() {
      if (state === 'new') state = 'open';
      startRuns();
    },
    add: (key, priority = 'normal') => enqueue(key, priority),
    addAfter: (key, delayMs, priority = 'normal') => delay(key, delayMs, priority),
    forget(key) {
      cancelDelay(key);
      failures.delete(key);
      for (const lane of lanes.values()) lane.delete(key);
      depth();
    },
    async drain(timeoutMs = 10_000, graceMs = 1_000) {
      state = 'draining';
      for (const key of [...delayed.keys()]) cancelDelay(key);
      for (const lane of lanes.values()) lane.clear();
      if (running.size === 0) return;
      const idle = new Promise<void>((resolve) => void (onIdle = resolve));
      if (await settlesWithin(idle, timeoutMs)) return;
      stopper.abort(new Error(`the queue was drained and this run did not end within ${timeoutMs} ms`));
      await settlesWithin(idle, graceMs);
    },
    get queued() {
      return queued();
    },
    get running() {
      return running.size;
    },
    get delayed() {
      return delayed.size;
    },
  };
}

function higher(a: Priority | undefined, b: Priority): Priority {
  return a === undefined || order.indexOf(b) < order.indexOf(a) ? b : a;
}

async function settlesWithin(promise: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => void (timer = setTimeout(() => resolve(false), ms)));
  try {
    return await Promise.race([promise.then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
  }
}
