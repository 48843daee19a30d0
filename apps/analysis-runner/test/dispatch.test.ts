import { silentLogger } from '@sluice/kube';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDispatcher } from '../src/dispatch/dispatcher.ts';
import type { Dispatcher, DispatcherOptions, Hint } from '../src/dispatch/dispatcher.ts';
import type { Flight, Wish } from '../src/dispatch/flight.ts';
import { createAlarms } from '../src/scheduler/alarms.ts';
import { createStatusWriter } from '../src/scheduler/status-writer.ts';
import { createWriteBudget } from '../src/scheduler/write-budget.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

let offered: Hint[];
let givenUp: Flight[];
let dispatcher: Dispatcher;

function dispatch(options: Partial<DispatcherOptions> = {}, limits: object = {}): void {
  offered = [];
  givenUp = [];
  dispatcher = createDispatcher({
    limits: { inFlight: 100, perNamespace: 50, perTarget: 50, perHint: 10, ...limits },
    offer: async (hints) => void offered.push(...hints),
    onGivenUp: (flight) => givenUp.push(flight),
    logger: silentLogger,
    ...options,
  });
  dispatcher.start();
}
afterEach(() => dispatcher?.stop());

const wish = (name: string, more: Partial<Wish> = {}): Wish => ({
  ...{ id: `${name}/m/1`, uid: name, namespace: 'a', metric: 'm', ordinal: 1, work: 'start' },
  ...{ target: 'web http://x', dueAt: 0, deadlineMs: 1_000 },
  ...more,
});
const names = (): string[] => offered.flatMap(({ measurements }) => measurements.map((id) => id.split('/')[0] ?? ''));
const settle = (ms = 20) => vi.advanceTimersByTimeAsync(ms);

describe('whose turn it is', () => {
  it('namespaces take turns, whatever the one before them wants', async () => {
    dispatch({}, { inFlight: 6 });
    for (let index = 0; index < 40; index += 1) dispatcher.want(wish(`a${index}`));
    dispatcher.want(wish('b0', { namespace: 'b' }));
    dispatcher.want(wish('c0', { namespace: 'c' }));
    await settle();
    expect(names()).toEqual(['a0', 'b0', 'c0', 'a1', 'a2', 'a3']);
  });

  it('no namespace and no address has more under way than it may, and the next goes when one is over', async () => {
    dispatch({}, { perNamespace: 2, perTarget: 3 });
    for (const name of ['a0', 'a1', 'a2']) dispatcher.want(wish(name));
    for (const name of ['b0', 'b1']) dispatcher.want(wish(name, { namespace: 'b' }));
    dispatcher.want(wish('b2', { namespace: 'b', target: 'web http://y' }));
    await settle();
    expect(names().sort()).toEqual(['a0', 'a1', 'b0', 'b2']);
    const [flight] = dispatcher.take('w', ['a0/m/1']);
    expect(dispatcher.finish(flight?.ticket ?? 0)).toBe(flight);
    await settle();
    expect(names()).toHaveLength(5);
  });

  it('what hangs at one address leaves the others of its namespace their way', async () => {
    dispatch({}, { perTarget: 1 });
    for (const name of ['x0', 'x1', 'x2']) dispatcher.want(wish(name));
    dispatcher.want(wish('y0', { target: 'web http://y' }));
    await settle();
    expect(names()).toEqual(['x0', 'y0']);
  });
});

describe('a hint', () => {
  it('has an id that follows from what it says: the same offer made twice is one job', async () => {
    dispatch();
    dispatcher.want(wish('a'));
    await settle();
    const first = offered[0]?.jobId;
    dispatch();
    dispatcher.want(wish('a'));
    await settle();
    expect(offered[0]?.jobId).toBe(first);
    expect(first).toMatch(/^m[0-9a-f]{32}$/);
  });

  it('that nobody takes is offered again, less and less often; one that was taken is not', async () => {
    dispatch({ reofferMs: 1_000 });
    dispatcher.want(wish('lost'));
    dispatcher.want(wish('taken', { deadlineMs: 600_000 }));
    await settle();
    dispatcher.take('w', ['taken/m/1']);
    await settle(1_500);
    expect(names()).toEqual(['lost', 'taken', 'lost']);
    await settle(1_000);
    expect(names()).toHaveLength(3);
    await settle(2_000);
    expect(names()).toHaveLength(4);
  });

  it('waits while it cannot be offered, and nothing is forgotten', async () => {
    let isAway = true;
    const sent: Hint[] = [];
    dispatch({
      offer: async (hints) => {
        if (isAway) throw new Error('away');
        sent.push(...hints);
      },
    });
    for (const name of ['a', 'b', 'c']) dispatcher.want(wish(name));
    await settle(5_000);
    isAway = false;
    await settle(3_000);
    expect(sent.flatMap(({ measurements }) => measurements)).toEqual(['a/m/1', 'b/m/1', 'c/m/1']);
  });
});

