import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, hashOf, liveRollout, liveServices } from './live-world.ts';

const timeout = 240_000;
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
  await world.startController();
}, timeout);
afterEach(() => world.cluster.faults.clear());
afterAll(() => world.close(), timeout);

const steps = [{ setWeight: 50 }, { pause: {} }];

/** The API server refuses the controller's writes to what this path matches. */
function refuse(path: RegExp, code = 403, message = 'denied by policy'): () => number {
  const id = world.cluster.faults.add({ method: 'PATCH', path, userAgent: /sluice/, answer: { code, message } });
  return () => world.cluster.faults.list().find((fault) => fault.id === id)?.hits ?? 0;
}

const refusedCondition = async (name: string) =>
  (await world.rollout(name)).status?.conditions?.find(({ type }) => type === 'WriteRefused');
const isRefused = (name: string, words: string): Promise<void> =>
  world.until(`${name}: ${words}`, async () => (await refusedCondition(name))?.message.includes(words) === true);
const events = async (name: string): Promise<readonly string[]> =>
  (await world.eventsOf(name)).filter((one) => one['reason'] === 'WriteRefused').map((one) => one['message'] as string);

describe('a write that the API server refuses', { timeout }, () => {
  it.each([422, 403, 400, 405, 413])(
    'is a state (answer %i): condition, phase, message and one Event',
    async (code) => {
      const name = `state-${code}`;
      await world.apply(liveRollout(name, { canary: { steps } }));
      await world.healthy(name);
      const hits = refuse(new RegExp(`replicasets/${name}-`), code);
      await world.patch('Rollout', name, { spec: { replicas: 5 } });
      await world.degraded(name);
      const { status } = await world.rollout(name);
      expect(status?.message).toMatch(/^WriteRefused: The API server refuses to scale ReplicaSet state-\d+-\w+ to 5: /);
      expect(status?.observedGeneration).toBe(String((await world.rollout(name)).metadata.generation));
      expect(await refusedCondition(name)).toMatchObject({ status: 'True', reason: 'WriteRefused' });
      await world.until('another try', () => hits() >= 3);
      expect(await events(name)).toHaveLength(1);
      world.cluster.faults.clear();
      await world.healthy(name);
      expect(await world.sizes(name)).toBe('shop:1×5');
      expect(await refusedCondition(name)).toBeUndefined();
    },
  );

  it('of pod metadata keeps nothing else from going on', async () => {
    const name = 'worn';
    refuse(/\/pods\//, 422, 'label is immutable here');
    const stableMetadata = { labels: { role: 'stable' } };
    const canaryMetadata = { labels: { role: 'canary' } };
    await world.apply(liveRollout(name, { canary: { steps, stableMetadata, canaryMetadata } }));
    await world.healthy(name);
    await world.setImage(name, 'shop:2');
    await world.paused(name, 1);
    await world.promote(name);
    await isRefused(name, 'change the labels or annotations of Pod');
    await world.healthy(name);
    expect(await world.sizes(name)).toBe('shop:2×2');
    world.cluster.faults.clear();
    await world.until('the condition to go', async () => (await refusedCondition(name)) === undefined);
  });

  it('of labels of a ReplicaSet does not keep its pods from being scaled', async () => {
    const name = 'labels';
    await world.apply(liveRollout(name, { canary: { steps, stableMetadata: { labels: { role: 'stable' } } } }));
    await world.healthy(name);
    // As a server that refuses the template refuses the write as a whole, but takes a number of pods.
    world.cluster.faults.add({
      method: 'PATCH',
      path: new RegExp(`replicasets/${name}-`),
      userAgent: /sluice/,
      times: 1,
      answer: { code: 422, message: 'spec.template.metadata.labels: Invalid value' },
    });
    await world.patch('Rollout', name, {
      spec: { replicas: 4, strategy: { canary: { stableMetadata: { labels: { role: 'other' } } } } },
    });
    await world.until('four pods', async () => (await world.sizes(name)) === 'shop:1×4');
    await world.healthy(name);
  });

  it.each(['canary', 'blueGreen'] as const)(
    'of a Service keeps the old version of a %s serving, and an abort goes through',
    async (strategy) => {
      const name = `service-${strategy.toLowerCase()}`;
      const suffixes = strategy === 'canary' ? ['stable', 'canary'] : ['active', 'preview'];
      await world.apply(
        ...liveServices(name, ...suffixes),
        liveRollout(
          name,
          strategy === 'canary'
            ? { canary: { stableService: `${name}-stable`, canaryService: `${name}-canary`, steps } }
            : { blueGreen: { activeService: `${name}-active`, previewService: `${name}-preview` } },
        ),
      );
      await world.healthy(name);
      const stable = (await world.rollout(name)).status?.stableRS;
      refuse(new RegExp(`services/${name}-`));
      await world.setImage(name, 'shop:2');
      await isRefused(name, 'point Service');
      await world.degraded(name);
      expect(hashOf(await world.service(`${name}-${suffixes[0]}`))).toBe(stable);
      await world.abort(name);
      await world.until('the abort', async () => (await world.rollout(name)).status?.abortedAt !== undefined);
      await world.until('the old version in full', async () => (await world.sizes(name)).includes('shop:1×2'));
      expect(await world.eventReasons(name)).toContain('RolloutAborted');
    },
  );

  it('of one version takes no pod of another that serves', async () => {
    const name = 'grow';
    await world.apply(liveRollout(name, { canary: { steps: [{ setWeight: 50 }, { setWeight: 100 }] } }));
    await world.healthy(name);
    const [first] = await world.replicaSets(name);
    await world.setImage(name, 'shop:2');
    const second = new RegExp(`replicasets/(?!${first?.metadata.name})${name}-`);
    refuse(second);
    await isRefused(name, 'scale ReplicaSet');
    expect(await world.sizes(name)).toContain('shop:1×');
    world.cluster.faults.clear();
    await world.healthy(name);
    expect(await world.sizes(name)).toBe('shop:2×2');
  });

  it('of an old ReplicaSet that is to be deleted holds nothing up', async () => {
    const name = 'history';
    const canary = { steps: [{ setWeight: 50 }] };
    await world.apply(liveRollout(name, { canary }, { revisionHistoryLimit: 0 }));
    await world.healthy(name);
    world.cluster.faults.add({
      method: 'DELETE',
      path: /replicasets/,
      userAgent: /sluice/,
      answer: { code: 403, message: 'no deletions' },
    });
    await world.setImage(name, 'shop:2');
    await isRefused(name, 'delete ReplicaSet');
    await world.healthy(name);
    expect(await world.sizes(name)).toBe('shop:2×2');
  });

  it('of annotations of the Rollout holds nothing up', async () => {
    const name = 'revision';
    refuse(new RegExp(`rollouts/${name}\\?`));
    refuse(new RegExp(`rollouts/${name}$`));
    await world.apply(liveRollout(name, { canary: { steps } }));
    await world.healthy(name);
    await isRefused(name, "change this Rollout's annotations");
  });
});

describe('a status that the API server refuses', { timeout }, () => {
  it('is stored without the parts that it names, says so, and is not offered over and over', async () => {
    const name = 'told';
    await world.apply(liveRollout(name, { canary: { steps } }));
    await world.healthy(name);
    let refusals = 0;
    const path = new RegExp(`rollouts/${name}/status`);
    world.cluster.faults.add({
      method: 'PATCH',
      path,
      userAgent: /sluice/,
      times: 1,
      answer: { code: 422, message: 'no' },
    });
    await world.setImage(name, 'shop:2');
    await isRefused(name, "store parts of this Rollout's status");
    await world.paused(name, 1);
    refusals = (await events(name)).length;
    expect(refusals).toBe(1);
    await world.until('all of it', async () => (await refusedCondition(name)) === undefined);
  });

  it('as a whole is tried again with patience, while the pods go on', async () => {
    const name = 'never';
    await world.apply(liveRollout(name, { canary: { steps: [{ setWeight: 50 }] } }));
    await world.healthy(name);
    const hits = refuse(new RegExp(`rollouts/${name}/status`), 422);
    await world.patch('Rollout', name, { spec: { replicas: 3 } });
    await world.until('three pods', async () => (await world.sizes(name)) === 'shop:1×3');
    await world.until('some tries', () => hits() >= 4);
    const before = hits();
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(hits() - before).toBeLessThan(10);
    world.cluster.faults.clear();
    await world.healthy(name);
  });
});
