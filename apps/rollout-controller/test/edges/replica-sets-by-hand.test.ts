import { resources } from '@sluice/kube';
import type { RawObject } from '@sluice/kube';
import type { ReplicaSet } from '@sluice/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, hashOf, liveRollout, liveServices } from '../live-world.ts';

const timeout = 240_000;
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
  await world.startController({ deferMs: 100 });
}, timeout);
afterAll(() => world.close(), timeout);

const steps = [{ setWeight: 50 }, { pause: {} }];
const label = 'rollouts-pod-template-hash';

const imageOf = (set: ReplicaSet): string => set.spec.template?.spec?.containers[0]?.image ?? '';
const hashOfSet = (set: ReplicaSet): string | undefined => set.metadata.labels?.[label];
async function setOf(name: string, image: string): Promise<ReplicaSet> {
  const found = (await world.replicaSets(name)).find((set) => imageOf(set) === image);
  if (found === undefined) throw new Error(`${name} has no ReplicaSet of ${image}`);
  return found;
}
const sizes = (name: string, wanted: string): Promise<void> =>
  world.until(`${name}: ${wanted}`, async () => (await world.sizes(name)) === wanted);
const scale = (set: ReplicaSet, replicas: number) =>
  world.patch('ReplicaSet', set.metadata.name, { spec: { replicas } });
const pods = async (app: string): Promise<readonly string[]> => {
  const { items } = await world.person.list(resources.pods, {
    namespace: world.namespace,
    labelSelector: `app=${app}`,
  });
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.uid ?? '')
    .sort();
};

/** Four pods, two of each version, at a pause. */
async function halfWay(name: string): Promise<void> {
  await world.apply(liveRollout(name, { canary: { steps } }, { replicas: 4 }));
  await world.healthy(name);
  await world.setImage(name, 'shop:2');
  await world.paused(name, 1);
  await sizes(name, 'shop:1×2 shop:2×2');
}

describe.concurrent('a ReplicaSet that somebody scales', { timeout }, () => {
  it('gets its count back, whichever version it is, and the step stays', async () => {
    const name = 'scaled';
    await halfWay(name);
    for (const image of ['shop:1', 'shop:2']) {
      for (const replicas of [0, 1, 9]) {
        await scale(await setOf(name, image), replicas);
        await sizes(name, 'shop:1×2 shop:2×2');
      }
    }
    await world.paused(name, 1);
    await world.promote(name);
    await world.healthy(name);
    await scale(await setOf(name, 'shop:1'), 3);
    await sizes(name, 'shop:2×4');
    await scale(await setOf(name, 'shop:2'), 0);
    await sizes(name, 'shop:2×4');
    await world.healthy(name);
  });

  it('gets its count back behind the Services of a blue-green Rollout as well', async () => {
    const name = 'scaled-blue';
    const blueGreen = { activeService: `${name}-active`, autoPromotionEnabled: false, scaleDownDelaySeconds: 0 };
    await world.apply(...liveServices(name, 'active'), liveRollout(name, { blueGreen }));
    await world.healthy(name);
    await world.setImage(name, 'shop:2');
    await world.paused(name);
    await scale(await setOf(name, 'shop:1'), 0);
    await sizes(name, 'shop:1×2 shop:2×2');
    await scale(await setOf(name, 'shop:2'), 5);
    await sizes(name, 'shop:1×2 shop:2×2');
    await world.paused(name);
    expect(hashOf(await world.service(`${name}-active`))).toBe((await world.rollout(name)).status?.stableRS);
  });
});

