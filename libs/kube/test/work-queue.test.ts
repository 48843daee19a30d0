import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWorkQueue } from '../src/index.ts';
import type { WorkQueue, WorkQueueOptions, WorkResult } from '../src/index.ts';

let queue: WorkQueue;
let ran: string[];

function queueOf(options: Partial<WorkQueueOptions> = {}): WorkQueue {
  const run = (key: string): Promise<WorkResult> => Promise.resolve(void ran.push(key));
  queue = createWorkQueue({ run, ...options });
  queue.start();
  return queue;
}

/** Runs that end when the test says so. */
function held() {
  const open = new Map<string, { resolve: (result?: WorkResult) => void; reject: (error: Error) => void }>();
  const run = (key: string): Promise<WorkResult> => {
    ran.push(key);
    return new Promise((resolve, reject) => void open.set(key, { resolve, reject }));
  };
  const finish = async (key: string, result?: WorkResult): Promise<void> => {
    open.get(key)?.resolve(result);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { run, finish };
}

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  ran = [];
});
afterEach(async () => {
  const drained = queue.drain(0, 0);
  await settle(10);
  await drained;
  vi.useRealTimers();
});

describe('the work queue', () => {
  it('runs a key once however often it is added', async () => {
    queueOf();
    for (let count = 0; count < 5; count += 1) queue.add('a');
    queue.add('b');
    await settle();
    expect(ran).toEqual(['a', 'b']);
  });

  it('never runs a key twice at once, and runs it again when it was added meanwhile', async () => {
    const { run, finish } = held();
    queueOf({ run });
    queue.add('a');
    await settle();
    queue.add('a');
    queue.add('a');
    await settle();
    expect(ran).toEqual(['a']);
    await finish('a');
    expect(ran).toEqual(['a', 'a']);
    await finish('a');
    expect(ran).toEqual(['a', 'a']);
  });

  it('keeps to its number of workers', async () => {
    const { run, finish } = held();
    queueOf({ run, workers: 2 });
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await settle();
    expect([ran.length, queue.running, queue.queued]).toEqual([2, 2, 1]);
    await finish('a');
    expect(ran).toEqual(['a', 'b', 'c']);
  });

  it('lets what restores safety go first, also when it was queued as ordinary work before', async () => {
    const { run, finish } = held();
    queueOf({ run, workers: 1 });
    queue.add('busy');
    await settle();
    queue.add('resync', 'background');
    queue.add('first');
    queue.add('second');
    queue.add('second', 'safety');
    queue.add('second', 'background');
    for (const key of ['busy', 'second', 'first', 'resync']) await finish(key);
    expect(ran).toEqual(['busy', 'second', 'first', 'resync']);
  });

  it('backs off from 1 ms, doubling to 10 s, and forgets it after a success', async () => {
    let failing = true;
    const at: number[] = [];
    queueOf({
      run: () => {
        at.push(performance.now());
        return failing ? Promise.reject(new Error('no')) : Promise.resolve();
      },
    });
    queue.add('a');
    await settle(60_000);
    const gaps = at.slice(1).map((time, index) => Math.round(time - (at[index] ?? 0)));
    expect(gaps.slice(0, 5)).toEqual([1, 2, 4, 8, 16]);
    expect(gaps.at(-1)).toBe(10_000);
    failing = false;
    await settle(10_000);
    at.length = 0;
    failing = true;
    queue.add('a');
    await settle(2);
    expect(at).toHaveLength(2);
  });

  it('tries again with the priority that the key had', async () => {
    const { run, finish } = held();
    let failing = true;
    const flaky = (key: string): Promise<WorkResult> => {
      if (key !== 'abort' || !failing) return run(key);
      failing = false;
      return Promise.reject(new Error('no'));
    };
    queueOf({ run: flaky, workers: 1 });
    queue.add('abort', 'safety');
    queue.add('busy');
    queue.add('ordinary');
    await settle(5);
    await finish('busy');
    expect(ran).toEqual(['busy', 'abort']);
  });

  it('comes back when the run asked for it', async () => {
    let runs = 0;
    queueOf({ run: () => Promise.resolve((runs += 1) === 1 ? { againAfterMs: 5_000 } : undefined) });
    queue.add('a');
    await settle(4_999);
    expect(runs).toBe(1);
    await settle(1);
    expect(runs).toBe(2);
    await settle(60_000);
    expect(runs).toBe(2);
  });

  it('keeps the earliest of several delays', async () => {
    queueOf();
    queue.addAfter('a', 100);
    queue.addAfter('a', 50);
    queue.addAfter('a', 200);
    await settle(49);
    expect(ran).toEqual([]);
    await settle(1_000);
    expect(ran).toEqual(['a']);
  });

  it('drops a delay when the key runs before, since the run says itself when to come back', async () => {
    queueOf();
    queue.addAfter('a', 50);
    queue.add('a');
    await settle(1_000);
    expect(ran).toEqual(['a']);
  });

  it('waits for months without firing early', async () => {
    queueOf();
    queue.addAfter('a', 60 * 86_400_000);
    await settle(59 * 86_400_000);
    expect(ran).toEqual([]);
    await settle(2 * 86_400_000);
    expect(ran).toEqual(['a']);
  });

  it('forgets a key that is gone', async () => {
    queueOf({ workers: 0 });
    queue.add('a');
    queue.addAfter('b', 10);
    queue.forget('a');
    queue.forget('b');
    await settle(100);
    expect([queue.queued, queue.delayed]).toEqual([0, 0]);
  });

  it('runs nothing before it is started', async () => {
    queue = createWorkQueue({ run: (key) => Promise.resolve(void ran.push(key)) });
    queue.add('a');
    await settle(100);
    expect(ran).toEqual([]);
    queue.start();
    await settle();
    expect(ran).toEqual(['a']);
  });

  it('drains: finishes what is running and takes nothing more', async () => {
    const { run, finish } = held();
    queueOf({ run, workers: 1 });
    queue.add('a');
    queue.add('b');
    await settle();
    let drained = false;
    void queue.drain().then(() => (drained = true));
    queue.add('c');
    await settle(1_000);
    expect(drained).toBe(false);
    await finish('a', { againAfterMs: 1 });
    await settle(1_000);
    expect([drained, ran]).toEqual([true, ['a']]);
  });

  it('aborts what does not end in time', async () => {
    let reason: unknown;
    queueOf({
      run: (_key, signal) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => {
            reason = signal.reason;
            resolve();
          }),
        ),
    });
    queue.add('a');
    await settle();
    const drained = queue.drain(500);
    await settle(500);
    await drained;
    expect(String(reason)).toContain('did not end within 500 ms');
  });

  it('reports depth, waiting, duration and failures', async () => {
    const seen: unknown[] = [];
    queueOf({
      run: (key) => (key === 'bad' ? Promise.reject(new Error('no')) : Promise.resolve()),
      maxBackoffMs: 1_000_000,
      minBackoffMs: 1_000_000,
      onStart: (key, waitedMs) => void seen.push(['start', key, waitedMs]),
      onFinish: (key, _durationMs, error, failures) =>
        void seen.push(['finish', key, error instanceof Error, failures]),
    });
    queue.add('good');
    queue.add('bad');
    await settle();
    expect(seen).toEqual([
      ['start', 'good', 0],
      ['start', 'bad', 0],
      ['finish', 'good', false, 0],
      ['finish', 'bad', true, 1],
    ]);
  });
});
