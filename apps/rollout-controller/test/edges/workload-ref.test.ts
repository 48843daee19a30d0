import { resources } from '@sluice/kube';
import type { RawObject } from '@sluice/kube';
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
const generationAnnotation = 'rollout.argoproj.io/workload-generation';
const template = (app: string, image = 'shop:1') => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'main', image }] },
});
const deployment = (name: string, replicas: number, image?: string): RawObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name, image) },
});

/** A Rollout that takes its template, and its selector, from elsewhere. */
function referring(
  name: string,
  workloadRef: object,
  strategy: object = { canary: { steps } },
  spec: object = {},
): RawObject {
  const { spec: whole, ...rest } = liveRollout(name, strategy, spec);
  const { template: _template, selector: _selector, ...others } = whole as Record<string, unknown>;
  return {
    ...rest,
    spec: { ...others, workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name, ...workloadRef } },
  };
}
const image = (name: string, image: string, kind = 'Deployment') =>
  world.patch(kind, name, { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } });
const replicasOf = async (name: string): Promise<number> =>
  (await world.person.get<RawObject>(resources.deployments, { namespace: world.namespace, name }))['spec'].replicas;
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

/** Of the Rollout; those of the Deployment of the same name have an owner of that name as well. */
const own = async (name: string) =>
  (await world.replicaSets(name)).filter(({ metadata }) =>
    metadata.ownerReferences?.some(({ kind }) => kind === 'Rollout'),
  );

describe.concurrent('a Deployment that a Rollout takes over from', { timeout }, () => {
  it.each([
    ['stays as it is with never', 'never', 3],
    ['stays as it is with a word that is none', 'sometime', 3],
    ['goes at the end with onsuccess', 'onsuccess', 0],
    ['goes pod by pod with progressively', 'progressively', 0],
  ] as const)('%s', async (_what, scaleDown, left) => {
    const name = `from-${scaleDown}`;
    await world.apply(deployment(name, 3));
    await world.apply(referring(name, { scaleDown }, { canary: {} }, { replicas: 3 }));
    await world.healthy(name);
    await world.until('the Deployment', async () => (await replicasOf(name)) === left);
    await world.settled();
    expect(await replicasOf(name)).toBe(left);
    expect((await world.rollout(name)).spec.template).toBeUndefined();
  });

  it('loses no more pods than the Rollout has ready ones with progressively', async () => {
    const name = 'careful';
    await world.apply(deployment(name, 3));
    await world.until('its pods', async () => (await pods(name)).length === 3);
    const never = { 'local-cluster.sluice.dev/ready-after': 'never' };
    await world.patch('Deployment', name, { spec: { paused: true, template: { metadata: { annotations: never } } } });
    await world.apply(referring(name, { scaleDown: 'progressively' }, { canary: {} }, { replicas: 3 }));
    await world.until('its pods', async () => (await world.rollout(name)).status?.updatedReplicas === 3);
    expect(await replicasOf(name)).toBe(3);
    const [set] = await own(name);
    const { items } = await world.person.list(resources.pods, {
      namespace: world.namespace,
      labelSelector: `app=${name}`,
    });
    const mine = items.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === set?.metadata.uid));
    for (const [index, { metadata }] of mine.entries()) {
      world.cluster.workloads?.podControls.setReady(world.namespace, metadata.name ?? '', true);
      await world.until('as many pods fewer', async () => (await replicasOf(name)) === 2 - index);
    }
    await world.healthy(name);
  });

  it.each(['progressively', 'onsuccess'])(
    'gives its number of pods where the Rollout names none, with %s',
    async (scaleDown) => {
      const name = `taken-${scaleDown}`;
      await world.apply(deployment(name, 4));
      await world.until('its pods', async () => (await pods(name)).length === 4);
      await world.apply(referring(name, { scaleDown }, { canary: { steps } }, { replicas: undefined }));
      await world.until('the number', async () => (await world.rollout(name)).spec.replicas !== undefined);
      expect((await world.rollout(name)).spec.replicas).toBe(4);
      await world.healthy(name);
      await world.until('the Deployment', async () => (await replicasOf(name)) === 0);
      expect(await world.sizes(name)).toBe('shop:1×4');
      await world.until('the Event', async () => (await world.eventReasons(name)).includes('ScalingDeployment'));
    },
  );

  it('gets its pods back when the Rollout is deleted', async () => {
    const name = 'given-back';
    await world.apply(
      deployment(name, 2),
      referring(name, { scaleDown: 'onsuccess' }, { canary: {} }, { replicas: 3 }),
    );
    await world.healthy(name);
    await world.until('the Deployment to go', async () => (await replicasOf(name)) === 0);
    await world.remove('Rollout', name);
    await world.until('the Deployment', async () => (await replicasOf(name)) === 3);
  });

  it('is left alone with never when the Rollout is deleted', async () => {
    const name = 'not-given';
    await world.apply(deployment(name, 0), referring(name, { scaleDown: 'never' }, { canary: {} }, { replicas: 3 }));
    await world.healthy(name);
    await world.remove('Rollout', name);
    await world.until('the ReplicaSets to go', async () => (await own(name)).length === 0);
    await world.settled();
    expect(await replicasOf(name)).toBe(0);
  });

  it('is left alone when it is scaled again after the first update', async () => {
    const name = 'again';
    await world.apply(deployment(name, 2), referring(name, { scaleDown: 'onsuccess' }));
    await world.healthy(name);
    await world.until('the Deployment', async () => (await replicasOf(name)) === 0);
    await image(name, 'shop:2');
    await world.paused(name, 1);
    await world.patch('Deployment', name, { spec: { replicas: 1 } });
    await world.promote(name);
    await world.healthy(name);
    await world.settled();
    expect(await replicasOf(name)).toBe(1);
  });
});

