import { silentLogger } from '@sluice/kube';
import type { KubeObject, Standing } from '@sluice/kube';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createReconcileLoop } from '../src/index.ts';
import type { LoopOptions, ReconcileLoop, Turn, TurnResult } from '../src/index.ts';

interface Memory {
  turns: number;
  held: boolean;
}
type ThisTurn = Turn<KubeObject, Memory>;

const waits: TurnResult = { kind: 'waits', until: [] };
const settle = (ms = 10) => vi.advanceTimersByTimeAsync(ms);

let objects: Map<string, KubeObject>;
let standing: Standing;
let leadership: AbortController;
let turns: ThisTurn[];
let letGo: string[];
let loop: ReconcileLoop;

function put(name: string, uid = `uid-${name}`): void {
  objects.set(`shop/${name}`, { metadata: { namespace: 'shop', name, uid } });
}

function start(turn: (its: ThisTurn) => Promise<TurnResult>, options: Partial<LoopOptions<KubeObject, Memory>> = {}) {
  loop = createReconcileLoop<KubeObject, Memory>({
    what: 'thing',
    objects: { getByKey: (key) => objects.get(key), list: () => [...objects.values()] },
    authority: { standing: () => standing, signal: () => leadership.signal },
    logger: silentLogger,
    remember: () => ({ turns: 0, held: false }),
    letGo: (uid) => letGo.push(uid),
    holds: ({ held }) => held,
    random: () => 0.5,
    turn(its) {
      turns.push(its);
      its.memory.turns += 1;
      return turn(its);
    },
    ...options,
  });
  loop.start();
}

beforeEach(() => {
  vi.useFakeTimers();
  objects = new Map();
  standing = 'in charge';
  leadership = new AbortController();
  turns = [];
  letGo = [];
});
afterEach(() => vi.useRealTimers());

describe('a key', () => {
  it('has turns while this replica is in charge of it, and keeps its memory between them', async () => {
    put('web');
    start(() => Promise.resolve(waits));
    loop.enqueue('shop/web', 'normal');
    await settle();
    loop.enqueue('shop/web', 'normal');
    await settle();
    expect(turns.map(({ memory }) => memory.turns)).toEqual([2, 2]);
    standing = 'standby';
    loop.enqueue('shop/web', 'normal');
    await settle();
    expect([turns.length, letGo]).toEqual([2, ['uid-web']]);
  });

  it('is begun anew when somebody else may have been in charge in between, however short', async () => {
    put('web');
    start(() => Promise.resolve(waits));
    loop.enqueue('shop/web', 'normal');
    await settle();
    leadership.abort();
    leadership = new AbortController();
    loop.enqueue('shop/web', 'normal');
    await settle();
    expect([turns.map(({ memory }) => memory.turns), letGo]).toEqual([[1, 1], ['uid-web']]);
  });

  it('is begun anew for another object of the same name, and forgotten with its object', async () => {
    put('web');
    start(() => Promise.resolve(waits));
    loop.enqueue('shop/web', 'normal');
    await settle();
    put('web', 'another');
    loop.enqueue('shop/web', 'normal');
    await settle();
    objects.clear();
    loop.enqueue('shop/web', 'normal');
    await settle();
    expect([turns.length, letGo]).toEqual([2, ['uid-web', 'another']]);
  });

  it('comes back when its result says so, sooner the fewer decisions were thrown away in a row', async () => {
    put('web');
    const results: TurnResult[] = [
      { kind: 'answered', why: 'a name is taken' },
      { kind: 'stale', why: 'somebody wrote it' },
      { kind: 'again' },
      { kind: 'waits', until: [undefined, Date.now() + 5_000] },
    ];
    start(() => Promise.resolve(results.shift() ?? waits));
    loop.enqueue('shop/web', 'normal');
    await settle(1);
    expect(turns).toHaveLength(2);
    await settle(101);
    expect(turns).toHaveLength(3);
    await settle(101);
    expect(turns).toHaveLength(4);
    await settle(4_000);
    expect(turns).toHaveLength(4);
    await settle(1_000);
    expect(turns).toHaveLength(5);
  });

  it('is tried again when its turn throws, but not after the leadership has ended', async () => {
    put('web');
    start(() => Promise.reject(new Error('the disk is full')));
    loop.enqueue('shop/web', 'normal');
    await settle(2);
    expect(turns.length).toBeGreaterThan(1);
    standing = 'standby';
    const before = turns.length;
    await settle(60_000);
    expect(turns.length - before).toBeLessThanOrEqual(1);
  });
});

