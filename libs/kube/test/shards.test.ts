import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { assignShards } from '../src/assign-shards.ts';
import { createShards } from '../src/index.ts';
import type { ShardOptions, Shards } from '../src/index.ts';
import { createFakeCluster, kubeError } from './fake-cluster.ts';
import type { FakeCluster } from './fake-cluster.ts';

const keys = Array.from({ length: 40 }, (_, index) => `shop/web-${index}`);
const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

let cluster: FakeCluster;
let running: Shards[];

beforeEach(() => {
  vi.useFakeTimers();
  cluster = createFakeCluster();
  running = [];
});
afterEach(async () => {
  const stopping = Promise.all(running.map((shards) => shards.stop()));
  await settle(60_000);
  await stopping;
  vi.useRealTimers();
});

/** A replica that can be cut off from the API server, as one whose machine is gone is for all others. */
function replica(identity: string, count: number, options: Partial<ShardOptions> = {}) {
  let isCut = false;
  const events: string[] = [];
  const guarded = Object.fromEntries(
    Object.entries(cluster.client).map(([name, call]) => [
      name,
      (...args: never[]) =>
        isCut ? Promise.reject(kubeError('Network')) : (call as (...all: never[]) => unknown)(...args),
    ]),
  ) as unknown as typeof cluster.client;
  const shards = createShards({
    client: guarded,
    namespace: 'sluice-system',
    service: 'rollout-controller',
    identity,
    count,
    random: () => 0.5,
    onAcquired: (_leadership, shard) => events.push(`has ${shard}`),
    onLost: (why, shard) => events.push(`${why} ${shard}`),
    ...options,
  });
  running.push(shards);
  shards.start();
  return {
    shards,
    events,
    cut: () => void (isCut = true),
    heal: () => void (isCut = false),
    owned: () => keys.filter((key) => shards.owns(key)),
  };
}

type Replica = ReturnType<typeof replica>;

/** Lets time go by; fails when two replicas may write for the same key at any moment. Says for how long at most some key had nobody. */
async function watched(replicas: readonly Replica[], ms: number, stepMs = 100): Promise<number> {
  let gapMs = 0;
  let longest = 0;
  for (let passed = 0; passed < ms; passed += stepMs) {
    await settle(stepMs);
    const owners = keys.map((key) => replicas.filter(({ shards }) => shards.owns(key)).length);
    expect(Math.max(...owners)).toBeLessThanOrEqual(1);
    gapMs = owners.includes(0) ? gapMs + stepMs : 0;
    longest = Math.max(longest, gapMs);
  }
  return longest;
}

const covered = (replicas: readonly Replica[]): number => new Set(replicas.flatMap(({ owned }) => owned())).size;

describe('the assignment of shards', () => {
  it('gives each member its share, give or take one, whatever the order in which members are given', () => {
    for (const count of [1, 4, 7, 16])
      for (const size of [1, 2, 3, 5]) {
        const members = Array.from({ length: size }, (_, index) => `pod-${index * 7919}`);
        const owners = assignShards(count, members);
        const loads = members.map((member) => owners.filter((owner) => owner === member).length);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
        expect(assignShards(count, members.toReversed())).toEqual(owners);
      }
    expect(assignShards(4, [])).toEqual([]);
  });

  it('leaves most of what others have with them when a member comes or goes', () => {
    const members = Array.from({ length: 4 }, (_, index) => `pod-${index * 7919}`);
    const before = assignShards(64, members.slice(0, 3));
    const after = assignShards(64, members);
    const moved = before.filter((owner, shard) => owner !== after[shard] && after[shard] !== members[3]);
    expect(moved.length).toBeLessThan(16);
  });
});

