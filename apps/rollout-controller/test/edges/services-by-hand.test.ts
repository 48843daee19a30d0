import { resources } from '@sluice/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, hashOf, liveRollout, liveServices } from '../live-world.ts';

const timeout = 240_000;
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
  await world.startController({ deferMs: 100 });
}, timeout);
afterAll(() => world.close(), timeout);

const managed = 'argo-rollouts.argoproj.io/managed-by-rollouts';
const hash = 'rollouts-pod-template-hash';
const steps = [{ setWeight: 50 }, { pause: {} }];

/** A canary with both Services that pauses at half, or a blue-green Rollout whose preview waits. */
async function midUpdate(name: string, strategy: 'canary' | 'blueGreen'): Promise<void> {
  const suffixes = strategy === 'canary' ? ['stable', 'canary'] : ['active', 'preview'];
  await world.apply(...liveServices(name, ...suffixes));
  const canary = { stableService: `${name}-stable`, canaryService: `${name}-canary`, steps };
  const blueGreen = {
    activeService: `${name}-active`,
    previewService: `${name}-preview`,
    autoPromotionEnabled: false,
    scaleDownDelaySeconds: 1,
  };
  await world.apply(liveRollout(name, strategy === 'canary' ? { canary } : { blueGreen }));
  await world.healthy(name);
  await world.setImage(name, 'shop:2');
  await world.paused(name);
  await world.settled(200);
}

/** The Services of `name` point at the old and at the new version, and are marked as its own. */
const pointRight = (name: string, old: string, fresh: string): Promise<void> =>
  world.until(`the Services of ${name}`, async () => {
    const { status } = await world.rollout(name);
    const [first, second] = [await world.service(`${name}-${old}`), await world.service(`${name}-${fresh}`)];
    return (
      hashOf(first) === status?.stableRS &&
      hashOf(second) === status?.currentPodHash &&
      [first, second].every(({ metadata }) => metadata.annotations?.[managed] === name)
    );
  });

const cases = [
  ['canary', 'stable', 'canary'],
  ['blueGreen', 'active', 'preview'],
] as const;

describe.each(cases)('in the middle of a %s update', { timeout }, (strategy, old, fresh) => {
  const nameOf = (what: string): string => `${strategy.toLowerCase()}-${what}`;

  it.concurrent(
    'a Service that is deleted makes it invalid and nothing else, and is taken up again when it is back',
    async () => {
      const name = nameOf('deleted');
      await midUpdate(name, strategy);
      const { status } = await world.rollout(name);
      for (const suffix of [old, fresh]) {
        await world.remove('Service', `${name}-${suffix}`);
        await world.degraded(name);
        expect((await world.rollout(name)).status?.message).toContain(`service "${name}-${suffix}" not found`);
        expect(await world.sizes(name)).toContain('shop:1×');
        expect(await world.sizes(name)).toContain('shop:2×');
        await world.apply(...liveServices(name, suffix));
        await world.paused(name);
        await pointRight(name, old, fresh);
      }
      const after = (await world.rollout(name)).status;
      expect(after?.pauseConditions).toEqual(status?.pauseConditions);
      expect(after?.currentStepIndex).toBe(status?.currentStepIndex);
      await world.promote(name);
      await world.healthy(name);
    },
  );

  it.concurrent(
    'a selector that somebody changed is changed back, pointing at the wrong version or at all',
    async () => {
      const name = nameOf('edited');
      await midUpdate(name, strategy);
      const { status } = await world.rollout(name);
      // The active Service pointed at the new version by hand is a promotion: it looks like our own switch half done.
      const wrongs = [null, 'nothing', status?.stableRS, ...(strategy === 'canary' ? [status?.currentPodHash] : [])];
      for (const wrong of wrongs) {
        for (const suffix of [old, fresh])
          await world.patch('Service', `${name}-${suffix}`, { spec: { selector: { [hash]: wrong } } });
        await pointRight(name, old, fresh);
        await world.paused(name);
      }
      expect((await world.rollout(name)).status?.pauseConditions).toEqual(status?.pauseConditions);
    },
  );

  it.concurrent(
    'a mark that somebody took away is set again, and one that names another Rollout makes it invalid',
    async () => {
      const name = nameOf('marked');
      await midUpdate(name, strategy);
      await world.patch('Service', `${name}-${old}`, { metadata: { annotations: { [managed]: null } } });
      await pointRight(name, old, fresh);
      const { status } = await world.rollout(name);
      await world.apply(
        liveRollout(
          `${name}-rival`,
          { blueGreen: { activeService: `${name}-${fresh}` } },
          {
            selector: { matchLabels: { app: name } },
            template: {
              metadata: { labels: { app: name } },
              spec: { containers: [{ name: 'main', image: 'shop:9' }] },
            },
          },
        ),
      );
      await world.degraded(`${name}-rival`);
      await world.patch('Service', `${name}-${fresh}`, { metadata: { annotations: { [managed]: `${name}-rival` } } });
      await world.degraded(name);
      expect((await world.rollout(name)).status?.message).toContain(`${name}-rival`);
      expect(hashOf(await world.service(`${name}-${old}`))).toBe(status?.stableRS);
      await world.remove('Rollout', `${name}-rival`);
      await world.patch('Service', `${name}-${fresh}`, { metadata: { annotations: { [managed]: null } } });
      await pointRight(name, old, fresh);
      await world.paused(name);
    },
  );

  it.concurrent(
    'a Service that selects other pods from now on makes it invalid, and valid again when it does no more',
    async () => {
      const name = nameOf('foreign');
      await midUpdate(name, strategy);
      await world.patch('Service', `${name}-${fresh}`, { spec: { selector: { tier: 'web' } } });
      await world.degraded(name);
      expect((await world.rollout(name)).status?.message).toContain(`${name}-${fresh}`);
      await world.patch('Service', `${name}-${fresh}`, { spec: { selector: { tier: null } } });
      await world.paused(name);
      await pointRight(name, old, fresh);
    },
  );

  it.concurrent('a Service that it names instead is taken over, and the one before is given back', async () => {
    const name = nameOf('renamed');
    await midUpdate(name, strategy);
    await world.apply(...liveServices(name, 'other'));
    const field = strategy === 'canary' ? 'canaryService' : 'previewService';
    await world.patch('Rollout', name, { spec: { strategy: { [strategy]: { [field]: `${name}-other` } } } });
    await pointRight(name, old, 'other');
    await world.until('the one before to be given back', async () => {
      const service = await world.service(`${name}-${fresh}`);
      return hashOf(service) === undefined && service.metadata.annotations?.[managed] === undefined;
    });
    await world.paused(name);
  });
});

