import { resources } from '@sluice/kube';
import type { ReplicaSet } from '@sluice/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, liveRollout, liveServices } from '../live-world.ts';

const timeout = 240_000;
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
  await world.startController({ deferMs: 100 });
}, timeout);
afterAll(() => world.close(), timeout);

const steps = [{ setWeight: 50 }, { pause: {} }];
const livePods = async (app: string) => {
  const { items } = await world.person.list(resources.pods, {
    namespace: world.namespace,
    labelSelector: `app=${app}`,
  });
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
};
const uids = async (app: string): Promise<readonly string[]> =>
  (await livePods(app)).map(({ metadata }) => metadata.uid ?? '').sort();

/** What the pods wear, e.g. `role=canary,note=-` each, in order. */
async function worn(app: string): Promise<string> {
  const texts = (await livePods(app)).map(
    ({ metadata: { labels = {}, annotations = {} } }) => `${labels['role'] ?? '-'}/${annotations['note'] ?? '-'}`,
  );
  return texts.sort().join(' ');
}
const wear = (app: string, wanted: string): Promise<void> =>
  world.until(`${app}: pods with ${wanted}`, async () => (await worn(app)) === wanted);
const canary = (name: string, fields: object) =>
  world.patch('Rollout', name, { spec: { strategy: { canary: fields } } });
const setOf = async (name: string, image: string): Promise<ReplicaSet | undefined> =>
  (await world.replicaSets(name)).find((set) => set.spec.template?.spec?.containers[0]?.image === image);

describe.concurrent('labels and annotations that pods wear for a time', { timeout }, () => {
  const role = (text: string) => ({ labels: { role: text } });

  it('are changed, added and taken away at rest on the pods that are there, without a new version', async () => {
    const name = 'dressed';
    await world.apply(liveRollout(name, { canary: { steps, stableMetadata: role('stable') } }));
    await world.healthy(name);
    await wear(name, 'stable/- stable/-');
    const before = await uids(name);
    await canary(name, { stableMetadata: { labels: { role: 'live' }, annotations: { note: 'read me' } } });
    await wear(name, 'live/read me live/read me');
    await canary(name, { stableMetadata: { labels: { role: null }, annotations: { note: 'read me' } } });
    await wear(name, '-/read me -/read me');
    await canary(name, { stableMetadata: { labels: null, annotations: null } });
    await wear(name, '-/- -/-');
    expect(await uids(name)).toEqual(before);
    expect(await world.replicaSets(name)).toHaveLength(1);
    await world.healthy(name);
  });

  it('are changed in mid-update for each version, and on the way back are those of the stable one', async () => {
    const name = 'redressed';
    await world.apply(
      liveRollout(name, { canary: { steps, stableMetadata: role('stable'), canaryMetadata: role('canary') } }),
    );
    await world.healthy(name);
    await world.setImage(name, 'shop:2');
    await world.paused(name, 1);
    await wear(name, 'canary/- stable/-');
    await canary(name, { canaryMetadata: role('trial'), stableMetadata: role('proven') });
    await wear(name, 'proven/- trial/-');
    await world.paused(name, 1);
    await world.abort(name);
    await world.degraded(name);
    await wear(name, 'proven/- proven/-');
  });

  it('are those of active and preview in a blue-green Rollout', async () => {
    const name = 'blue-dressed';
    const blueGreen = {
      activeService: `${name}-active`,
      previewService: `${name}-preview`,
      autoPromotionEnabled: false,
      scaleDownDelaySeconds: 1,
      activeMetadata: role('active'),
      previewMetadata: role('preview'),
    };
    await world.apply(...liveServices(name, 'active', 'preview'), liveRollout(name, { blueGreen }));
    await world.healthy(name);
    await wear(name, 'active/- active/-');
    await world.setImage(name, 'shop:2');
    await world.paused(name);
    await wear(name, 'active/- active/- preview/- preview/-');
    await world.promote(name);
    await world.healthy(name);
    await wear(name, 'active/- active/-');
    expect((await setOf(name, 'shop:2'))?.spec.replicas).toBe(2);
  });

  it('stay on the pods when the strategy speaks of none any more, and are still no part of the version', async () => {
    const name = 'forgotten';
    await world.apply(liveRollout(name, { canary: { steps, stableMetadata: role('stable') } }));
    await world.healthy(name);
    await wear(name, 'stable/- stable/-');
    await canary(name, { stableMetadata: null });
    await world.settled(200);
    await world.healthy(name);
    expect(await worn(name)).toBe('stable/- stable/-');
    expect(await world.replicaSets(name)).toHaveLength(1);
    await canary(name, { stableMetadata: role('again') });
    await wear(name, 'again/- again/-');
    expect(await world.replicaSets(name)).toHaveLength(1);
  });

  it('never take away what the template itself says', async () => {
    const name = 'own-labels';
    const template = {
      metadata: { labels: { app: name, role: 'shop' } },
      spec: { containers: [{ name: 'main', image: 'shop:1' }] },
    };
    await world.apply(
      liveRollout(name, { canary: { steps, stableMetadata: { annotations: { note: 'stable' } } } }, { template }),
    );
    await world.healthy(name);
    await wear(name, 'shop/stable shop/stable');
    await canary(name, { stableMetadata: { annotations: { note: null } } });
    await wear(name, 'shop/- shop/-');
  });
});