describe('replicas that share four shards', () => {
  it('have each key once, and a third one takes its part while nobody is without for long', async () => {
    const first = replica('a', 4);
    const second = replica('b', 4);
    await watched([first, second], 15_000);
    expect(covered([first, second])).toBe(40);
    expect(second.owned().length).toBeGreaterThan(0);
    const third = replica('c', 4);
    expect(await watched([first, second, third], 20_000)).toBeLessThanOrEqual(1_000);
    expect(covered([first, second, third])).toBe(40);
    expect(third.owned().length).toBeGreaterThan(0);
    for (const key of keys)
      for (const { shards } of [first, second, third])
        expect(shards.leaseOf(key).holder).toBe(
          ['a', 'b', 'c'][[first, second, third].findIndex(({ owned }) => owned().includes(key))],
        );
  });

  it('take over what one had that was killed, one Lease duration after its last sign of life, with higher epochs', async () => {
    // The others have had its shards before, and remember their Leases as they were then.
    const others = [replica('a', 4), replica('b', 4)] as const;
    await watched(others, 15_000);
    const first = replica('c', 4);
    const replicas = [first, ...others];
    await watched(replicas, 30_000);
    const lost = first.owned();
    const before = new Map(lost.map((key) => [key, first.shards.epochOf(key) ?? 0]));
    first.cut();
    expect(await watched(replicas, 40_000)).toBeLessThanOrEqual(12_500);
    expect(covered(others)).toBe(40);
    for (const key of lost) {
      const epoch = others.map(({ shards }) => shards.epochOf(key)).find((each) => each !== undefined);
      expect(epoch).toBeGreaterThan(before.get(key) ?? 0);
    }
  });

  it('lose the signal of their own shard, and only that', async () => {
    const first = replica('a', 4);
    await watched([first], 10_000);
    const signals = keys.map((key) => [key, first.shards.signalOf(key)] as const);
    expect(new Set(signals.map(([, signal]) => signal)).size).toBe(4);
    const second = replica('b', 4);
    await watched([first, second], 15_000);
    for (const [key, signal] of signals) expect(signal?.aborted).toBe(!first.shards.owns(key));
  });

  it('finish what they do for a shard before they give it away', async () => {
    const gate = Promise.withResolvers<void>();
    const first = replica('a', 4, { beforeRelease: () => gate.promise });
    await watched([first], 10_000);
    const second = replica('b', 4);
    await watched([first, second], 15_000);
    expect([first.owned().length, second.owned()]).toEqual([40, []]);
    gate.resolve();
    await watched([first, second], 5_000);
    expect(second.owned().length).toBeGreaterThan(0);
    expect(covered([first, second])).toBe(40);
  });

  it('write no more when they cannot see any more who shares the work, although they hold their Leases', async () => {
    const first = replica('a', 4);
    await watched([first], 10_000);
    expect(first.owned()).toHaveLength(40);
    const blind = setInterval(() => cluster.faults.list.push(kubeError('Forbidden')), 500);
    await watched([first], 20_000);
    expect(first.owned()).toEqual([]);
    clearInterval(blind);
    cluster.faults.list.length = 0;
    first.events.length = 0;
    await watched([first], 10_000);
    expect(first.owned()).toHaveLength(40);
    // Whoever listens learns of it: nothing else would make it look at its keys again.
    expect(first.events.sort()).toEqual(['has 0', 'has 1', 'has 2', 'has 3']);
  });
});

describe('replicas that say different numbers of shards', () => {
  it.each([
    [1, 4],
    [4, 1],
    [4, 8],
    [8, 2],
  ])(
    '%i and %i, as in a rolling update: never write for the same key, and the new number holds once the old ones are gone',
    async (from, to) => {
      const old = [replica('old-a', from), replica('old-b', from)] as const;
      await watched(old, 15_000);
      expect(covered(old)).toBe(40);
      const epochs = keys.map((key) => Math.max(...old.map(({ shards }) => shards.epochOf(key) ?? 0)));
      const fresh = [replica('new-a', to)];
      await watched([...old, ...fresh], 15_000);
      const stopping = old[0].shards.stop();
      fresh.push(replica('new-b', to));
      await watched([...old, ...fresh], 15_000);
      await stopping;
      const last = old[1].shards.stop();
      await watched([...old, ...fresh], 45_000);
      await last;
      expect(covered(fresh)).toBe(40);
      keys.forEach((key, index) => {
        const epoch = Math.max(...fresh.map(({ shards }) => shards.epochOf(key) ?? 0));
        expect(epoch).toBeGreaterThan(epochs[index] ?? 0);
      });
    },
  );

  it('do not get in the way of each other when the old ones are cut off rather than stopped', async () => {
    const old = [replica('old-a', 4), replica('old-b', 4)] as const;
    await watched(old, 15_000);
    old[0].cut();
    const fresh = [replica('new-a', 2), replica('new-b', 2)] as const;
    await watched([...old, ...fresh], 40_000);
    old[1].cut();
    await watched([...old, ...fresh], 60_000);
    expect(covered(fresh)).toBe(40);
    old[0].heal();
    old[1].heal();
    await watched([...old, ...fresh], 20_000);
    expect(covered(fresh)).toBe(40);
  });
});
