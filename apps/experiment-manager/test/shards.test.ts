import { resources, shardOf } from '@sluice/kube';
import type { Experiment } from '@sluice/model';
import { createExperimentPeer } from '@sluice/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LiveWorld, liveExperiment } from './live-world.ts';

const timeout = 240_000;
const shards = 4;
const names = Array.from({ length: 8 }, (_, index) => `compare-${index}`);
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
}, timeout);
afterAll(() => world.close(), timeout);

it(
  'two managers share Experiments: each is looked after by one, and any of the two answers calls about it',
  { timeout },
  async () => {
    const lease = { leaderElect: true, leaseDurationMs: 30_000, renewDeadlineMs: 20_000, retryPeriodMs: 200, shards };
    const managers = await Promise.all(
      ['manager-1', 'manager-2'].map(async (user) =>
        world.startManager({ ...lease, identity: user, client: await world.client(user) }),
      ),
    );
    const ownerOf = (name: string): number =>
      managers.findIndex(({ authority }) => authority.standing(`shop/${name}`) === 'in charge');
    await world.until('both to have a part', () => {
      const held = managers.map(({ authority }) => authority.describe().leases.filter(({ mine }) => mine).length);
      return held.every((count) => count > 0) && held.reduce((sum, count) => sum + count, 0) === shards;
    });

    const peers = managers.map(({ address }) => createExperimentPeer({ address }));
    const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: { name: 'web' }, spec: {} };
    await world.apply(rollout);
    const { uid: rolloutUid } = (await world.person.get(resources.rollouts, { namespace: 'shop', name: 'web' }))
      .metadata;
    const owner = { apiVersion: rollout.apiVersion, kind: 'Rollout', name: 'web', uid: rolloutUid, controller: true };
    for (const [index, name] of names.entries()) {
      const wanted = liveExperiment(name, {}, { namespace: 'shop', ownerReferences: [owner] }) as unknown as Experiment;
      for (const peer of [peers[index % 2], peers[(index + 1) % 2]])
        await peer?.ensure(wanted, { idempotencyKey: name });
    }
    await Promise.all(names.map((name) => world.phase(name, 'Running')));
    for (const [index, name] of names.entries()) {
      const { uid = '' } = (await world.experiment(name)).metadata;
      await peers[index % 2]?.terminate({ namespace: 'shop', name, uid });
    }
    await Promise.all(names.map((name) => world.phase(name, 'Successful')));
    for (const peer of peers) peer.close();

    for (const name of names) {
      const lookedAfterBy = `manager-${ownerOf(name) + 1}`;
      expect(managers[0]?.authority.leaseOf(`shop/${name}`)).toMatchObject({
        lease: `sluice-experiment-manager-${shardOf(`shop/${name}`, shards)}`,
        holder: lookedAfterBy,
      });
      const writers = world.cluster.audit
        .writes()
        .filter(({ name: written, resource }) => written.startsWith(`${name}-`) && resource === 'replicasets')
        .map(({ user }) => user)
        .filter((user) => user.startsWith('manager-'));
      expect([...new Set(writers)]).toEqual([lookedAfterBy]);
    }
    expect(new Set(names.map(ownerOf)).size).toBe(2);
    expect(await world.person.list(resources.experiments, { namespace: 'shop' })).toHaveProperty('items.length', 8);
  },
);