describe.concurrent('a ReplicaSet that somebody deletes', { timeout }, () => {
  it('is made again when it runs the version that is asked for, at rest and in mid-update', async () => {
    const name = 'deleted';
    await world.apply(liveRollout(name, { canary: { steps } }, { replicas: 4 }));
    await world.healthy(name);
    const first = await setOf(name, 'shop:1');
    await world.remove('ReplicaSet', first.metadata.name);
    await world.until('another one', async () => (await setOf(name, 'shop:1')).metadata.uid !== first.metadata.uid);
    await world.healthy(name);
    await sizes(name, 'shop:1×4');
    await world.setImage(name, 'shop:2');
    await world.paused(name, 1);
    const canary = await setOf(name, 'shop:2');
    await world.remove('ReplicaSet', canary.metadata.name);
    await world.until('another one', async () => (await setOf(name, 'shop:2')).metadata.uid !== canary.metadata.uid);
    await sizes(name, 'shop:1×2 shop:2×2');
    await world.promote(name);
    await world.healthy(name);
    await sizes(name, 'shop:2×4');
  });

  it('is made again when it ran the stable version of an update: the new one is not promoted for it', async () => {
    const name = 'stable-deleted';
    await halfWay(name);
    const before = await setOf(name, 'shop:1');
    await world.remove('ReplicaSet', before.metadata.name);
    await world.until('another one', async () => (await setOf(name, 'shop:1')).metadata.uid !== before.metadata.uid);
    await sizes(name, 'shop:1×2 shop:2×2');
    await world.paused(name, 1);
    const { status } = await world.rollout(name);
    expect(status?.stableRS).toBe(hashOfSet(before));
    expect(status?.currentPodHash).not.toBe(status?.stableRS);
    await world.promote(name);
    await world.healthy(name);
    await sizes(name, 'shop:2×4');
  });

  it('is not missed when it ran a version before: going back makes it anew', async () => {
    const name = 'old-deleted';
    await halfWay(name);
    await world.promote(name);
    await world.healthy(name);
    await world.remove('ReplicaSet', (await setOf(name, 'shop:1')).metadata.name);
    await world.settled(200);
    await world.healthy(name);
    await world.setImage(name, 'shop:1');
    await world.paused(name, 1);
    expect((await world.rollout(name)).metadata.annotations).toMatchObject({ 'rollout.argoproj.io/revision': '3' });
  });
});

describe.concurrent('a ReplicaSet that somebody edits', { timeout }, () => {
  it('stays the version that it is by its hash: nothing is rolled out for it', async () => {
    const name = 'edited';
    await world.apply(liveRollout(name, { canary: { steps } }));
    await world.healthy(name);
    const set = await setOf(name, 'shop:1');
    const env = [{ name: 'DEBUG', value: 'yes' }];
    await world.patch('ReplicaSet', set.metadata.name, {
      spec: { template: { spec: { containers: [{ name: 'main', image: 'shop:1', env }] } } },
    });
    await world.settled(200);
    await world.healthy(name);
    expect(await world.replicaSets(name)).toHaveLength(1);
    await world.setImage(name, 'shop:2');
    await world.paused(name, 1);
    await world.setImage(name, 'shop:1');
    await world.healthy(name);
    await sizes(name, 'shop:1×2');
    expect(await world.replicaSets(name)).toHaveLength(2);
  });

  it('gets back its revision, its count asked for and the annotations of the Rollout', async () => {
    const name = 'unannotated';
    const rollout = liveRollout(name, { canary: {} });
    await world.apply({ ...rollout, metadata: { ...rollout.metadata, annotations: { team: 'shop' } } });
    await world.healthy(name);
    const set = await setOf(name, 'shop:1');
    const expected = { 'rollout.argoproj.io/revision': '1', 'rollout.argoproj.io/desired-replicas': '2', team: 'shop' };
    expect(set.metadata.annotations).toMatchObject(expected);
    await world.patch('ReplicaSet', set.metadata.name, { metadata: { annotations: null } });
    await world.until('its annotations', async () => {
      const { metadata } = await setOf(name, 'shop:1');
      return Object.entries(expected).every(([key, value]) => metadata.annotations?.[key] === value);
    });
    await world.healthy(name);
  });

  it('and loses its hash label is left alone, and another one does its work', async () => {
    const name = 'unlabelled';
    await world.apply(liveRollout(name, { canary: {} }));
    await world.healthy(name);
    const set = await setOf(name, 'shop:1');
    await world.patch('ReplicaSet', set.metadata.name, { metadata: { labels: { [label]: null } } });
    await world.settled(400);
    const { status } = await world.rollout(name);
    expect(status?.phase).toBe('Healthy');
    expect(status?.availableReplicas).toBe(2);
  });
});