describe('a measurement', () => {
  it('is with one worker at a time, and its ticket ends with it', async () => {
    dispatch();
    dispatcher.want(wish('a'));
    await settle();
    const [first] = dispatcher.take('w1', ['a/m/1']);
    const ticket = first?.ticket ?? 0;
    expect(dispatcher.take('w2', ['a/m/1'])).toEqual([]);
    dispatcher.workerGone('w1');
    await settle();
    const [second] = dispatcher.take('w2', ['a/m/1']);
    expect(dispatcher.finish(ticket)).toBeUndefined();
    expect(dispatcher.finish(second?.ticket ?? 0)).toBeDefined();
    expect(dispatcher.counts).toEqual({ waiting: 0, offered: 0, taken: 0 });
  });

  it('whose workers never answer is given up after the third', async () => {
    dispatch({ graceMs: 100 });
    dispatcher.want(wish('a'));
    for (let turn = 0; turn < 3; turn += 1) {
      await settle();
      expect(dispatcher.take(`w${turn}`, ['a/m/1'])).toHaveLength(1);
      await settle(1_500);
    }
    expect(givenUp.map(({ id }) => id)).toEqual(['a/m/1']);
  });

  it('that is dropped is not handed out, and its report is not wanted', async () => {
    dispatch();
    dispatcher.want(wish('a'));
    dispatcher.want(wish('b'));
    await settle();
    const [flight] = dispatcher.take('w', ['a/m/1']);
    const ticket = flight?.ticket ?? 0;
    expect(dispatcher.drop('a/m/1')).toBe(true);
    expect(dispatcher.drop('b/m/1')).toBe(false);
    expect(dispatcher.finish(ticket)).toBeUndefined();
    expect(dispatcher.take('w', ['b/m/1'])).toEqual([]);
  });
});

describe('alarms', () => {
  it('wake each key once, at its moment, near or far, and not after they were cleared', async () => {
    const woken: string[] = [];
    const alarms = createAlarms((key) => woken.push(key));
    const now = Date.now();
    alarms.set('soon', now + 50);
    alarms.set('far', now + 100_000);
    alarms.set('moved', now + 30);
    alarms.set('moved', now + 200);
    alarms.set('cleared', now + 40);
    alarms.clear('cleared');
    alarms.set('past', now - 1_000);
    await settle(100);
    expect(woken).toEqual(['past', 'soon']);
    await settle(200);
    expect(woken).toEqual(['past', 'soon', 'moved']);
    await settle(99_000);
    expect(woken).toEqual(['past', 'soon', 'moved']);
    await settle(1_000);
    expect(woken).toEqual(['past', 'soon', 'moved', 'far']);
    expect(alarms.size).toBe(0);
    alarms.stop();
  });
});

describe('writing statuses', () => {
  it('verdicts go at once; successes share the budget, the longest waiting first', async () => {
    const written: string[] = [];
    const writer = createStatusWriter({
      write: async (key) => void written.push(key),
      budget: createWriteBudget(2, () => Date.now()),
    });
    for (const key of ['a', 'b', 'c', 'd']) writer.mark(key, 'patient');
    await settle(1);
    expect(written).toEqual(['a', 'b']);
    writer.mark('c', 'patient');
    writer.mark('x', 'verdict');
    await settle(1);
    expect(written).toEqual(['a', 'b', 'x']);
    await settle(5_000);
    expect(written).toEqual(['a', 'b', 'x', 'c', 'd']);
    writer.mark('e', 'patient');
    writer.mark('f', 'patient');
    writer.mark('g', 'patient');
    await writer.flush(['g']);
    expect(written).toContain('g');
    writer.stop();
  });
});
