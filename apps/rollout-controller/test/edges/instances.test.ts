import { resources } from '@sluice/kube';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LiveWorld, hashOf, liveRollout, liveServices } from '../live-world.ts';

const timeout = 240_000;
const label = 'argo-rollouts.argoproj.io/controller-instance-id';
const steps = [{ setWeight: 50 }, { pause: {} }];
let world: LiveWorld;

beforeEach(async () => {
  world = await LiveWorld.open();
}, timeout);
afterEach(() => world.close(), timeout);

/** One controller for each instance id, '' being those Rollouts that have none; its writes stand in the audit under its id. */
async function startInstances(...ids: readonly string[]): Promise<void> {
  for (const id of ids)
    await world.startController({
      client: await world.client(userOf(id)),
      ...(id === '' ? {} : { instanceId: id }),
      // Each has a Lease of its own: none waits for another.
      leaderElect: true,
      identity: userOf(id),
    });
}
const userOf = (id: string): string => (id === '' ? 'unnamed' : id);

const moveTo = (name: string, id: string | null) =>
  world.patch('Rollout', name, { metadata: { labels: { [label]: id } } });

/** Everything that this instance wrote about objects whose name begins so, Leases and Events aside. */
const writesOf = (id: string, name: string) =>
  world.cluster.audit
    .writes()
    .filter((write) => write.user === userOf(id) && write.name.startsWith(name) && write.resource !== 'events');

const labelled = (name: string, id: string, strategy: object) => {
  const rollout = liveRollout(name, strategy);
  return { ...rollout, metadata: { ...rollout.metadata, ...(id === '' ? {} : { labels: { [label]: id } }) } };
};

describe('several instances in one namespace', { timeout }, () => {
  it('each move their own Rollouts through an update, and write nothing about the others', async () => {
    const ids = ['', 'blue', 'green'];
    await startInstances(...ids);
    for (const id of ids) await world.apply(labelled(`of-${userOf(id)}`, id, { canary: { steps } }));
    for (const id of ids) await world.healthy(`of-${userOf(id)}`);
    for (const id of ids) await world.setImage(`of-${userOf(id)}`, 'shop:2');
    for (const id of ids) await world.paused(`of-${userOf(id)}`, 1);
    for (const id of ids)
      for (const other of ids)
        expect(writesOf(id, `of-${userOf(other)}`).length > 0, `${id} about ${other}`).toBe(id === other);
  });

  it('hand a Rollout over in mid-update: it stays at its step, keeps its pods, and goes on under the other', async () => {
    await startInstances('', 'blue');
    const canary = { stableService: 'walks-stable', canaryService: 'walks-canary', steps };
    await world.apply(...liveServices('walks', 'stable', 'canary'), liveRollout('walks', { canary }));
    await world.healthy('walks');
    await world.setImage('walks', 'shop:2');
    await world.paused('walks', 1);
    await world.settled();
    const before = await world.rollout('walks');
    const pods = await podUids();
    const mark = world.cluster.audit.writes().length;
    await moveTo('walks', 'blue');
    await world.settled();
    const since = world.cluster.audit.writes().slice(mark);
    expect(since.filter(({ user, resource }) => user !== 'person' && resource !== 'leases')).toEqual([]);
    expect((await world.rollout('walks')).status).toEqual(before.status);
    expect(await podUids()).toEqual(pods);
    expect(hashOf(await world.service('walks-canary'))).toBe(before.status?.currentPodHash);
    await world.promote('walks');
    await world.healthy('walks');
    expect(await world.sizes('walks')).toBe('shop:2×2');
    expect(writesOf('blue', 'walks').length).toBeGreaterThan(0);
  });

  it('hand a Rollout over again and again, to an instance that does not run, and back to none', async () => {
    await startInstances('', 'blue', 'green');
    await world.apply(labelled('restless', 'blue', { canary: { steps } }));
    await world.healthy('restless');
    await moveTo('restless', 'green');
    await world.setImage('restless', 'shop:2');
    await world.paused('restless', 1);
    // Nobody looks after it there: a command waits.
    await moveTo('restless', 'nobody');
    await world.abort('restless');
    await world.settled();
    expect((await world.rollout('restless')).status).toMatchObject({ phase: 'Paused', abort: true });
    await moveTo('restless', null);
    await world.degraded('restless');
    await world.until('the old version alone', async () => (await world.sizes('restless')) === 'shop:1×2');
    const undone = world.cluster.audit.writes().length;
    await world.setImage('restless', 'shop:3');
    await world.paused('restless', 1);
    const writers = new Set(
      world.cluster.audit
        .writes()
        .slice(undone)
        .filter(({ name }) => name.startsWith('restless'))
        .map(({ user }) => user),
    );
    expect(writers.has('blue') || writers.has('green')).toBe(false);
    expect(await world.eventReasons('restless')).not.toContain('RolloutDeleted');
  });

  it('leave each other the Services: what one manages, the other calls invalid and does not touch', async () => {
    await startInstances('', 'blue');
    const strategy = { blueGreen: { activeService: 'shared-active' } };
    await world.apply(...liveServices('shared', 'active'), labelled('shared', '', strategy));
    await world.healthy('shared');
    const hash = hashOf(await world.service('shared-active'));
    const pods = liveRollout('shared', strategy);
    await world.apply({ ...pods, metadata: { name: 'shared-rival', labels: { [label]: 'blue' } } });
    await world.degraded('shared-rival');
    expect((await world.rollout('shared-rival')).status?.message).toContain('Service "shared-active"');
    await world.remove('Rollout', 'shared-rival');
    await world.settled();
    expect(hashOf(await world.service('shared-active'))).toBe(hash);
    // The one that manages it gives it back.
    await world.remove('Rollout', 'shared');
    await world.until(
      'the Service to be given back',
      async () => hashOf(await world.service('shared-active')) === undefined,
    );
  });
});

