import { resources } from '@sluice/kube';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, liveRollout, liveServices } from './live-world.ts';

const timeout = 240_000;
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
  await world.startController();
}, timeout);
afterEach(() => world.cluster.faults.clear());
afterAll(() => world.close(), timeout);

const deniedCreations = (name: string, code: number, message: string) =>
  world.cluster.faults.add({ method: 'POST', path: /replicasets/, userAgent: /sluice/, answer: { code, message } }) &&
  name;

describe('a ReplicaSet that cannot be created', { timeout }, () => {
  it('for its template makes the Rollout invalid, in the words of the server, until the template changes', async () => {
    const template = {
      metadata: { labels: { app: 'bad' } },
      spec: {
        containers: [
          { name: 'main', image: 'a' },
          { name: 'main', image: 'b' },
        ],
      },
    };
    await world.apply(liveRollout('bad', { canary: {} }, { template }));
    await world.status(
      'bad',
      'InvalidSpec',
      ({ phase, message }) => phase === 'Degraded' && message?.startsWith('InvalidSpec') === true,
    );
    await world.patch('Rollout', 'bad', {
      spec: { template: { spec: { containers: [{ name: 'main', image: 'shop:1' }] } } },
    });
    await world.healthy('bad');
  });

  it('for a quota is said in status and event, and created as soon as there is room', async () => {
    deniedCreations('full', 403, 'exceeded quota: pods');
    await world.apply(liveRollout('full', { canary: {} }));
    await world.until('the reason', async () => {
      const { status } = await world.rollout('full');
      return (
        status?.conditions?.some(
          ({ reason, message }) => reason === 'ReplicaSetCreateError' && message.includes('exceeded quota'),
        ) === true
      );
    });
    await world.until('the event', async () => (await world.eventReasons('full')).includes('ReplicaSetCreateError'));
    world.cluster.faults.clear();
    await world.healthy('full');
  });

  it('for its name gets another one', async () => {
    const strategy = { canary: {} };
    await world.apply(liveRollout('taken', strategy));
    await world.healthy('taken');
    const [first] = await world.replicaSets('taken');
    const name = first?.metadata.name ?? '';
    await world.person.remove(
      resources.rollouts,
      { namespace: world.namespace, name: 'taken' },
      { propagationPolicy: 'Orphan' },
    );
    await world.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'somebody' } });
    const somebody = await world.person.get(resources.configMaps, { namespace: world.namespace, name: 'somebody' });
    const owner = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'somebody',
      uid: somebody.metadata.uid,
      controller: true,
    };
    await world.patch('ReplicaSet', name, { metadata: { ownerReferences: [owner] } });
    await world.apply(liveRollout('taken', strategy));
    await world.healthy('taken');
    const [second] = await world.replicaSets('taken');
    expect(second?.metadata.name).not.toBe(name);
    expect((await world.rollout('taken')).status?.collisionCount).toBe(1);
  });
});

describe('ReplicaSets without an owner', { timeout }, () => {
  it('are taken in by the Rollout that they belong to, and their pods live on', async () => {
    await world.apply(liveRollout('orphans', { canary: {} }));
    await world.healthy('orphans');
    const before = await podUids('orphans');
    await world.person.remove(
      resources.rollouts,
      { namespace: world.namespace, name: 'orphans' },
      { propagationPolicy: 'Orphan' },
    );
    await world.until('the orphan', async () => (await world.replicaSets('orphans')).length === 0);
    await world.apply(liveRollout('orphans', { canary: {} }));
    await world.healthy('orphans');
    expect(await world.replicaSets('orphans')).toHaveLength(1);
    expect(await podUids('orphans')).toEqual(before);
  });
});

describe('broken Rollouts', { timeout }, () => {
  it('do not stop others: invalid ones, ones that cannot be written, ones that make the controller throw', async () => {
    // The engine asks for the routers of those Rollouts only that name one.
    const routers: string[] = [];
    routers.includes = () => {
      throw new Error('a defect in the engine');
    };
    const capabilities = { analysis: false, experiments: false, stepPlugins: [], routers };
    const other = await LiveWorld.open();
    try {
      await other.startController({ workers: 2, capabilities });
      other.cluster.faults.add({ method: 'PATCH', path: /rollouts\/unwritable/, answer: { code: 500 } });
      const canary = { stableService: 's', canaryService: 'c', trafficRouting: { nginx: { stableIngress: 'i' } } };
      await other.apply({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 's' },
        spec: { selector: { app: 'throws' }, ports: [{ port: 80 }] },
      });
      await other.apply({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'c' },
        spec: { selector: { app: 'throws' }, ports: [{ port: 80 }] },
      });
      for (let index = 0; index < 5; index++) {
        await other.apply(liveRollout(`throws-${index}`, { canary }));
        await other.apply(liveRollout(`unwritable-${index}`, { canary: {} }));
        await other.apply(liveRollout(`invalid-${index}`, { canary: { steps: [{}] } }));
      }
      await other.apply(liveRollout('good', { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } }));
      await other.healthy('good');
      await other.setImage('good', 'shop:2');
      await other.paused('good', 1);
      await other.promote('good');
      await other.healthy('good');
      await other.degraded('invalid-4');
    } finally {
      await other.close();
    }
  });
});

describe('a Rollout that needs what is not installed', { timeout }, () => {
  it('gets the pods of its first deployment, and its status says what is missing', async () => {
    const canary = {
      stableService: 'routed-stable',
      canaryService: 'routed-canary',
      trafficRouting: { nginx: { stableIngress: 'routed' } },
    };
    await world.apply(...liveServices('routed', 'stable', 'canary'), liveRollout('routed', { canary }));
    await world.status('routed', 'NotInstalled', ({ phase, message, availableReplicas }) => {
      return phase === 'Degraded' && message?.includes('"nginx" is not installed') === true && availableReplicas === 2;
    });
  });
});

async function podUids(app: string): Promise<readonly string[]> {
  const { items } = await world.person.list(resources.pods, {
    namespace: world.namespace,
    labelSelector: `app=${app}`,
  });
  return items.map((pod) => pod.metadata.uid ?? '').sort();
}
