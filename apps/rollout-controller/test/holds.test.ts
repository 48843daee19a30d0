import { resources } from '@sluice/kube';
import type { RawObject } from '@sluice/kube';
import type { RolloutStatus } from '@sluice/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashOf, LiveWorld, liveRollout, liveServices } from './live-world.ts';

const timeout = 240_000;
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
  await world.startController();
}, timeout);
afterAll(() => world.close(), timeout);

const remove = (ref: (typeof resources)['services' | 'deployments'], name: string): Promise<unknown> =>
  world.person.remove(ref, { namespace: world.namespace, name });
const patchSpec = (name: string, spec: object): Promise<RawObject> => world.patch('Rollout', name, { spec });
const invalid = ({ phase, conditions }: RolloutStatus): boolean =>
  phase === 'Degraded' && conditions?.some(({ type, status }) => type === 'InvalidSpec' && status === 'True') === true;
const sized = (name: string, sizes: string): Promise<void> =>
  world.until(`${name} to have ${sizes}, not other pods`, async () => (await world.sizes(name)) === sizes);

const steps = [{ setWeight: 50 }, { pause: {} }, { setWeight: 75 }, { pause: {} }];
const canaryOf = (name: string) => ({
  canary: { steps, stableService: `${name}-stable`, canaryService: `${name}-canary` },
});
const blueGreenOf = (name: string) => ({
  blueGreen: {
    activeService: `${name}-active`,
    previewService: `${name}-preview`,
    autoPromotionEnabled: false,
    abortScaleDownDelaySeconds: 1,
  },
});

async function pausedCanary(name: string, spec: object = {}): Promise<void> {
  await world.apply(
    ...liveServices(name, 'stable', 'canary'),
    liveRollout(name, canaryOf(name), { replicas: 4, ...spec }),
  );
  await world.healthy(name);
  await world.setImage(name, 'shop:2');
  await world.paused(name, 1);
  await sized(name, 'shop:1×2 shop:2×2');
}

async function pausedBlueGreen(name: string): Promise<void> {
  await world.apply(...liveServices(name, 'active', 'preview'), liveRollout(name, blueGreenOf(name)));
  await world.healthy(name);
  await world.setImage(name, 'shop:2');
  await world.paused(name);
}

const badTemplate = {
  template: { spec: { containers: [{ name: 'main', image: 'shop:3', imagePullPolicy: 'Sometimes' }] } },
};

type Break = [name: string, what: string, breaks: (name: string) => Promise<unknown>];
const breaks: readonly Break[] = [
  ['a', 'whose canary Service is deleted', (name) => remove(resources.services, `${name}-canary`)],
  [
    'b',
    'that gets a step of an impossible weight',
    (name) => patchSpec(name, { strategy: { canary: { steps: [{ setWeight: 150 }] } } }),
  ],
  ['c', 'that gets a template which the API server refuses', (name) => patchSpec(name, badTemplate)],
  [
    'd',
    'that names one Service twice',
    (name) => patchSpec(name, { strategy: { canary: { canaryService: `${name}-stable` } } }),
  ],
  [
    'e',
    'that gets a deadline which is too short, with another image',
    async (name) => {
      await patchSpec(name, { progressDeadlineSeconds: 5, minReadySeconds: 10 });
      await world.setImage(name, 'shop:3');
    },
  ],
];

describe('a paused canary', { timeout }, () => {
  it.each(breaks)(
    '%s: %s keeps its place and its proportion, and returns to the stable version',
    async (id, _what, breakIt) => {
      const name = `canary-${id}`;
      await pausedCanary(name);
      await breakIt(name);
      await world.status(name, 'InvalidSpec', invalid);
      await world.until('a Warning', async () => (await world.eventReasons(name)).includes('InvalidSpec'));
      await patchSpec(name, { replicas: 8 });
      await sized(name, 'shop:1×4 shop:2×4');
      await world.abort(name);
      await sized(name, 'shop:1×8');
      await world.status(name, 'the abort', (status) => invalid(status) && status.abort === true && !!status.abortedAt);
      await world.until('the event', async () => (await world.eventReasons(name)).includes('RolloutAborted'));
      const [stable] = (await world.replicaSets(name)).filter(({ spec }) => spec.replicas === 8);
      expect(hashOf(await world.service(`${name}-stable`))).toBe(
        stable?.metadata.labels?.['rollouts-pod-template-hash'],
      );
    },
  );

  it.each(breaks.slice(0, 2))('%s: %s converges when its template is set back', async (id, _what, breakIt) => {
    const name = `undo-${id}`;
    await pausedCanary(name);
    await breakIt(name);
    await world.status(name, 'InvalidSpec', invalid);
    await world.setImage(name, 'shop:1');
    await sized(name, 'shop:1×4');
  });

  it('continues where it was once the missing Service is there', async () => {
    const name = 'continues';
    await pausedCanary(name);
    await remove(resources.services, `${name}-canary`);
    await world.status(name, 'InvalidSpec', invalid);
    await world.apply(...liveServices(name, 'canary'));
    await world.paused(name, 1);
    await world.promote(name);
    await world.paused(name, 3);
    const types = (await world.rollout(name)).status?.conditions?.map(({ type }) => type);
    expect(types).not.toContain('InvalidSpec');
  });

  it('whose Deployment is deleted keeps its version, and returns to the stable one', async () => {
    const name = 'referenced';
    const template = (image: string) => ({
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image }] },
    });
    const deployment = (image: string): RawObject => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: { replicas: 0, selector: { matchLabels: { app: name } }, template: template(image) },
    });
    const rollout = liveRollout(name, { canary: { steps } }, { replicas: 4 });
    const { template: _, selector: _selector, ...spec } = rollout['spec'] as Record<string, unknown>;
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
    await world.apply(deployment('shop:1'), { ...rollout, spec: { ...spec, workloadRef } });
    await world.healthy(name);
    await world.patch('Deployment', name, { spec: { template: template('shop:2') } });
    await world.paused(name, 1);
    await remove(resources.deployments, name);
    await world.status(name, 'InvalidSpec', invalid);
    await world.abort(name);
    await sized(name, 'shop:1×4');
  });
});

