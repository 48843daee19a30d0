// Commands of users, while the stored status does not say yet what the controller already does.
import { setTimeout as sleep } from 'node:timers/promises';
import { createPluginHost } from '@sluice/plugin-host';
import { servePlugin } from '@sluice/plugin-sdk';
import type { RolloutStatus } from '@sluice/model';
import type { ServedPlugin } from '@sluice/plugin-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, hashOf, liveRollout, liveServices } from './live-world.ts';

const timeout = 240_000;
const ours = /sluice/;
const steps = [{ setWeight: 50 }, { pause: {} }];
/** By the name of a Rollout. */
const shares = new Map<string, number>();

let world: LiveWorld;
let router: ServedPlugin;
let serial = 0;

beforeAll(async () => {
  world = await LiveWorld.open();
  router = await servePlugin({
    name: 'nginx',
    version: '1.0.0',
    router: {
      apply: ({ weight, rollout }) => {
        shares.set(rollout.name, weight);
        return Promise.resolve({ inSync: true, canaryWeight: weight });
      },
      observe: ({ weight, rollout }) => {
        const share = shares.get(rollout.name) ?? 0;
        return Promise.resolve({ inSync: share === weight, canaryWeight: share });
      },
      release: () => Promise.resolve(),
    },
  });
  const plugins = createPluginHost({ configured: [{ type: 'router', name: 'nginx', address: router.address }] });
  await world.startController({ plugins });
}, timeout);
afterEach(() => world.cluster.faults.clear());
afterAll(async () => {
  await world.close();
  await router.stop(200);
}, timeout);

const strategies = {
  canary: () => ({ canary: { steps } }),
  'routed canary': (name: string) => ({
    canary: {
      steps,
      stableService: `${name}-stable`,
      canaryService: `${name}-canary`,
      trafficRouting: { nginx: { stableIngress: name } },
      abortScaleDownDelaySeconds: 1,
    },
  }),
  'blue-green': (name: string) => ({
    blueGreen: { activeService: `${name}-stable`, previewService: `${name}-canary`, autoPromotionEnabled: false },
  }),
};

async function deployed(strategy: (name: string) => object): Promise<string> {
  const name = `shop-${serial++}`;
  await world.apply(...liveServices(name, 'stable', 'canary'), liveRollout(name, strategy(name)));
  await world.healthy(name);
  return name;
}

async function expectAborted(name: string, image: string): Promise<void> {
  const isAborted = ({ phase, message }: { phase?: string | null; message?: string | null }): boolean =>
    phase === 'Degraded' && message?.startsWith('RolloutAborted') === true;
  await world.status(name, 'aborted', isAborted);
  await world.until('the stable version to have all pods', async () => (await world.sizes(name)).includes('shop:1×2'));
  const { status, spec } = await world.rollout(name);
  const sets = await world.replicaSets(name);
  const imageOf = (hash: string | null | undefined): string | undefined =>
    sets.find(({ metadata }) => metadata.labels?.['rollouts-pod-template-hash'] === hash)?.spec.template?.spec
      ?.containers[0]?.image;
  expect([imageOf(status?.stableRS), imageOf(status?.currentPodHash)]).toEqual(['shop:1', image]);
  if (spec.strategy?.canary?.steps && !spec.strategy.canary.trafficRouting) return;
  await world.until(
    'the Service to select the stable version',
    async () => hashOf(await world.service(`${name}-stable`)) === status?.stableRS,
  );
  await world.until('the routes to lead to the stable version', () => Promise.resolve((shares.get(name) ?? 0) === 0));
}

describe.each(Object.entries(strategies))('a %s', { timeout }, (_, strategy) => {
  it('is aborted when the abort comes 0 to 800 ms after the image was changed', async () => {
    const abortAfter = async (ms: number): Promise<void> => {
      const name = await deployed(strategy);
      await world.setImage(name, 'shop:2');
      if (ms > 0) await sleep(ms);
      await world.abort(name);
      await expectAborted(name, 'shop:2');
    };
    await Promise.all([0, 2, 5, 10, 20, 40, 80, 150, 250, 400, 600, 800].map(abortAfter));
  });

  it('is aborted when the abort comes after its pods were created and before its status could be stored', async () => {
    const name = await deployed(strategy);
    // The status cannot be stored for now, though everything else can be written.
    const path = new RegExp(`/rollouts/${name}/status`);
    world.cluster.faults.add({ method: 'PATCH', path, userAgent: ours, answer: { code: 500 } });
    await world.setImage(name, 'shop:2');
    await world.until('a second ReplicaSet', async () => (await world.replicaSets(name)).length === 2);
    await world.abort(name);
    world.cluster.faults.clear();
    await expectAborted(name, 'shop:2');
  });

  it('goes on with the version that comes after an abort', async () => {
    const replaceAfter = async (ms: number): Promise<void> => {
      const name = await deployed(strategy);
      await world.setImage(name, 'shop:2');
      await world.paused(name);
      await world.abort(name);
      if (ms > 0) await sleep(ms);
      await world.setImage(name, 'shop:3');
      await world.paused(name);
      expect((await world.rollout(name)).status?.abort ?? false).toBe(false);
    };
    await Promise.all([0, 2, 5, 20, 100, 300].map(replaceAfter));
  });

  it('is promoted fully when that is asked for 0 to 800 ms after the image was changed', async () => {
    const promoteAfter = async (ms: number): Promise<void> => {
      const name = await deployed(strategy);
      await world.setImage(name, 'shop:2');
      if (ms > 0) await sleep(ms);
      await world.patchStatus(name, { promoteFull: true });
      await world.healthy(name);
      await world.until('the new version alone', async () => /shop:2×2/.test(await world.sizes(name)));
    };
    await Promise.all([0, 5, 20, 80, 250, 800].map(promoteAfter));
  });

  it('is promoted fully after an abort, and aborted after a full promotion', async () => {
    const name = await deployed(strategy);
    await world.setImage(name, 'shop:2');
    await world.paused(name);
    await world.abort(name);
    await expectAborted(name, 'shop:2');
    await world.patchStatus(name, { promoteFull: true });
    await world.healthy(name);
    expect((await world.rollout(name)).status).toMatchObject({ duration: { completionStatus: 'FastPromoted' } });

    const other = await deployed(strategy);
    await world.setImage(other, 'shop:2');
    await world.patchStatus(other, { promoteFull: true });
    await world.abort(other);
    await expectAborted(other, 'shop:2');
  });
});