describe.concurrent('a ReplicaSet without an owner', { timeout }, () => {
  const orphan = (name: string, set: ReplicaSet, uid: string): RawObject => ({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: `${name}-${uid}`, labels: { app: name, [label]: uid } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name, [label]: uid } },
      template: { ...set.spec.template, metadata: { labels: { app: name, [label]: uid } } },
    },
  });

  it('that matches the selector is taken in, and goes when it runs no version that is needed', async () => {
    const name = 'adopter';
    await world.apply(liveRollout(name, { canary: {} }));
    await world.healthy(name);
    const set = await setOf(name, 'shop:1');
    const other = structuredClone(orphan(name, set, 'other')) as RawObject;
    other['spec'].template.spec.containers[0].image = 'shop:0';
    await world.apply(other);
    await world.until('its owner', async () => (await world.replicaSets(name)).length === 2);
    await sizes(name, 'shop:1×2');
    await world.healthy(name);
  });

  it('that was let go of by hand is taken in again with its pods', async () => {
    const name = 'let-go';
    await halfWay(name);
    const before = await pods(name);
    for (const image of ['shop:1', 'shop:2']) {
      const set = await setOf(name, image);
      await world.patch('ReplicaSet', set.metadata.name, { metadata: { ownerReferences: null } });
      await world.until('its owner', async () => (await world.replicaSets(name)).length === 2);
    }
    await world.settled(200);
    expect(await pods(name)).toEqual(before);
    await world.paused(name, 1);
  });
});

describe.concurrent('a ReplicaSet of somebody else', { timeout }, () => {
  it('that has the name is left alone, and the Rollout takes another name', async () => {
    const name = 'named';
    await world.apply(liveRollout(name, { canary: { steps } }));
    await world.healthy(name);
    await world.setImage(name, 'shop:2');
    await world.paused(name, 1);
    const canary = await setOf(name, 'shop:2');
    const rollout = await world.rollout(name);
    await world.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${name}-owner` } });
    const { metadata } = await world.person.get(resources.configMaps, {
      namespace: world.namespace,
      name: `${name}-owner`,
    });
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: `${name}-owner`, uid: metadata.uid, controller: true };
    await world.patch('ReplicaSet', canary.metadata.name, { metadata: { ownerReferences: [owner] } });
    await world.until('another one', async () => (await setOf(name, 'shop:2')).metadata.name !== canary.metadata.name);
    await world.paused(name, 1);
    const after = await world.rollout(name);
    expect(after.status?.collisionCount).toBe((rollout.status?.collisionCount ?? 0) + 1);
    const foreign = await world.person.get<ReplicaSet>(resources.replicaSets, {
      namespace: world.namespace,
      name: canary.metadata.name,
    });
    expect(foreign.spec.replicas).toBe(canary.spec.replicas);
    expect(foreign.metadata.annotations).toEqual(canary.metadata.annotations);
    await world.promote(name);
    await world.healthy(name);
  });

  it('that matches the selector and belongs to another Rollout is not counted', async () => {
    const spec = (image: string) => ({
      selector: { matchLabels: { app: 'twins' } },
      template: { metadata: { labels: { app: 'twins' } }, spec: { containers: [{ name: 'main', image }] } },
    });
    await world.apply(
      liveRollout('twin-one', { canary: { steps } }, spec('shop:1')),
      liveRollout('twin-two', { canary: { steps } }, spec('shop:1')),
    );
    await world.healthy('twin-one');
    await world.healthy('twin-two');
    await world.setImage('twin-one', 'shop:2');
    await world.paused('twin-one', 1);
    await world.abort('twin-one');
    await world.degraded('twin-one');
    await sizes('twin-one', 'shop:1×2');
    expect(await world.sizes('twin-two')).toBe('shop:1×2');
    expect((await world.rollout('twin-two')).status).toMatchObject({ phase: 'Healthy', replicas: 2 });
  });
});