describe.concurrent('a template that is elsewhere', { timeout }, () => {
  const replicaSet = (name: string): RawObject => ({ ...deployment(name, 0), kind: 'ReplicaSet' });
  const podTemplate = (name: string): RawObject => ({
    apiVersion: 'v1',
    kind: 'PodTemplate',
    metadata: { name },
    template: template(name),
  });

  it('may be that of a ReplicaSet', async () => {
    await world.apply(replicaSet('in-set'), referring('in-set', { kind: 'ReplicaSet' }));
    await world.healthy('in-set');
    await image('in-set', 'shop:2', 'ReplicaSet');
    await world.paused('in-set', 1);
    expect(await world.sizes('in-set')).toBe('shop:1×1 shop:2×1');
  });

  it('may be a PodTemplate, with the selector of the Rollout', async () => {
    const selector = { matchLabels: { app: 'in-template' } };
    const workloadRef = { apiVersion: 'v1', kind: 'PodTemplate' };
    const rollout = referring('in-template', workloadRef, { canary: { steps } }, {});
    await world.apply(podTemplate('in-template'), { ...rollout, spec: { ...(rollout['spec'] as object), selector } });
    await world.healthy('in-template');
    await world.patch('PodTemplate', 'in-template', {
      template: { spec: { containers: [{ name: 'main', image: 'shop:2' }] } },
    });
    await world.paused('in-template', 1);
  });

  it('is told by its generation, in the annotation and in the status', async () => {
    await world.apply(deployment('told', 0), referring('told', {}));
    await world.healthy('told');
    const told = async (): Promise<readonly (string | undefined)[]> => {
      const { metadata, status } = await world.rollout('told');
      return [metadata.annotations?.[generationAnnotation], status?.workloadObservedGeneration];
    };
    expect(await told()).toEqual(['1', '1']);
    await world.patch('Deployment', 'told', { spec: { replicas: 1 } });
    await world.until('the generation', async () => (await told()).join() === '2,2');
    expect(await own('told')).toHaveLength(1);
  });

  it('is followed when it is edited in mid-update: the version in between goes, the steps begin again', async () => {
    await world.apply(deployment('edited', 0), referring('edited', {}));
    await world.healthy('edited');
    await image('edited', 'shop:2');
    await world.paused('edited', 1);
    await image('edited', 'shop:3');
    await world.until('the third version', async () => (await world.sizes('edited')) === 'shop:1×1 shop:3×1');
    await world.paused('edited', 1);
    await image('edited', 'shop:1');
    await world.healthy('edited');
    await world.until('the first version alone', async () => (await world.sizes('edited')) === 'shop:1×2');
  });

  it('that is deleted and made again makes the Rollout invalid meanwhile, and costs no pod', async () => {
    const name = 'lost';
    await world.apply(...liveServices(name, 'stable', 'canary'), deployment(name, 0));
    await world.apply(
      referring(name, {}, { canary: { stableService: `${name}-stable`, canaryService: `${name}-canary`, steps } }),
    );
    await world.healthy(name);
    await image(name, 'shop:2');
    await world.paused(name, 1);
    await world.settled();
    const before = {
      pods: await pods(name),
      sets: (await own(name)).map(({ metadata }) => metadata.uid),
    };
    const canary = hashOf(await world.service(`${name}-canary`));
    await world.remove('Deployment', name);
    await world.degraded(name);
    expect((await world.rollout(name)).status?.message).toBe(
      `InvalidSpec: The Rollout "${name}" is invalid: deployments.apps "${world.namespace}/${name}" not found`,
    );
    await world.settled();
    expect(await pods(name)).toEqual(before.pods);
    expect(hashOf(await world.service(`${name}-canary`))).toBe(canary);
    await world.apply(deployment(name, 0, 'shop:2'));
    await world.paused(name, 1);
    await world.settled();
    expect(await pods(name)).toEqual(before.pods);
    expect((await own(name)).map(({ metadata }) => metadata.uid)).toEqual(before.sets);
    await world.promote(name);
    await world.healthy(name);
    expect((await world.rollout(name)).metadata.annotations?.[generationAnnotation]).toBe('1');
  });

  it('may move into the Rollout and out again without a new version', async () => {
    await world.apply(deployment('moves', 0), referring('moves', {}));
    await world.healthy('moves');
    const spec = { workloadRef: null, selector: { matchLabels: { app: 'moves' } }, template: template('moves') };
    await world.patch('Rollout', 'moves', { spec });
    await world.healthy('moves');
    await world.until('the annotation to go', async () => {
      const { metadata, status } = await world.rollout('moves');
      return metadata.annotations?.[generationAnnotation] === undefined && !status?.workloadObservedGeneration;
    });
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'moves' };
    await world.patch('Rollout', 'moves', { spec: { workloadRef, template: null } });
    await world.healthy('moves');
    await world.status(
      'moves',
      'the generation',
      ({ workloadObservedGeneration }) => workloadObservedGeneration === '1',
    );
    expect(await own('moves')).toHaveLength(1);
  });

  it('may come back with another selector: the pods of the one before go as those of an old version', async () => {
    const name = 'selected';
    await world.apply(deployment(name, 0), referring(name, {}, { canary: {} }));
    await world.healthy(name);
    const labels = { app: name, tier: 'web' };
    const anew = deployment(name, 0, 'shop:2');
    const spec = { ...(anew['spec'] as object), selector: { matchLabels: labels } };
    const pod = { metadata: { labels }, spec: template(name, 'shop:2').spec };
    await world.remove('Deployment', name);
    await world.apply({ ...anew, spec: { ...spec, template: pod } });
    await world.until('the new version alone', async () => (await world.sizes(name)) === 'shop:2×2');
    await world.healthy(name);
    expect(await own(name)).toHaveLength(2);
    await world.until('the Event', async () => (await world.eventReasons(name)).includes('SelectorChanged'));
    await world.until('its pods alone', async () => (await pods(name)).length === 2);
  });

  it('may be changed for another one, as an update', async () => {
    await world.apply(deployment('one', 0), { ...deployment('two', 0, 'shop:2') });
    await world.patch('Deployment', 'two', { spec: { template: { metadata: { labels: { group: 'shared' } } } } });
    const selector = { matchLabels: { app: 'one' } };
    const rollout = referring('one', {});
    await world.apply({ ...rollout, spec: { ...(rollout['spec'] as object), selector } });
    await world.healthy('one');
    await world.patch('Rollout', 'one', { spec: { workloadRef: { name: 'two' } } });
    // Its pods would not be ours: the labels are those of another application.
    await world.degraded('one');
    expect((await world.rollout('one')).status?.message).toContain('`selector` does not match template `labels`');
    expect(await world.sizes('one')).toBe('shop:1×2');
    await world.patch('Rollout', 'one', { spec: { workloadRef: { name: 'one' } } });
    await world.healthy('one');
  });
});