describe('an instance that serves some namespaces', { timeout }, () => {
  it('serves each of them, watches no other, and asks for nothing cluster-wide', async () => {
    const namespaces = ['team-a', 'team-b', 'team-c'];
    for (const name of namespaces) await world.person.create(resources.namespaces, { metadata: { name } });
    const paths: string[] = [];
    const client = await world.client();
    const listening: typeof client = {
      ...client,
      list: (ref, options) => (paths.push(`${options?.namespace ?? '*'}/${ref.plural}`), client.list(ref, options)),
      pages: (ref, options) => (paths.push(`${options?.namespace ?? '*'}/${ref.plural}`), client.pages(ref, options)),
      watch: (ref, options) => (paths.push(`${options?.namespace ?? '*'}/${ref.plural}`), client.watch(ref, options)),
    };
    await world.startController({ client: listening, namespaces: ['team-a', 'team-b'] });
    for (const namespace of namespaces) {
      const { spec, ...rest } = liveRollout('web', { canary: {} });
      const workload = {
        kind: 'Deployment',
        apiVersion: 'apps/v1',
        metadata: { name: 'old', namespace },
        spec: { replicas: 1, selector: spec.selector, template: spec.template },
      };
      await world.person.create(resources.deployments, workload);
      await world.person.create(resources.rollouts, { ...rest, metadata: { name: 'web', namespace }, spec });
      const { template: _none, ...others } = spec;
      const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'old' };
      await world.person.create(resources.rollouts, {
        ...rest,
        metadata: { name: 'referring', namespace },
        spec: { ...others, workloadRef },
      });
    }
    for (const namespace of ['team-a', 'team-b'])
      for (const name of ['web', 'referring'])
        await world.until(
          `${namespace}/${name}`,
          async () => (await statusIn(namespace, name))?.['phase'] === 'Healthy',
        );
    expect(await statusIn('team-c', 'web')).toBeUndefined();
    expect(paths.filter((path) => !path.startsWith('team-a/') && !path.startsWith('team-b/'))).toEqual([]);
  });
});

const statusIn = async (namespace: string, name: string) =>
  (await world.person.get(resources.rollouts, { namespace, name }))['status'];

async function podUids(): Promise<readonly string[]> {
  const { items } = await world.person.list(resources.pods, { namespace: world.namespace });
  return items.map(({ metadata }) => metadata.uid ?? '').sort();
}