describe.concurrent('anti-affinity between versions', { timeout }, () => {
  const required = { requiredDuringSchedulingIgnoredDuringExecution: {} };
  const preferred = { preferredDuringSchedulingIgnoredDuringExecution: { weight: 7 } };
  const affinityOf = (set: ReplicaSet | undefined) => set?.spec.template?.spec?.affinity?.podAntiAffinity;
  const term = (hash: string | undefined) => ({
    labelSelector: { matchExpressions: [{ key: 'rollouts-pod-template-hash', operator: 'In', values: [hash] }] },
    topologyKey: 'kubernetes.io/hostname',
    namespaces: [world.namespace],
  });

  it('keeps a new version away from the stable one, and is no part of either: going back makes no new version', async () => {
    const name = 'apart';
    await world.apply(liveRollout(name, { canary: { steps, antiAffinity: required } }));
    await world.healthy(name);
    expect(affinityOf(await setOf(name, 'shop:1'))).toBeUndefined();
    await world.setImage(name, 'shop:2');
    await world.paused(name, 1);
    const first = (await world.rollout(name)).status?.stableRS;
    expect(affinityOf(await setOf(name, 'shop:2'))?.requiredDuringSchedulingIgnoredDuringExecution).toEqual([
      term(first),
    ]);
    await world.promote(name);
    await world.healthy(name);
    await world.setImage(name, 'shop:1');
    await world.paused(name, 1);
    await world.promote(name);
    await world.healthy(name);
    expect(await world.replicaSets(name)).toHaveLength(2);
  });

  it('may be preferred, and be changed or dropped at rest without a new version', async () => {
    const name = 'rather-apart';
    await world.apply(liveRollout(name, { canary: { steps, antiAffinity: preferred } }));
    await world.healthy(name);
    await world.setImage(name, 'shop:2');
    await world.paused(name, 1);
    const first = (await world.rollout(name)).status?.stableRS;
    expect(affinityOf(await setOf(name, 'shop:2'))?.preferredDuringSchedulingIgnoredDuringExecution).toEqual([
      { weight: 7, podAffinityTerm: term(first) },
    ]);
    await world.promote(name);
    await world.healthy(name);
    const before = await uids(name);
    await canary(name, { antiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: null, ...required } });
    await world.settled(200);
    await world.healthy(name);
    await canary(name, { antiAffinity: null });
    await world.settled(200);
    await world.healthy(name);
    expect(await world.replicaSets(name)).toHaveLength(2);
    expect(await uids(name)).toEqual(before);
    await world.setImage(name, 'shop:3');
    await world.paused(name, 1);
    expect(affinityOf(await setOf(name, 'shop:3'))).toBeUndefined();
  });

  it('stands beside the affinity that the template has', async () => {
    const name = 'own-affinity';
    const mine = { topologyKey: 'zone', labelSelector: { matchLabels: { app: 'other' } } };
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [mine] } };
    const template = {
      metadata: { labels: { app: name } },
      spec: { affinity, containers: [{ name: 'main', image: 'shop:1' }] },
    };
    await world.apply(liveRollout(name, { canary: { steps, antiAffinity: required } }, { template }));
    await world.healthy(name);
    await world.setImage(name, 'shop:2');
    await world.paused(name, 1);
    const first = (await world.rollout(name)).status?.stableRS;
    expect(affinityOf(await setOf(name, 'shop:2'))?.requiredDuringSchedulingIgnoredDuringExecution).toEqual([
      mine,
      term(first),
    ]);
    await world.setImage(name, 'shop:1');
    await world.healthy(name);
    expect(await world.replicaSets(name)).toHaveLength(2);
  });

  describe('under a key of the pod template', () => {
    /** As `liveRollout`, with a label of its own that a Service of another team may select. */
    const labelled = (name: string, strategy: object) =>
      liveRollout(name, strategy, {
        template: {
          metadata: { labels: { app: name, role: 'stable' }, annotations: { note: 'own' } },
          spec: { containers: [{ name: 'main', image: 'shop:1' }] },
        },
      });
    const templateOf = async (name: string, image: string) => (await setOf(name, image))?.spec.template?.metadata;

    it('stand in for its value for a time, which comes back when the version is promoted', async () => {
      const name = 'replaced';
      const canaryMetadata = { labels: { role: 'canary' }, annotations: { note: 'new' } };
      await world.apply(labelled(name, { canary: { steps, canaryMetadata } }));
      await world.healthy(name);
      await wear(name, 'stable/own stable/own');
      await world.setImage(name, 'shop:2');
      await world.paused(name, 1);
      await wear(name, 'canary/new stable/own');
      await world.promote(name);
      await world.healthy(name);
      await wear(name, 'stable/own stable/own');
      expect(await templateOf(name, 'shop:2')).toMatchObject({
        labels: { role: 'stable' },
        annotations: { note: 'own' },
      });
      expect(await world.replicaSets(name)).toHaveLength(2);
    });

    it('give it back when the update is aborted, on the pods and on the template of the old version', async () => {
      const name = 'given-back';
      const metadata = { canaryMetadata: { labels: { role: 'canary' } }, stableMetadata: { labels: { role: 'live' } } };
      await world.apply(labelled(name, { canary: { steps, ...metadata } }));
      await world.healthy(name);
      await wear(name, 'live/own live/own');
      await world.setImage(name, 'shop:2');
      await world.paused(name, 1);
      await wear(name, 'canary/own live/own');
      await world.abort(name);
      await world.degraded(name);
      await wear(name, 'live/own live/own');
      await world.retry(name);
      await world.paused(name, 1);
      await world.promote(name);
      await world.healthy(name);
      await wear(name, 'live/own live/own');
      await world.until('the old template as it was', async () => {
        const old = await templateOf(name, 'shop:1');
        return old?.labels?.['role'] === 'stable';
      });
    });
  });

  describe('under a key of the selector', () => {
    it.each(['canary', 'blueGreen'] as const)(
      'are left out, and every update of a %s goes through',
      async (strategy) => {
        const name = `selected-${strategy.toLowerCase()}`;
        const worn = (type: string) => ({ labels: { app: 'another', type } });
        if (strategy === 'blueGreen') await world.apply(...liveServices(name, 'active', 'preview'));
        await world.apply(
          liveRollout(
            name,
            strategy === 'canary'
              ? {
                  canary: {
                    steps: [{ setWeight: 50 }],
                    canaryMetadata: worn('Canary'),
                    stableMetadata: worn('Stable'),
                  },
                }
              : {
                  blueGreen: {
                    activeService: `${name}-active`,
                    previewService: `${name}-preview`,
                    previewMetadata: worn('Preview'),
                    activeMetadata: worn('Active'),
                    scaleDownDelaySeconds: 1,
                  },
                },
            { revisionHistoryLimit: 0 },
          ),
        );
        await world.healthy(name);
        for (const image of ['shop:2', 'shop:3']) {
          await world.setImage(name, image);
          await world.until(`${image} alone`, async () => (await world.sizes(name)) === `${image}×2`);
          await world.healthy(name);
        }
        const labels = (await livePods(name)).map(({ metadata }) => metadata.labels);
        expect(labels.map((each) => [each?.['app'], each?.['type']])).toEqual(
          Array.from({ length: 2 }, () => [name, strategy === 'canary' ? 'Stable' : 'Active']),
        );
      },
    );
  });
});
