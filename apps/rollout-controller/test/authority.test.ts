import { setTimeout as sleep } from 'node:timers/promises';
import { resources } from '@sluice/kube';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explainRollout } from '../src/explain.ts';
import type { RolloutController } from '../src/index.ts';
import { LiveWorld, liveRollout } from './live-world.ts';
import { mortalClient } from '@sluice/local-cluster/testing';

const timeout = 240_000;
const quick = { leaderElect: true, leaseDurationMs: 6_000, renewDeadlineMs: 4_000, retryPeriodMs: 100 } as const;
let world: LiveWorld;

beforeEach(async () => {
  world = await LiveWorld.open();
}, timeout);
afterEach(() => world.close(), timeout);

const standing = ({ authority }: RolloutController) => authority.standing('shop/web');
const explain = ({ controller, authority }: RolloutController) => explainRollout(controller, authority, 'shop', 'web');

describe('of two controllers with one Lease', { timeout }, () => {
  it('one writes, the other has its caches warm and goes on when the first dies', async () => {
    const client = mortalClient(await world.client('first'));
    await world.startController({ ...quick, identity: 'one', client });
    const second = await world.startController({ ...quick, identity: 'two', client: await world.client('second') });
    await world.apply(liveRollout('web', { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } }));
    await world.healthy('web');
    expect(standing(second)).toBe('standby');
    expect(second.caches.rollouts.list()).toHaveLength(1);
    client.kill();
    await world.setImage('web', 'shop:2');
    await world.paused('web', 1);
    expect(standing(second)).toBe('in charge');
    const before = world.cluster.audit
      .writes()
      .filter(({ user, resource }) => user === 'second' && resource === 'replicasets');
    expect(before.length).toBeGreaterThan(0);
  });

  it('the other takes over at once when the first stops in good order', async () => {
    const first = await world.startController({
      ...quick,
      leaseDurationMs: 60_000,
      renewDeadlineMs: 50_000,
      identity: 'one',
    });
    const second = await world.startController({
      ...quick,
      leaseDurationMs: 60_000,
      renewDeadlineMs: 50_000,
      identity: 'two',
    });
    await world.apply(liveRollout('web', { canary: {} }));
    await world.healthy('web');
    await first.stop();
    // Far sooner than the Lease would run out.
    await world.until('the second to lead', () => standing(second) === 'in charge');
    await world.setImage('web', 'shop:2');
    await world.healthy('web');
  });

  it('neither repeats what the other has done', async () => {
    const first = await world.startController({ ...quick, identity: 'one' });
    await world.apply(liveRollout('web', { canary: {} }));
    await world.healthy('web');
    await world.settled(1_500);
    await first.stop();
    world.cluster.audit.clear();
    const second = await world.startController({ ...quick, identity: 'two' });
    await world.until('the second to lead', () => standing(second) === 'in charge');
    await world.settled(1_500);
    expect(world.writes()).toEqual([]);
  });
});

