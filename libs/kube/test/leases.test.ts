import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLeaderElection, createShards, leaseName, observeForeignLease } from '../src/index.ts';
import type { ForeignLease, LeaderElectionOptions } from '../src/index.ts';
import { createFakeCluster, kubeError } from './fake-cluster.ts';
import type { FakeCluster } from './fake-cluster.ts';

let cluster: FakeCluster;
let running: { stop(): Promise<void> }[];

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

function candidate(identity: string, options: Partial<LeaderElectionOptions> = {}) {
  const trace: string[] = [];
  const election = createLeaderElection({
    client: cluster.client,
    namespace: 'sluice-system',
    name: 'sluice-rollout-controller-0',
    identity,
    random: () => 0.5,
    onAcquired: ({ epoch, signal }) => {
      trace.push(`leads ${epoch}`);
      signal.addEventListener('abort', () => trace.push('signal'));
    },
    onLost: (why) => trace.push(why),
    ...options,
  });
  running.push(election);
  election.start();
  return { election, trace };
}

const lease = () => cluster.object('sluice-system/sluice-rollout-controller-0');

function editLease(change: object): void {
  const current = lease();
  cluster.put(
    'sluice-rollout-controller-0',
    { spec: { ...(current?.['spec'] as object), ...change } },
    'sluice-system',
  );
}

/** All calls of one replica fail from now on. */
function cutOff(): LeaderElectionOptions['client'] & { heal(): void; cut(): void } {
  let down = false;
  const guarded = (<F extends (...args: never[]) => unknown>(call: F) =>
    ((...args: Parameters<F>) => (down ? Promise.reject(kubeError('Network')) : call(...args))) as F) as <F>(
    call: F,
  ) => F;
  const { get, find, create, replace } = cluster.client;
  return {
    get: guarded(get),
    find: guarded(find),
    create: guarded(create),
    replace: guarded(replace),
    cut: () => void (down = true),
    heal: () => void (down = false),
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  cluster = createFakeCluster();
  running = [];
});
afterEach(async () => {
  const stopping = Promise.all(running.map((part) => part.stop()));
  await settle(20_000);
  await stopping;
  vi.useRealTimers();
});

describe('leader election', () => {
  it('takes a lease that nobody has made yet and keeps renewing it', async () => {
    const { election, trace } = candidate('a');
    await settle();
    expect([election.isLeader(), election.epoch, election.holder]).toEqual([true, 1, 'a']);
    expect(lease()?.['spec']).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 1 });
    expect(String((lease()?.['spec'] as { renewTime: string }).renewTime)).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
    );
    await settle(120_000);
    expect(election.isLeader()).toBe(true);
    expect(trace).toEqual(['leads 1']);
  });

  it('has one leader; the other takes over once the lease has run out, with a higher epoch', async () => {
    const client = cutOff();
    const first = candidate('a', { client });
    await settle();
    const second = candidate('b');
    await settle(60_000);
    expect(second.election.isLeader()).toBe(false);
    client.cut();
    let overlap = false;
    for (let ms = 0; ms < 30_000; ms += 100) {
      await settle(100);
      overlap ||= first.election.isLeader() && second.election.isLeader();
    }
    expect(overlap).toBe(false);
    expect(first.trace).toEqual(['leads 1', 'signal', 'not renewed']);
    expect(second.trace).toEqual(['leads 2']);
    expect([first.election.epoch, second.election.epoch]).toEqual([undefined, 2]);
    client.heal();
    await settle(30_000);
    expect(first.election.isLeader()).toBe(false);
    expect(first.election.holder).toBe('b');
  });

  it('stops 5 seconds before others may take over when it cannot renew', async () => {
    const client = cutOff();
    const { election } = candidate('a', { client });
    await settle();
    client.cut();
    await settle(9_900);
    expect(election.isLeader()).toBe(true);
    await settle(200);
    expect(election.isLeader()).toBe(false);
  });

  it('is no leader for a program that was frozen past the deadline, before any timer has run', async () => {
    const { election } = candidate('a');
    await settle();
    vi.setSystemTime(Date.now());
    const frozen = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 10_001);
    expect(election.isLeader()).toBe(false);
    expect(election.epoch).toBeUndefined();
    frozen.mockRestore();
  });

  it('survives short trouble', async () => {
    const { election, trace } = candidate('a');
    await settle();
    cluster.faults.write.push(kubeError('Unavailable'), kubeError('Timeout'), kubeError('Conflict'));
    await settle(30_000);
    expect(election.isLeader()).toBe(true);
    expect(trace).toEqual(['leads 1']);
  });

  it('keeps leading when somebody edits the lease without taking it', async () => {
    const { election, trace } = candidate('a');
    await settle();
    editLease({});
    await settle(10_000);
    expect(election.isLeader()).toBe(true);
    expect(trace).toEqual(['leads 1']);
  });

  it('stops at once when it sees that another holds the lease', async () => {
    const { election, trace } = candidate('a');
    await settle();
    editLease({ holderIdentity: 'b', leaseTransitions: 2 });
    await settle(2_500);
    expect(election.isLeader()).toBe(false);
    expect(trace).toEqual(['leads 1', 'signal', 'superseded']);
  });

  it('goes on with a higher epoch when the lease was deleted', async () => {
    const { trace } = candidate('a');
    await settle();
    cluster.remove('sluice-rollout-controller-0', 'sluice-system');
    await settle(10_000);
    expect(trace).toEqual(['leads 1', 'signal', 'superseded', 'leads 2']);
  });

  it('gives the lease back when it stops, so that the next one leads within a retry', async () => {
    const first = candidate('a');
    await settle();
    const second = candidate('b');
    await settle(10_000);
    await first.election.stop();
    expect(first.trace).toEqual(['leads 1', 'signal', 'released']);
    expect(lease()?.['spec']).toMatchObject({ holderIdentity: '' });
    await settle(2_500);
    expect(second.trace).toEqual(['leads 2']);
  });

  it('gives the lease back even when stopping cut off a renewal that had been stored', async () => {
    const { election } = candidate('a');
    await settle();
    editLease({});
    await election.stop();
    expect(lease()?.['spec']).toMatchObject({ holderIdentity: '' });
  });

  it('refuses times that would let two lead', () => {
    expect(() => candidate('a', { renewDeadlineMs: 20_000 })).toThrow('must hold');
  });
});

