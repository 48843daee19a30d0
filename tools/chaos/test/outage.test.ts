import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectsOf } from '../src/apps.ts';
import { World, weightOf } from '../src/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.open(['nginx', 'istio']);
});
afterAll(() => world.close());

const steps = [{ setWeight: 25 }, { pause: {} }, { setWeight: 75 }, { pause: {} }];

describe('a router that is killed in mid-update', () => {
  it('holds its own rollouts where they are, says so, and they go on when it is back', async () => {
    const { namespace } = world;
    await world.create(...objectsOf({ router: 'nginx', name: 'held', namespace, replicas: 4, steps }));
    await world.create(...objectsOf({ router: 'istio', name: 'other', namespace, replicas: 4, steps }));
    await Promise.all(['held', 'other'].map((name) => world.healthy(name)));
    await Promise.all(['held', 'other'].map((name) => world.setImage(name, 'shop:2')));
    await Promise.all(['held', 'other'].map((name) => world.paused(name, 1)));

    await world.killRouter('nginx');
    await Promise.all(['held', 'other'].map((name) => world.promote(name)));
    await world.paused('other', 3);
    const message = /waiting for traffic router "nginx"/;
    const held = await world.status('held', 'its message', (status) => message.test(status.message ?? ''));
    expect(held.status).toMatchObject({ phase: 'Progressing', currentStepIndex: 2 });
    expect(weightOf(held)).toBe(25);
    const { explanation } = await world.explain('held');
    expect(explanation).toMatchObject({ code: 'WaitingForRouter', detail: expect.stringContaining('"nginx"') });
    expect(explanation.detail).toContain('Weights stay as they are');
    expect((await world.find('Ingress', 'held-held-canary'))?.metadata.annotations).toMatchObject({
      'nginx.ingress.kubernetes.io/canary-weight': '25',
    });

    await world.startRouter('nginx');
    const backAt = performance.now();
    await world.paused('held', 3);
    console.log(`the rollout went on ${((performance.now() - backAt) / 1000).toFixed(1)} s after its router was back`);
    expect(performance.now() - backAt).toBeLessThan(30_000);
  });
});