describe('writing', () => {
  it('is not allowed from the moment the leadership ends, although the turn still runs', async () => {
    put('web');
    const gate = Promise.withResolvers<TurnResult>();
    start(() => gate.promise);
    loop.enqueue('shop/web', 'normal');
    await settle();
    const [turn] = turns;
    expect([turn?.mayWrite(), turn?.signal.aborted]).toEqual([true, false]);
    leadership.abort();
    leadership = new AbortController();
    expect([turn?.mayWrite(), turn?.signal.aborted]).toEqual([false, true]);
    gate.resolve({ kind: 'not in charge' });
    await settle();
  });

  it('is not allowed after a moment in which the program stood still and the Lease ran out, before any timer has fired', async () => {
    put('web');
    const gate = Promise.withResolvers<TurnResult>();
    start(() => gate.promise);
    loop.enqueue('shop/web', 'normal');
    await settle();
    standing = 'standby';
    expect(turns[0]?.mayWrite()).toBe(false);
    gate.resolve(waits);
    await settle();
  });

  it('holds the key back until the cache shows what was written', async () => {
    put('web');
    let isSeen = false;
    const cache = { hasSeen: () => isSeen, get: () => undefined };
    start((its) => {
      its.wrote(cache, { kind: 'Thing', metadata: { name: 'web', resourceVersion: '7' } });
      return Promise.resolve({ kind: 'again' });
    });
    loop.enqueue('shop/web', 'normal');
    await settle(1_000);
    expect(turns).toHaveLength(1);
    isSeen = true;
    await settle(101);
    expect(turns).toHaveLength(2);
  });
});

describe('handing over', () => {
  it('waits for what runs, begins nothing more, and is done at once where nothing is to be done', async () => {
    put('web');
    put('api');
    const gate = Promise.withResolvers<TurnResult>();
    start(() => gate.promise);
    loop.enqueue('shop/web', 'normal');
    await settle();
    let isDone = false;
    const handing = loop.handOver(leadership.signal).then(() => void (isDone = true));
    loop.enqueue('shop/api', 'normal');
    await settle(1_000);
    expect([isDone, turns.map(({ key }) => key)]).toEqual([false, ['shop/web']]);
    gate.resolve(waits);
    await handing;
    loop.enqueue('shop/web', 'safety');
    await settle();
    expect(turns).toHaveLength(1);
    await loop.handOver(new AbortController().signal);
  });

  it('stores what waits to be stored, in one last turn', async () => {
    put('web');
    start((its) => {
      its.memory.held = !its.isLast;
      return Promise.resolve(waits);
    });
    loop.enqueue('shop/web', 'normal');
    await settle();
    const handing = loop.handOver(leadership.signal);
    await settle();
    await handing;
    expect(turns.map(({ isLast }) => isLast)).toEqual([false, true]);
  });

  it('does not wait for what is gone', async () => {
    put('web');
    start((its) => {
      its.memory.held = true;
      return Promise.resolve(waits);
    });
    loop.enqueue('shop/web', 'normal');
    await settle();
    objects.clear();
    const handing = loop.handOver(leadership.signal);
    await settle();
    await handing;
    expect(turns).toHaveLength(1);
  });

  it('does not wait for ever for a turn that hangs, nor when the Lease is lost meanwhile', async () => {
    put('web');
    start(() => new Promise<TurnResult>(() => undefined));
    loop.enqueue('shop/web', 'normal');
    await settle();
    const handing = loop.handOver(leadership.signal);
    await settle(3_001);
    await handing;
    const again = loop.handOver(leadership.signal);
    leadership.abort();
    await again;
  });

  it('stopping stores what waits as well', async () => {
    put('web');
    start((its) => {
      its.memory.held = !its.isLast;
      return Promise.resolve(waits);
    });
    loop.enqueue('shop/web', 'normal');
    await settle();
    const stopping = loop.stop();
    await settle();
    await stopping;
    expect(turns.map(({ isLast }) => isLast)).toEqual([false, true]);
  });
});
