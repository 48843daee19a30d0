import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, hashOf, liveRollout, liveServices } from './live-world.ts';

const timeout = 240_000;
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
  await world.startController();
}, timeout);
afterAll(() => world.close(), timeout);

const steps = [{ setWeight: 50 }, { pause: {} }];

describe('a canary', { timeout }, () => {
  it('is deployed at once the first time, without its steps', async () => {
    await world.apply(liveRollout('first', { canary: { steps } }));
    await world.healthy('first');
    const { status, metadata } = await world.rollout('first');
    expect(status).toMatchObject({
      currentStepIndex: 2,
      replicas: 2,
      availableReplicas: 2,
      stableRS: status?.currentPodHash,
    });
    expect(metadata.annotations).toMatchObject({ 'rollout.argoproj.io/revision': '1' });
    expect(await world.sizes('first')).toBe('shop:1×2');
    await world.until('its events', async () => (await world.eventReasons('first')).includes('RolloutCompleted'));
    expect(await world.eventReasons('first')).toContain('RolloutAddedToInformer');
  });

  it('stops at its pause, goes on when it is promoted, and ends with the new version alone', async () => {
    await world.apply(liveRollout('steps', { canary: { steps } }));
    await world.healthy('steps');
    await world.setImage('steps', 'shop:2');
    await world.paused('steps', 1);
    expect(await world.sizes('steps')).toBe('shop:1×1 shop:2×1');
    await world.promote('steps');
    await world.healthy('steps');
    expect(await world.sizes('steps')).toBe('shop:2×2');
  });

  it('goes back when it is aborted and starts over when it is retried', async () => {
    await world.apply(liveRollout('abort', { canary: { steps } }));
    await world.healthy('abort');
    await world.setImage('abort', 'shop:2');
    await world.paused('abort', 1);
    await world.abort('abort');
    await world.degraded('abort');
    await world.until('the old version alone', async () => (await world.sizes('abort')) === 'shop:1×2');
    await world.retry('abort');
    await world.paused('abort', 1);
    expect(await world.sizes('abort')).toBe('shop:1×1 shop:2×1');
  });

  it('points its Services at the versions they are for', async () => {
    const strategy = { canary: { stableService: 'switch-stable', canaryService: 'switch-canary', steps } };
    await world.apply(...liveServices('switch', 'stable', 'canary'), liveRollout('switch', strategy));
    await world.healthy('switch');
    await world.setImage('switch', 'shop:2');
    await world.paused('switch', 1);
    const { status } = await world.rollout('switch');
    expect(hashOf(await world.service('switch-stable'))).toBe(status?.stableRS);
    await world.until(
      'the canary Service',
      async () => hashOf(await world.service('switch-canary')) === status?.currentPodHash,
    );
    expect((await world.service('switch-canary')).metadata.annotations).toMatchObject({
      'argo-rollouts.argoproj.io/managed-by-rollouts': 'switch',
    });
  });

  it('is not called invalid for a Service that is applied right after it', async () => {
    await world.apply(
      liveRollout('order', { canary: { stableService: 'order-stable', canaryService: 'order-canary' } }),
    );
    await world.degraded('order');
    await world.apply(...liveServices('order', 'stable', 'canary'));
    await world.healthy('order');
  });

  it('takes its template from a Deployment and takes over its pods', async () => {
    const { spec } = liveRollout('moved', {});
    await world.apply({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'moved' },
      spec: { replicas: 2, selector: spec.selector, template: spec.template },
    });
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'moved', scaleDown: 'onsuccess' };
    await world.apply({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name: 'moved' },
      spec: { replicas: 2, workloadRef, strategy: { canary: { steps } } },
    });
    await world.healthy('moved');
    await world.until('the Deployment to be empty', async () => {
      const deployment = await world.person.get({ ...deployments }, { namespace: world.namespace, name: 'moved' });
      return deployment['spec'].replicas === 0;
    });
    await world.patch('Deployment', 'moved', {
      spec: { template: { spec: { containers: [{ name: 'main', image: 'shop:2' }] } } },
    });
    await world.paused('moved', 1);
    expect(await world.sizes('moved')).toContain('shop:2×1');
  });

  it('replaces its pods when a restart is asked for', async () => {
    await world.apply(liveRollout('again', { canary: {} }));
    await world.healthy('again');
    const before = await podUids('again');
    // Whole seconds: a pod is only older than the restart when its second is over.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await world.patch('Rollout', 'again', { spec: { restartAt: `${new Date().toISOString().slice(0, 19)}Z` } });
    await world.status(
      'again',
      'restarted',
      (status, { spec }) => status.restartedAt === spec.restartAt && status.phase === 'Healthy',
    );
    const after = await podUids('again');
    expect(after).toHaveLength(2);
    expect(after.filter((uid) => before.includes(uid))).toEqual([]);
  });

  it('labels its pods for as long as their version plays a part', async () => {
    const strategy = {
      canary: { steps, canaryMetadata: { labels: { role: 'canary' } }, stableMetadata: { labels: { role: 'stable' } } },
    };
    await world.apply(liveRollout('roles', strategy));
    await world.healthy('roles');
    await world.setImage('roles', 'shop:2');
    await world.paused('roles', 1);
    await world.until('one pod of each role', async () => (await roles('roles')) === 'canary stable');
    await world.promote('roles');
    await world.healthy('roles');
    await world.until('only stable pods', async () => (await roles('roles')) === 'stable stable');
  });
});