describe('a strategy that is changed in mid-update', { timeout }, () => {
  const canary = (name: string) => ({ stableService: `${name}-a`, canaryService: `${name}-b`, steps });
  const blueGreen = (name: string) => ({
    activeService: `${name}-a`,
    previewService: `${name}-b`,
    autoPromotionEnabled: false,
    scaleDownDelaySeconds: 1,
  });
  const change = (name: string, strategy: object) => world.patch('Rollout', name, { spec: { strategy } });
  const servedByOld = async (name: string): Promise<void> => {
    const { status } = await world.rollout(name);
    expect(hashOf(await world.service(`${name}-a`))).toBe(status?.stableRS);
  };

  it('from canary to blue-green and back keeps the update, its versions and who is served', async () => {
    const name = 'there-and-back';
    await world.apply(...liveServices(name, 'a', 'b'), liveRollout(name, { canary: canary(name) }));
    await world.healthy(name);
    await world.setImage(name, 'shop:2');
    await world.paused(name, 1);
    await change(name, { canary: null, blueGreen: blueGreen(name) });
    await world.status(
      name,
      'paused as blue-green',
      ({ pauseConditions }) => pauseConditions?.[0]?.reason === 'BlueGreenPause',
    );
    await servedByOld(name);
    expect(await world.sizes(name)).toBe('shop:1×2 shop:2×2');
    await change(name, { canary: canary(name), blueGreen: null });
    await world.status(
      name,
      'paused as canary',
      ({ pauseConditions }) => pauseConditions?.[0]?.reason === 'CanaryPauseStep',
    );
    await world.until('the shares', async () => (await world.sizes(name)) === 'shop:1×1 shop:2×1');
    await servedByOld(name);
    expect(await world.replicaSets(name)).toHaveLength(2);
    await change(name, { canary: null, blueGreen: blueGreen(name) });
    await world.status(
      name,
      'paused as blue-green',
      ({ pauseConditions }) => pauseConditions?.[0]?.reason === 'BlueGreenPause',
    );
    await world.promote(name);
    await world.healthy(name);
    await world.until('the new version alone', async () => (await world.sizes(name)) === 'shop:2×2');
    await servedByOld(name);
  });

  it('while nothing is updated changes no pod', async () => {
    const name = 'at-rest';
    await world.apply(...liveServices(name, 'a', 'b'), liveRollout(name, { blueGreen: blueGreen(name) }));
    await world.healthy(name);
    const before = await podUids(name);
    await change(name, { canary: canary(name), blueGreen: null });
    await world.status(
      name,
      'Healthy with its steps done',
      ({ phase, currentStepIndex }) => phase === 'Healthy' && currentStepIndex === 2,
    );
    await change(name, { canary: null, blueGreen: blueGreen(name) });
    await world.status(
      name,
      'Healthy without steps',
      ({ phase, currentStepIndex, currentStepHash }) =>
        phase === 'Healthy' && currentStepIndex == null && !currentStepHash,
    );
    await world.settled();
    expect(await podUids(name)).toEqual(before);
  });

  it('after an abort begins the update anew, as every change of the steps does', async () => {
    const name = 'aborted';
    await world.apply(...liveServices(name, 'a', 'b'), liveRollout(name, { canary: canary(name) }));
    await world.healthy(name);
    await world.setImage(name, 'shop:2');
    await world.paused(name, 1);
    await world.abort(name);
    await world.degraded(name);
    await change(name, { canary: null, blueGreen: blueGreen(name) });
    await world.settled();
    await servedByOld(name);
    await world.setImage(name, 'shop:3');
    await world.paused(name);
    await servedByOld(name);
    await world.promote(name);
    await world.healthy(name);
  });
});

async function podUids(app: string): Promise<readonly string[]> {
  const { items } = await world.person.list(resources.pods, {
    namespace: world.namespace,
    labelSelector: `app=${app}`,
  });
  return items.map(({ metadata }) => metadata.uid ?? '').sort();
}
