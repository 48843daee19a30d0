import { createClient } from '@sluice/kube';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startDataPlane } from '../start.ts';
import type { DataPlane } from '../start.ts';
import type { TrafficWorld } from '../testing.ts';
import { about, canaryAnnotations, get, ingressTo, tally, trafficWorld } from '../testing.ts';
import { createClusterObjects } from './cluster-objects.ts';
import { followCluster } from './follow-cluster.ts';

// A data plane that knows the cluster only by its API, as it would know a real one.
// Real sockets on a machine that others use too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let world: TrafficWorld;
let plane: DataPlane;
let end: () => Promise<void>;

beforeEach(async () => {
  world = await trafficWorld();
  const directory = mkdtempSync(path.join(tmpdir(), 'data-plane-'));
  const kubeconfig = path.join(directory, 'kubeconfig');
  world.cluster.writeKubeconfig(kubeconfig);
  const client = await createClient({ kubeconfig });
  const objects = createClusterObjects();
  const following = followCluster(client, objects);
  await following.whenSynced();
  plane = await startDataPlane(objects, Date.now);
  end = async () => {
    await plane.stop();
    await following.stop();
    await client.close();
    rmSync(directory, { recursive: true });
  };
});
afterEach(async () => {
  await end();
  await world.cluster.stop();
});

it('A data plane over the API sends requests where routes, Services and pods say, and follows them', async () => {
  world.rollout('shop', { one: { image: 'shop:1', replicas: 2 }, two: { image: 'shop:2', replicas: 1 } });
  world.services('shop', 'one', 'two');
  world.create('ingresses', 'shop', ingressTo('shop-stable'));
  world.create('ingresses', 'shop-canary', ingressTo('shop-canary'), canaryAnnotations(25));
  const ask = () => get(plane.url, 'shop.example.com');
  await vi.waitFor(async () => expect((await tally(12, ask))['503']).toBeUndefined(), { timeout: 60_000 });
  expect(await tally(40, ask)).toEqual({ 1: about(30), 2: about(10) });
  world.edit('ingresses', 'shop-canary', (o) => Object.assign(o.metadata, canaryAnnotations(100)));
  await vi.waitFor(async () => expect(await tally(3, ask)).toEqual({ 2: 3 }), { timeout: 60_000 });
  expect(plane.split('default/shop', 60)).toMatchObject({
    rollout: 'default/shop',
    versions: [
      { version: '1', role: 'stable' },
      { version: '2', role: 'canary' },
    ],
  });
});