describe('shards', () => {
  it('are one lease today, named after the service and the instance', async () => {
    expect(leaseName('analysis-runner', 3)).toBe('sluice-analysis-runner-3');
    const shards = createShards({
      client: cluster.client,
      namespace: 'sluice-system',
      service: 'rollout-controller',
      instanceId: 'blue',
      identity: 'a',
    });
    running.push(shards);
    expect([shards.owns('x/y'), shards.epochOf('x/y')]).toEqual([false, undefined]);
    shards.start();
    await settle();
    expect([shards.owns('x/y'), shards.epochOf('x/y')]).toEqual([true, 1]);
    expect(shards.describe()).toEqual([{ lease: 'sluice-rollout-controller-blue-0', holder: 'a', mine: true }]);
  });
});

describe("another controller's lease", () => {
  let foreign: ForeignLease;
  let states: string[];

  async function observe(): Promise<void> {
    states = [];
    foreign = observeForeignLease({
      client: cluster.client,
      namespace: 'argo-rollouts',
      name: 'argo-rollouts-controller-lock',
      onChange: (state) => void states.push(state),
    });
    running.push(foreign);
    expect([foreign.state, foreign.isFree]).toEqual(['unknown', false]);
    foreign.start();
    await settle();
  }

  const renew = (holderIdentity: string, renewTime: string): void =>
    void cluster.put(
      'argo-rollouts-controller-lock',
      { spec: { holderIdentity, renewTime, leaseDurationSeconds: 15 } },
      'argo-rollouts',
    );

  it('is absent where there is none, and free', async () => {
    await observe();
    expect([foreign.state, foreign.isFree]).toEqual(['absent', true]);
  });

  it('is live while its renewTime keeps changing, however wrong its clock is', async () => {
    renew('them', '1999-01-01T00:00:00.000000Z');
    await observe();
    for (let second = 1; second < 60; second += 2) {
      renew('them', `1999-01-01T00:00:${String(second).padStart(2, '0')}.000000Z`);
      await settle(2_000);
      expect([foreign.state, foreign.isFree, foreign.holder]).toEqual(['live', false, 'them']);
    }
    expect(states).toEqual(['live']);
  });

  it('counts as live for one duration when first seen, and as expired when nobody renewed it', async () => {
    renew('them', '2099-01-01T00:00:00.000000Z');
    await observe();
    await settle(14_000);
    expect(foreign.state).toBe('live');
    await settle(4_000);
    expect([foreign.state, foreign.isFree]).toEqual(['expired', true]);
    renew('them', '2099-01-01T00:00:20.000000Z');
    await settle(3_000);
    expect(states).toEqual(['live', 'expired', 'live']);
  });

  it('counts for a minute at most after a renewal, whatever duration it states', async () => {
    cluster.put(
      'argo-rollouts-controller-lock',
      {
        spec: { holderIdentity: 'tenant', renewTime: '2099-01-01T00:00:00.000000Z', leaseDurationSeconds: 31_536_000 },
      },
      'argo-rollouts',
    );
    await observe();
    await settle(57_000);
    expect(foreign.state).toBe('live');
    await settle(6_000);
    expect([foreign.state, foreign.isFree]).toEqual(['expired', true]);
  });

  it('is free once released', async () => {
    renew('', '2026-01-01T00:00:00.000000Z');
    await observe();
    expect([foreign.state, foreign.isFree]).toEqual(['released', true]);
  });

  it('is unknown, so not free, when it has not been readable for a whole duration', async () => {
    await observe();
    for (let count = 0; count < 20; count += 1) cluster.faults.list.push(kubeError('Forbidden'));
    await settle(20_000);
    expect([foreign.state, foreign.isFree]).toEqual(['unknown', false]);
  });
});
