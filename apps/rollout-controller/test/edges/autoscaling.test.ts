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
const keyOf = (name: string) => ({ namespace: world.namespace, name });

/** As `kubectl scale` and autoscalers do it. */
const scale = (name: string, replicas: number): Promise<RawObject> =>
  world.person.patch(resources.rollouts, keyOf(name), 'merge', { spec: { replicas } }, { subresource: 'scale' });

/** What an autoscaler reads: pods asked for, pods there, and whose load it is to measure. */
async function scaleOf(name: string): Promise<{ wanted: number; there: number; selector: string }> {
  const { spec, status } = await world.person.get<RawObject>(resources.rollouts, keyOf(name), { subresource: 'scale' });
  return { wanted: spec.replicas ?? 0, there: status.replicas ?? 0, selector: status.selector ?? '' };
}

const sizes = (name: string, wanted: string): Promise<void> =>
  world.until(`${name}: ${wanted}`, async () => (await world.sizes(name)) === wanted);

const seen = (name: string, there: number, selector: string): Promise<void> =>
  world.until(`${name}: what an autoscaler reads`, async () => {
    const now = await scaleOf(name);
    return now.there === there && now.selector === selector;
  });

const autoscaler = (name: string, minReplicas: number, maxReplicas: number): RawObject => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name },
  spec: {
    scaleTargetRef: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name },
    minReplicas,
    maxReplicas,
    metrics: [],
  },
});

describe.concurrent('a canary that is scaled through its scale subresource', { timeout }, () => {
  it('has as many pods at rest as were asked for, tells how many there are and whose load counts', async () => {
    await world.apply(liveRollout('rest', { canary: { steps } }));
    await world.healthy('rest');
    await seen('rest', 2, 'app=rest');
    await scale('rest', 5);
    await sizes('rest', 'shop:1×5');
    await world.healthy('rest');
    await seen('rest', 5, 'app=rest');
    await scale('rest', 1);
    await sizes('rest', 'shop:1×1');
    await world.healthy('rest');
    await seen('rest', 1, 'app=rest');
    expect((await world.rollout('rest')).status).toMatchObject({ HPAReplicas: 1, currentStepIndex: 2 });
    expect(await world.replicaSets('rest')).toHaveLength(1);
  });

  it('keeps its step and its share while it pauses, both ways', async () => {
    await world.apply(liveRollout('step', { canary: { steps } }));
    await world.healthy('step');
    await world.setImage('step', 'shop:2');
    await world.paused('step', 1);
    const { status } = await world.rollout('step');
    await scale('step', 8);
    await sizes('step', 'shop:1×4 shop:2×4');
    await seen('step', 8, 'app=step');
    await scale('step', 2);
    await sizes('step', 'shop:1×1 shop:2×1');
    await world.paused('step', 1);
    const after = (await world.rollout('step')).status;
    expect(after?.pauseConditions).toEqual(status?.pauseConditions);
    await seen('step', 2, 'app=step');
    await world.promote('step');
    await world.healthy('step');
    expect(await world.sizes('step')).toBe('shop:2×2');
  });

  it('ends with the count asked for last when it is scaled while pods of the new version are still coming', async () => {
    const slow = { containers: [{ name: 'main', image: 'shop:2' }] };
    await world.apply(liveRollout('moving', { canary: { maxSurge: 1, maxUnavailable: 0 } }, { replicas: 3 }));
    await world.healthy('moving');
    const annotations = { 'local-cluster.sluice.dev/ready-after': '300ms' };
    await world.patch('Rollout', 'moving', { spec: { template: { metadata: { annotations }, spec: slow } } });
    await world.until('the update to begin', async () => (await world.sizes('moving')).includes('shop:2×1'));
    await scale('moving', 6);
    await world.until('more pods', async () => {
      const sets = await world.replicaSets('moving');
      return sets.reduce((sum, set) => sum + (set.status?.replicas ?? 0), 0) >= 6;
    });
    await scale('moving', 2);
    await world.healthy('moving');
    await sizes('moving', 'shop:2×2');
    await seen('moving', 2, 'app=moving');
  });

  it('may go to no pods and come back, at rest and in mid-update', async () => {
    await world.apply(liveRollout('none', { canary: { steps } }));
    await world.healthy('none');
    await scale('none', 0);
    await sizes('none', '');
    await seen('none', 0, 'app=none');
    await world.healthy('none');
    await scale('none', 2);
    await sizes('none', 'shop:1×2');
    await world.setImage('none', 'shop:2');
    await world.paused('none', 1);
    await scale('none', 0);
    await sizes('none', '');
    await scale('none', 4);
    await sizes('none', 'shop:1×2 shop:2×2');
    await world.paused('none', 1);
    await world.abort('none');
    await sizes('none', 'shop:1×4');
  });

  it('follows while it is aborted, with the stable version alone', async () => {
    await world.apply(liveRollout('back', { canary: { steps } }));
    await world.healthy('back');
    await world.setImage('back', 'shop:2');
    await world.paused('back', 1);
    await world.abort('back');
    await sizes('back', 'shop:1×2');
    await scale('back', 5);
    await sizes('back', 'shop:1×5');
    await world.degraded('back');
    await seen('back', 5, 'app=back');
  });

  it('gets a count of its own where the manifest has none, which can be scaled', async () => {
    const { metadata, spec, ...rest } = liveRollout('countless', { canary: {} });
    const { replicas: _two, ...others } = spec;
    await world.apply({ ...rest, metadata, spec: others });
    await world.healthy('countless');
    expect((await scaleOf('countless')).wanted).toBe(1);
    await scale('countless', 3);
    await sizes('countless', 'shop:1×3');
  });
});