describe('beside another controller of this API', { timeout }, () => {
  const lease = (renewTime: string, holderIdentity = 'reference_1') => ({
    spec: { holderIdentity, leaseDurationSeconds: 5, acquireTime: renewTime, renewTime, leaseTransitions: 0 },
  });
  const now = () => new Date().toISOString().replace('Z', '000Z');
  const key = { namespace: 'argo-rollouts', name: 'argo-rollouts-controller-lock' };

  /** Renews the Lease until the signal, as the other controller would. */
  async function renew(signal: AbortSignal): Promise<void> {
    await world.person.create(resources.leases, { metadata: key, ...lease(now()) });
    while (!signal.aborted) {
      await sleep(200);
      await world.person.patch(resources.leases, key, 'merge', lease(now()));
    }
  }

  it('it only observes and says so, and takes over when the other is gone', async () => {
    const other = new AbortController();
    const renewing = renew(other.signal);
    await world.until('the Lease', async () => (await world.person.find(resources.leases, key)) !== undefined);
    const controller = await world.startController({
      foreignNamespaces: ['argo-rollouts', 'sluice-system'],
      foreignPollMs: 100,
    });
    await world.apply(liveRollout('web', { canary: {} }));
    await world.until('the cache', () => controller.caches.rollouts.list().length === 1);
    await world.settled(1_500);
    expect(standing(controller)).toBe('other controller');
    expect(await explain(controller)).toMatchObject({
      explanation: { code: 'OtherController', detail: expect.stringContaining('reference_1') },
      actions: [],
    });
    const all = world.cluster.audit.writes().filter(({ user }) => user === 'sluice');
    expect(all).toEqual([]);
    other.abort();
    await renewing;
    await world.healthy('web');
  });

  it('it stops writing when the other comes up later', async () => {
    const controller = await world.startController({ foreignNamespaces: ['argo-rollouts'], foreignPollMs: 50 });
    await world.apply(liveRollout('web', { canary: {} }));
    await world.healthy('web');
    const other = new AbortController();
    const renewing = renew(other.signal);
    await world.until('the other to be seen', () => standing(controller) === 'other controller');
    await world.settled();
    world.cluster.audit.clear();
    await world.setImage('web', 'shop:2');
    await world.settled(800);
    expect(world.writes()).toEqual([]);
    other.abort();
    await renewing;
    await world.healthy('web');
  });

  it('it holds when it cannot tell whether there is one', async () => {
    world.cluster.faults.add({ path: /leases/, userAgent: /sluice/, answer: { code: 403 } });
    const controller = await world.startController({ foreignNamespaces: ['argo-rollouts'], foreignPollMs: 50 });
    await world.apply(liveRollout('web', { canary: {} }));
    await world.until('the cache', () => controller.caches.rollouts.list().length === 1);
    await world.settled();
    expect(world.writes()).toEqual([]);
    expect(await explain(controller)).toMatchObject({
      explanation: { code: 'OtherController', unblock: expect.stringContaining('--foreign-lease-namespace none') },
    });
    world.cluster.faults.clear();
    await world.healthy('web');
  });
});

describe('its share of the Rollouts', { timeout }, () => {
  const labelled = (name: string, id: string) => {
    const rollout = liveRollout(name, { canary: {} });
    const labels = { 'argo-rollouts.argoproj.io/controller-instance-id': id };
    return { ...rollout, metadata: { ...rollout.metadata, labels } };
  };

  it('are those with its instance id, or those without any', async () => {
    await world.startController();
    await world.apply(labelled('theirs', 'blue'), liveRollout('ours', { canary: {} }));
    await world.healthy('ours');
    expect((await world.rollout('theirs')).status).toBeUndefined();
    await world.startController({ instanceId: 'blue' });
    await world.healthy('theirs');
  });

  it('does not say that a Rollout was deleted which went to another instance', async () => {
    await world.startController();
    await world.apply(liveRollout('moved', { canary: {} }), liveRollout('deleted', { canary: {} }));
    await world.healthy('moved');
    await world.healthy('deleted');
    await world.patch('Rollout', 'moved', {
      metadata: { labels: { 'argo-rollouts.argoproj.io/controller-instance-id': 'blue' } },
    });
    await world.settled();
    await world.remove('Rollout', 'deleted');
    await world.until('the event', async () => (await world.eventReasons('deleted')).includes('RolloutDeleted'));
    expect(await world.eventReasons('moved')).not.toContain('RolloutDeleted');
  });

  it('are those in its namespaces', async () => {
    await world.person.create(resources.namespaces, { metadata: { name: 'elsewhere' } });
    const controller = await world.startController({ namespaces: [world.namespace] });
    const { metadata, ...rest } = liveRollout('far', { canary: {} });
    await world.person.create(resources.rollouts, { ...rest, metadata: { ...metadata, namespace: 'elsewhere' } });
    await world.apply(liveRollout('near', { canary: {} }));
    await world.healthy('near');
    expect(controller.caches.rollouts.list()).toHaveLength(1);
  });
});
