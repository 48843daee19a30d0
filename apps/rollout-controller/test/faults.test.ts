import { setTimeout as sleep } from 'node:timers/promises';
import type { ReflectorTimings } from '@sluice/kube';
import type { Fault } from '@sluice/local-cluster';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RolloutController } from '../src/index.ts';
import { LiveWorld, hashOf, liveRollout, liveServices } from './live-world.ts';

const timeout = 240_000;
const ours = /sluice/;
// As in production, only sooner: a dead watch is noticed after its time and this silence.
const watchTimings: ReflectorTimings = { watchSeconds: 2, idleGraceMs: 500, minBackoffMs: 20, maxBackoffMs: 200 };

let world: LiveWorld;
let controller: RolloutController;
let serial = 0;

beforeAll(async () => {
  world = await LiveWorld.open();
}, timeout);
beforeEach(async () => {
  controller = await world.startController({ watchTimings, deferMs: 100 });
}, timeout);
afterEach(async () => {
  world.cluster.faults.clear();
  await controller.stop();
}, timeout);
afterAll(() => world.close(), timeout);

/** A whole canary, from the first deploy over a pause to the end; `trouble` begins when the update does. */
async function playCanary(trouble: () => Promise<void> | void = () => undefined): Promise<string> {
  const name = `canary-${serial++}`;
  const steps = [{ setWeight: 50 }, { pause: {} }];
  const canary = { stableService: `${name}-stable`, canaryService: `${name}-canary`, steps };
  await world.apply(...liveServices(name, 'stable', 'canary'), liveRollout(name, { canary }));
  await world.healthy(name);
  await trouble();
  await world.setImage(name, 'shop:2');
  await world.paused(name, 1);
  await world.promote(name);
  await world.healthy(name);
  const { status } = await world.rollout(name);
  await world.until('one version', async () => (await world.sizes(name)) === 'shop:2×2');
  await world.until('its Services', async () => {
    const [stable, canaryHash] = [await world.service(`${name}-stable`), await world.service(`${name}-canary`)].map(
      hashOf,
    );
    return stable === status?.currentPodHash && canaryHash === status?.currentPodHash;
  });
  expect(await world.replicaSets(name)).toHaveLength(2);
  return name;
}

describe('a canary comes to its end', { timeout }, () => {
  const faults: Readonly<Record<string, Fault>> = {
    'though half of its writes meet a conflict': {
      method: 'PATCH',
      probability: 0.5,
      userAgent: ours,
      answer: { code: 409 },
    },
    'though the server fails now and then': { probability: 0.3, userAgent: ours, answer: { code: 500 } },
    'though the server is overloaded': { times: 10, userAgent: ours, answer: { code: 429, retryAfterSeconds: 0 } },
    'though connections break before an answer': { probability: 0.2, userAgent: ours, reset: true },
    'though answers to writes that were carried out are lost': {
      method: 'PATCH',
      probability: 0.3,
      userAgent: ours,
      reset: true,
      perform: true,
    },
    'though creations are carried out and answered with an error': {
      method: 'POST',
      path: /replicasets/,
      times: 2,
      userAgent: ours,
      perform: true,
      answer: { code: 500 },
    },
    'though every call is slow': { delayMs: 30, userAgent: ours },
    'though watches tell everything late': { watch: 'slow', delayMs: 300, userAgent: ours },
    'though watches break after each event': { watch: 'drop', userAgent: ours },
  };
  it.each(Object.entries(faults))('%s', async (_title, fault) => {
    await playCanary(() => void world.cluster.faults.add(fault));
  });

  it('though watches are open and silent', async () => {
    await playCanary(() => void world.cluster.faults.add({ watch: 'silent', userAgent: ours }));
  });

  it('though watches are broken off again and again', async () => {
    const stopper = new AbortController();
    const breaking = (async () => {
      while (!stopper.signal.aborted) {
        world.cluster.faults.dropWatches();
        await sleep(40);
      }
    })();
    await playCanary();
    stopper.abort();
    await breaking;
  });

  it('though the history that watches go on from is gone', async () => {
    await playCanary(() => {
      world.cluster.faults.compact();
      world.cluster.faults.expireWatches();
    });
  });

  it('though the API server restarts in the middle', async () => {
    await playCanary(() => world.cluster.restart({ downMs: 300 }));
  });

  it('though the API server comes back without its data, once people have applied it again', async () => {
    await playCanary();
    await world.cluster.restart({ keepData: false, downMs: 100 });
    await world.furnish();
    await playCanary();
    const { items } = await world.person.list({ ...rollouts }, { namespace: world.namespace });
    expect(items).toHaveLength(1);
    expect(controller.caches.rollouts.list()).toHaveLength(1);
  });
});

const rollouts = { group: 'argoproj.io', version: 'v1alpha1', plural: 'rollouts', kind: 'Rollout', namespaced: true };