it('aborts a version of a workload that its watch has not delivered yet', { timeout }, async () => {
  const template = { metadata: { labels: { app: 'ref' } }, spec: { containers: [{ name: 'main', image: 'shop:1' }] } };
  const selector = { matchLabels: { app: 'ref' } };
  const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'ref' };
  await world.apply(
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'ref' }, spec: { replicas: 0, selector, template } },
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name: 'ref' },
      spec: { replicas: 2, workloadRef, strategy: { canary: { steps } } },
    },
  );
  await world.healthy('ref');
  world.cluster.faults.add({ method: 'WATCH', path: /\/deployments/, userAgent: ours, watch: 'slow', delayMs: 1_000 });
  await world.patch('Deployment', 'ref', {
    spec: { template: { spec: { containers: [{ name: 'main', image: 'shop:2' }] } } },
  });
  await world.abort('ref');
  await expectAborted('ref', 'shop:2');
});

it('an abort of the stable version is rejected with an Event', { timeout }, async () => {
  const name = await deployed(strategies.canary);
  await world.abort(name);
  await world.until('the reason', async () => (await world.eventReasons(name)).includes('CommandRejected'));
  await world.healthy(name);
  expect((await world.rollout(name)).status?.abort ?? false).toBe(false);
});

describe('although counters wait for ever', { timeout }, () => {
  /** Only what must not wait is stored. */
  async function patientWorld(): Promise<LiveWorld> {
    const patient = await LiveWorld.open();
    await patient.startController({ deferMs: 3_600_000 });
    return patient;
  }

  it('the status says where an update is, and follows each command', async () => {
    const patient = await patientWorld();
    await patient.apply(liveRollout('fresh', { canary: { steps } }));
    await patient.healthy('fresh');
    await patient.setImage('fresh', 'shop:2');
    await patient.paused('fresh', 1);
    await patient.promote('fresh');
    await patient.healthy('fresh');
    const resumed = ({ controllerPause, currentStepIndex }: RolloutStatus): boolean =>
      !controllerPause && currentStepIndex === 2;
    await patient.status('fresh', 'past its pause', resumed);
    await patient.setImage('fresh', 'shop:3');
    await patient.paused('fresh', 1);
    await patient.patch('Rollout', 'fresh', { spec: { paused: true } });
    await patient.status('fresh', 'paused by hand', ({ message }) => message === 'manually paused');
    await patient.abort('fresh');
    await patient.degraded('fresh');
    await patient.patch('Rollout', 'fresh', { spec: { paused: false } });
    await patient.retry('fresh');
    await patient.paused('fresh', 1);
    await patient.close();
  });

  it('each command takes effect on an update whose pods never get ready', async () => {
    const patient = await patientWorld();
    const stuck = async (name: string): Promise<void> => {
      await patient.apply(liveRollout(name, { canary: { steps } }));
      await patient.healthy(name);
      await patient.setImage(name, 'shop:does-not-exist');
      await patient.until('its ReplicaSet', async () => (await patient.replicaSets(name)).length === 2);
    };
    await stuck('aborted');
    await patient.abort('aborted');
    await patient.degraded('aborted');
    await stuck('skipped');
    await patient.patchStatus('skipped', { currentStepIndex: 1 });
    await patient.paused('skipped', 1);
    await stuck('undone');
    await patient.setImage('undone', 'shop:1');
    await patient.healthy('undone');
    await stuck('replaced');
    await patient.setImage('replaced', 'shop:3');
    await patient.paused('replaced', 1);
    await stuck('stopped');
    await patient.patch('Rollout', 'stopped', { spec: { paused: true } });
    await patient.paused('stopped');
    await patient.close();
  });
});