describe.concurrent('a blue-green Rollout that is scaled through its scale subresource', { timeout }, () => {
  const blueGreen = (name: string, fields: object = {}) => ({
    blueGreen: {
      activeService: `${name}-active`,
      previewService: `${name}-preview`,
      autoPromotionEnabled: false,
      ...fields,
    },
  });
  const deployed = async (name: string, fields: object = {}): Promise<void> => {
    await world.apply(...liveServices(name, 'active', 'preview'), liveRollout(name, blueGreen(name, fields)));
    await world.healthy(name);
    await world.setImage(name, 'shop:2');
    await world.paused(name);
  };
  const activeSelector = async (name: string): Promise<string> =>
    `app=${name},rollouts-pod-template-hash=${hashOf(await world.service(`${name}-active`)) ?? ''}`;

  it('scales both versions while the preview waits, and tells only of the active one', async () => {
    await deployed('both');
    await seen('both', 2, await activeSelector('both'));
    await scale('both', 4);
    await sizes('both', 'shop:1×4 shop:2×4');
    await seen('both', 4, await activeSelector('both'));
    await world.paused('both');
    await world.promote('both');
    await world.healthy('both');
    await seen('both', 4, await activeSelector('both'));
    // The version before waits for its delay and follows, so that going back finds enough pods.
    await scale('both', 3);
    await sizes('both', 'shop:1×3 shop:2×3');
    await seen('both', 3, await activeSelector('both'));
  });

  it('keeps a preview of its own size', async () => {
    await deployed('small', { previewReplicaCount: 1 });
    expect(await world.sizes('small')).toBe('shop:1×2 shop:2×1');
    await scale('small', 4);
    await sizes('small', 'shop:1×4 shop:2×1');
    await seen('small', 4, await activeSelector('small'));
    await world.promote('small');
    await world.healthy('small');
    await sizes('small', 'shop:1×4 shop:2×4');
  });
});

describe.concurrent('a HorizontalPodAutoscaler', { timeout }, () => {
  it('holds a canary within its bounds at rest, in mid-update and when somebody else scales', async () => {
    await world.apply(liveRollout('held', { canary: { steps } }));
    await world.healthy('held');
    await world.apply(autoscaler('held', 4, 6));
    await sizes('held', 'shop:1×4');
    await world.healthy('held');
    await world.setImage('held', 'shop:2');
    await world.paused('held', 1);
    await scale('held', 9);
    await sizes('held', 'shop:1×3 shop:2×3');
    await world.paused('held', 1);
    await world.promote('held');
    await world.healthy('held');
    await sizes('held', 'shop:2×6');
    await world.until('what it reads', async () => {
      const { status } = await world.person.get<RawObject>(resources.horizontalPodAutoscalers, keyOf('held'));
      return status?.currentReplicas === 6;
    });
  });
});
