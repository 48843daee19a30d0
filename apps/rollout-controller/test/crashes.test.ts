import type { RawObject } from '@sluice/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, hashOf, liveRollout, liveServices } from './live-world.ts';
import { mortalClient } from '@sluice/local-cluster/testing';

const timeout = 240_000;
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
}, timeout);
afterAll(() => world.close(), timeout);

/**
 * Plays the story once for each write of the controller, which dies right after that write without learning of it; another one goes on.
 * Ends with the first death that comes too late to happen. Returns how many deaths there were.
 */
async function playThroughDeaths(prefix: string, story: (name: string) => Promise<void>): Promise<number> {
  for (let deaths = 0; ; deaths++) {
    const client = mortalClient(await world.client(), deaths + 1);
    const first = await world.startController({ client, deferMs: 50 });
    const successor = client.died.then(async () => {
      await first.stop();
      return await world.startController({ deferMs: 50 });
    });
    await story(`${prefix}-${deaths}`);
    await world.settled();
    if (!client.isDead) {
      await first.stop();
      return deaths;
    }
    await (await successor).stop();
  }
}

async function isDone(name: string, services: Readonly<Record<string, 'stable' | 'current'>>): Promise<void> {
  // Counters may be stored a second late.
  await world.status(
    name,
    'its counters',
    ({ replicas, availableReplicas }) => replicas === 2 && availableReplicas === 2,
  );
  const { status, metadata } = await world.rollout(name);
  expect(await world.sizes(name)).toBe('shop:2×2');
  expect(await world.replicaSets(name)).toHaveLength(2);
  expect(status).toMatchObject({ phase: 'Healthy', stableRS: status?.currentPodHash });
  expect(metadata.annotations).toMatchObject({ 'rollout.argoproj.io/revision': '2' });
  for (const [service, version] of Object.entries(services))
    expect(hashOf(await world.service(service))).toBe(version === 'stable' ? status?.stableRS : status?.currentPodHash);
}

describe('a controller that dies after any of its writes', { timeout }, () => {
  it('leaves a canary that its successor brings to the same end', async () => {
    const deaths = await playThroughDeaths('canary', async (name) => {
      const steps = [{ setWeight: 50 }, { pause: {} }];
      const canary = { stableService: `${name}-stable`, canaryService: `${name}-canary`, steps };
      await world.apply(...liveServices(name, 'stable', 'canary'), liveRollout(name, { canary }));
      await world.healthy(name);
      await world.setImage(name, 'shop:2');
      await world.paused(name, 1);
      await world.promote(name);
      await world.healthy(name);
      await isDone(name, { [`${name}-stable`]: 'stable', [`${name}-canary`]: 'current' });
    });
    expect(deaths).toBeGreaterThan(8);
  });

  it('leaves a blue-green Rollout that its successor brings to the same end', async () => {
    const deaths = await playThroughDeaths('blue-green', async (name) => {
      const blueGreen = {
        activeService: `${name}-active`,
        previewService: `${name}-preview`,
        scaleDownDelaySeconds: 1,
      };
      await world.apply(...liveServices(name, 'active', 'preview'), liveRollout(name, { blueGreen }));
      await world.healthy(name);
      await world.setImage(name, 'shop:2');
      await world.healthy(name);
      await world.until('the old version to go', async () => (await world.sizes(name)) === 'shop:2×2');
      await isDone(name, { [`${name}-active`]: 'current', [`${name}-preview`]: 'current' });
    });
    expect(deaths).toBeGreaterThan(8);
  });

  it('leaves an aborted canary that its successor takes back', async () => {
    const steps = [{ setWeight: 50 }, { pause: {} }];
    const deaths = await playThroughDeaths('abort', async (name) => {
      await world.apply(liveRollout(name, { canary: { steps } }) satisfies RawObject);
      await world.healthy(name);
      await world.setImage(name, 'shop:2');
      await world.paused(name, 1);
      await world.abort(name);
      await world.degraded(name);
      await world.until('the old version alone', async () => (await world.sizes(name)) === 'shop:1×2');
    });
    expect(deaths).toBeGreaterThan(6);
  });
});