describe('a blue-green Rollout', { timeout }, () => {
  const strategy = (name: string, fields: object = {}) => ({
    blueGreen: {
      activeService: `${name}-active`,
      previewService: `${name}-preview`,
      scaleDownDelaySeconds: 1,
      ...fields,
    },
  });

  it('switches by itself once the new version is available', async () => {
    await world.apply(...liveServices('auto', 'active', 'preview'), liveRollout('auto', strategy('auto')));
    await world.healthy('auto');
    await world.setImage('auto', 'shop:2');
    await world.status(
      'auto',
      'switched',
      ({ phase, blueGreen, currentPodHash }) => phase === 'Healthy' && blueGreen?.activeSelector === currentPodHash,
    );
    const { status } = await world.rollout('auto');
    expect(hashOf(await world.service('auto-active'))).toBe(status?.currentPodHash);
    await world.until('the old version to go after its delay', async () => (await world.sizes('auto')) === 'shop:2×2');
  });

  it('waits for a person where it is told to', async () => {
    await world.apply(
      ...liveServices('manual', 'active', 'preview'),
      liveRollout('manual', strategy('manual', { autoPromotionEnabled: false })),
    );
    await world.healthy('manual');
    await world.setImage('manual', 'shop:2');
    await world.paused('manual');
    const { status } = await world.rollout('manual');
    expect(hashOf(await world.service('manual-active'))).toBe(status?.stableRS);
    expect(hashOf(await world.service('manual-preview'))).toBe(status?.currentPodHash);
    await world.promote('manual');
    await world.healthy('manual');
    expect(hashOf(await world.service('manual-active'))).toBe(status?.currentPodHash);
  });
});

describe('a Rollout that goes', { timeout }, () => {
  it('leaves its Services as they were before it', async () => {
    const strategy = { blueGreen: { activeService: 'gone-active' } };
    await world.apply(...liveServices('gone', 'active'), liveRollout('gone', strategy));
    await world.healthy('gone');
    await world.remove('Rollout', 'gone');
    await world.until(
      'the selector to be given back',
      async () => hashOf(await world.service('gone-active')) === undefined,
    );
    expect((await world.service('gone-active')).metadata.annotations ?? {}).toEqual({});
    await world.until('its last event', async () => (await world.eventReasons('gone')).includes('RolloutDeleted'));
  });

  it('leaves a Service that it merely stopped naming as well', async () => {
    const strategy = { blueGreen: { activeService: 'other-active', previewService: 'other-preview' } };
    await world.apply(...liveServices('other', 'active', 'preview'), liveRollout('other', strategy));
    await world.healthy('other');
    await world.patch('Rollout', 'other', { spec: { strategy: { blueGreen: { previewService: null } } } });
    await world.until(
      'the preview to be given back',
      async () => hashOf(await world.service('other-preview')) === undefined,
    );
    expect(hashOf(await world.service('other-active'))).toBeDefined();
  });
});

const deployments = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true };
const pods = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };

async function livePods(app: string) {
  const { items } = await world.person.list(pods, { namespace: world.namespace, labelSelector: `app=${app}` });
  return items.filter((pod) => pod.metadata.deletionTimestamp === undefined);
}
const podUids = async (app: string) => (await livePods(app)).map((pod) => pod.metadata.uid ?? '');
const roles = async (app: string) =>
  (await livePods(app))
    .map((pod) => pod.metadata.labels?.['role'] ?? '-')
    .sort()
    .join(' ');