describe('a paused blue-green update', { timeout }, () => {
  it.each([
    ['a', 'whose preview Service is deleted', (name: string) => remove(resources.services, `${name}-preview`)],
    ['b', 'that gets a template which the API server refuses', (name: string) => patchSpec(name, badTemplate)],
    [
      'c',
      'that gets a limit beyond its history',
      (name: string) => patchSpec(name, { strategy: { blueGreen: { scaleDownDelayRevisionLimit: 99 } } }),
    ],
  ])('%s: %s follows spec.replicas, and returns to the stable version', async (id, _what, breakIt) => {
    const name = `blue-green-${id}`;
    await pausedBlueGreen(name);
    await breakIt(name);
    await world.status(name, 'InvalidSpec', invalid);
    await patchSpec(name, { replicas: 3 });
    await sized(name, 'shop:1×3 shop:2×3');
    const active = hashOf(await world.service(`${name}-active`));
    await world.abort(name);
    await sized(name, 'shop:1×3');
    expect(hashOf(await world.service(`${name}-active`))).toBe(active);
    await world.status(name, 'the abort', (status) => invalid(status) && !!status.abortedAt);
  });

  it('whose preview Service is deleted is promoted: the preview lies behind it', async () => {
    const name = 'past-preview';
    await pausedBlueGreen(name);
    await remove(resources.services, `${name}-preview`);
    await world.status(name, 'InvalidSpec', invalid);
    await world.promote(name);
    await world.status(name, 'the promotion', ({ stableRS, currentPodHash, blueGreen }) => {
      return stableRS === currentPodHash && blueGreen?.activeSelector === stableRS;
    });
    await world.until('the new pods', async () => (await world.sizes(name)).includes('shop:2×2'));
  });
});

describe('a Rollout that is paused by hand', { timeout }, () => {
  it('follows spec.replicas at rest', async () => {
    await world.apply(liveRollout('rest', { canary: { steps } }));
    await world.healthy('rest');
    await patchSpec('rest', { paused: true });
    await world.status('rest', 'the pause', ({ phase }) => phase === 'Paused');
    await patchSpec('rest', { replicas: 8 });
    await sized('rest', 'shop:1×8');
    await patchSpec('rest', { replicas: 3 });
    await sized('rest', 'shop:1×3');
  });

  it('follows spec.replicas in mid-update, also to none and back', async () => {
    await pausedCanary('mid', { paused: false });
    await patchSpec('mid', { paused: true });
    await world.status('mid', 'the pause', ({ message }) => message === 'manually paused');
    await patchSpec('mid', { replicas: 12 });
    await sized('mid', 'shop:1×6 shop:2×6');
    await patchSpec('mid', { replicas: 0 });
    await sized('mid', '');
    await patchSpec('mid', { replicas: 4 });
    await sized('mid', 'shop:1×2 shop:2×2');
  });

  it('gets no pods of a first deployment', async () => {
    await world.apply(liveRollout('unborn', { canary: {} }, { paused: true }));
    await world.status('unborn', 'the pause', ({ phase }) => phase === 'Paused');
    expect(await world.sizes('unborn')).toBe('');
  });
});

describe('a Rollout that needs what is not installed', { timeout }, () => {
  const trafficRouting = { alb: { ingress: 'x', servicePort: 80 } };
  const held = (word: string) => (status: RolloutStatus) =>
    status.phase === 'Degraded' && status.message?.includes(word) === true;

  it('gets the pods of its first deployment, a status, a condition and one Warning', async () => {
    const name = 'needs-alb';
    const { canary } = canaryOf(name);
    await world.apply(
      ...liveServices(name, 'stable', 'canary'),
      liveRollout(name, { canary: { ...canary, trafficRouting } }),
    );
    await world.status(name, 'NotInstalled', held('"alb" is not installed'));
    await sized(name, 'shop:1×2');
    await world.setImage(name, 'shop:2');
    await world.status(name, 'NotInstalled', held('"alb" is not installed'));
    await world.settled();
    expect(await world.sizes(name)).toBe('shop:1×2');
    const warnings = (await world.eventsOf(name)).filter((event) => event['reason'] === 'NotInstalled');
    expect(warnings.map((event) => event['type'])).toEqual(['Warning']);
    await patchSpec(name, { strategy: { canary: { trafficRouting: null } } });
    await world.paused(name, 1);
  });

  it('is said to name no router where the API server has dropped what was meant', async () => {
    const name = 'pruned';
    const { canary } = canaryOf(name);
    await world.apply(
      ...liveServices(name, 'stable', 'canary'),
      liveRollout(name, { canary: { ...canary, trafficRouting: {} } }),
    );
    await world.status(name, 'the reason', held('names no traffic router'));
    await sized(name, 'shop:1×2');
  });
});
