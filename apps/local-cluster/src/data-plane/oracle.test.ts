import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { expectNoAvoidableFailures } from './expectation.ts';
import type { LoadResult } from './load/load.ts';
import { runLoad } from './load/load.ts';
import type { TrafficWorld } from './testing.ts';
import { canaryAnnotations, get, ingressTo, trafficWorld } from './testing.ts';

// Real sockets on a machine that others use too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let world: TrafficWorld;
beforeEach(async () => {
  world = await trafficWorld();
  world.rollout('shop', { one: { image: 'shop:1', replicas: 2 }, two: { image: 'shop:2', replicas: 2 } });
  world.services('shop', 'one', 'two');
  world.create('ingresses', 'shop', ingressTo('shop-stable'));
  world.create('ingresses', 'shop-canary', ingressTo('shop-canary'), canaryAnnotations(50));
  await world.readyEndpoints('shop-stable', 2);
  await world.readyEndpoints('shop-canary', 2);
});
afterEach(() => world.cluster.stop());

const setWeight = (weight: number) =>
  world.edit('ingresses', 'shop-canary', (o) => Object.assign(o.metadata, canaryAnnotations(weight)));

/** Requests go on, through every entrance of the Rollout, while `change` happens. */
async function during(change: () => Promise<void>): Promise<LoadResult> {
  const stop = new AbortController();
  const targets = world.plane.entrances('default/shop');
  const load = runLoad({ url: world.plane.url, targets, ratePerSecond: 200, durationMs: 60_000, signal: stop.signal });
  const before = world.plane.report().totals.requests;
  try {
    await change();
    await until(() => world.plane.report().totals.requests > before + 50);
  } finally {
    stop.abort();
  }
  return load;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('under continuous traffic', () => {
  it('weight before pods: nothing fails', async () => {
    const { sent, byStatus } = await during(async () => {
      setWeight(0);
      world.scale('shop-two', 0);
      await world.readyEndpoints('shop-canary', 0);
      world.scale('shop-two', 2);
      await world.readyEndpoints('shop-canary', 2);
      setWeight(100);
      world.scale('shop-one', 0);
      await world.readyEndpoints('shop-stable', 0);
    });
    expect(byStatus).toEqual({ 200: sent });
    expect(await expectNoAvoidableFailures(world.plane, { atLeast: 50 })).toMatchObject({
      answered: sent,
      failed: 0,
      byVia: { ingress: sent },
    });
  });

  it('pods before weight: the oracle says what was done when, and who could have answered', async () => {
    await during(async () => {
      world.scale('shop-two', 0);
      await world.readyEndpoints('shop-canary', 0);
    });
    await expect(expectNoAvoidableFailures(world.plane)).rejects.toThrow(
      /\d+ of \d+ requests were sent to nobody while another version had ready pods:\n {2}\S+Z GET http:\/\/shop\.example\.com\/ by Ingress default\/shop shop\.example\.com\/ to default\/shop-canary: no-ready-pods \(pods there: 0 not ready, \d terminating; ready elsewhere: 2 of 1 \(one\)\)/,
    );
    expect(world.plane.split('default/shop', 60)?.avoidable).toBeGreaterThan(0);
  });

  it('a selector before its pods: the oracle notices that too', async () => {
    await during(async () => {
      world.replicaSet(world.get('rollouts', 'shop')!, 'three', { image: 'shop:3-does-not-exist', replicas: 1 });
      world.edit('services', 'shop-stable', (o) => {
        o.spec.selector = { app: 'shop', 'rollouts-pod-template-hash': 'three' };
      });
      await world.readyEndpoints('shop-stable', 0);
    });
    await expect(expectNoAvoidableFailures(world.plane.statusUrl)).rejects.toThrow(/pods there: 1 not ready/);
  });

  it('pods that crash where no other version is: nobody could have avoided it', async () => {
    setWeight(0);
    world.scale('shop-two', 0);
    await world.readyEndpoints('shop-canary', 0);
    const { byStatus } = await during(async () => {
      for (const pod of world.list('pods')) world.cluster.workloads?.podControls.crash('default', pod.metadata.name);
      await world.readyEndpoints('shop-stable', 0);
    });
    expect(byStatus[503]).toBeGreaterThan(0);
    expect(await expectNoAvoidableFailures(world.plane)).toMatchObject({ avoidable: 0 });
  });

  it('pods that go while others of their version stay: nothing fails', async () => {
    const { sent, byStatus } = await during(async () => {
      for (const count of [8, 1, 6, 2, 5, 1]) {
        world.scale('shop-one', count);
        await world.readyEndpoints('shop-stable', count);
      }
    });
    expect(world.plane.report().failures.otherRequests).toEqual([]);
    expect(byStatus).toEqual({ 200: sent });
  });
});

it('Too few requests prove nothing', async () => {
  await get(world.plane.url, 'shop.example.com');
  await expect(expectNoAvoidableFailures(world.plane, { atLeast: 200 })).rejects.toThrow(
    'only 1 requests went through the data plane: at least 200 are needed to say anything',
  );
});
