import type { RawObject } from '@sluice/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, hashOf, liveRollout, liveServices } from '../live-world.ts';

const timeout = 240_000;
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
  await world.startController();
}, timeout);
afterAll(() => world.close(), timeout);

const strategies = {
  canary: {
    suffixes: ['stable', 'canary'],
    strategyOf: (app: string) => ({
      canary: {
        stableService: `${app}-stable`,
        canaryService: `${app}-canary`,
        steps: [{ setWeight: 50 }, { pause: {} }],
      },
    }),
  },
  blueGreen: {
    suffixes: ['active', 'preview'],
    strategyOf: (app: string) => ({
      blueGreen: { activeService: `${app}-active`, previewService: `${app}-preview`, autoPromotionEnabled: false },
    }),
  },
} as const;

/** The same Rollout under another name: GitOps applies the new one and removes the old one. */
const renamed = (rollout: RawObject, name: string): RawObject => ({
  ...rollout,
  metadata: { ...rollout.metadata, name },
});

const serves = (app: string, suffix: string, name: string): Promise<void> =>
  world.until(`Service ${app}-${suffix} to select ${name}`, async () => {
    const service = await world.service(`${app}-${suffix}`);
    return (
      hashOf(service) === (await world.rollout(name)).status?.stableRS &&
      service.metadata.annotations?.['argo-rollouts.argoproj.io/managed-by-rollouts'] === name
    );
  });

describe.each(['canary', 'blueGreen'] as const)('a %s Rollout that is renamed', { timeout }, (strategy) => {
  const { suffixes, strategyOf } = strategies[strategy];
  const appOf = (what: string): string => `${strategy.toLowerCase()}-${what}`;

  it.concurrent('goes on under its new name, when the old one is removed after it was applied', async () => {
    const app = appOf('after');
    const old = liveRollout(app, strategyOf(app));
    await world.apply(...liveServices(app, ...suffixes), old);
    await world.healthy(app);
    await world.apply(renamed(old, `${app}-v2`));
    await world.degraded(`${app}-v2`);
    expect((await world.rollout(`${app}-v2`)).status?.message).toContain(`is managed by another Rollout, "${app}"`);
    await world.remove('Rollout', app);
    await world.healthy(`${app}-v2`);
    for (const suffix of suffixes) await serves(app, suffix, `${app}-v2`);
    await world.setImage(`${app}-v2`, 'shop:2');
    await world.paused(`${app}-v2`);
  });

  it.concurrent('goes on under its new name, when the old one was removed before', async () => {
    const app = appOf('before');
    const old = liveRollout(app, strategyOf(app));
    await world.apply(...liveServices(app, ...suffixes), old);
    await world.healthy(app);
    await world.remove('Rollout', app);
    await world.apply(renamed(old, `${app}-v2`));
    await world.healthy(`${app}-v2`);
    for (const suffix of suffixes) await serves(app, suffix, `${app}-v2`);
  });

  it.concurrent('gets the Services when the old one lets go of them', async () => {
    const app = appOf('letgo');
    const old = liveRollout(app, strategyOf(app));
    await world.apply(...liveServices(app, ...suffixes), old);
    await world.healthy(app);
    await world.apply(renamed(old, `${app}-v2`));
    await world.degraded(`${app}-v2`);
    const others = liveServices(`${app}-other`, ...suffixes);
    await world.apply(...others.map((service) => ({ ...service, spec: { ...service['spec'], selector: { app } } })));
    await world.patch('Rollout', app, { spec: { strategy: strategyOf(`${app}-other`) } });
    await world.healthy(`${app}-v2`);
    await world.healthy(app);
    for (const suffix of suffixes) {
      await serves(app, suffix, `${app}-v2`);
      await serves(`${app}-other`, suffix, app);
    }
  });
});

describe('a Rollout that is renamed while no controller runs', { timeout }, () => {
  it('goes on under its new name as soon as one does', async () => {
    const own = await LiveWorld.open();
    try {
      const app = 'away';
      const old = liveRollout(app, strategies.canary.strategyOf(app));
      const first = await own.startController();
      await own.apply(...liveServices(app, 'stable', 'canary'), old);
      await own.healthy(app);
      await first.stop();
      await own.remove('Rollout', app);
      await own.apply(renamed(old, 'away-v2'));
      await own.startController();
      await own.healthy('away-v2');
      expect(hashOf(await own.service('away-stable'))).toBe((await own.rollout('away-v2')).status?.stableRS);
    } finally {
      await own.close();
    }
  });
});
