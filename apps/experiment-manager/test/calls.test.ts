import { resources } from '@sluice/kube';
import type { Experiment } from '@sluice/model';
import { createExperimentPeer } from '@sluice/peers';
import type { ExperimentPeer } from '@sluice/peers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, liveExperiment } from './live-world.ts';

const timeout = 240_000;
let world: LiveWorld;
let peer: ExperimentPeer;

beforeAll(async () => {
  world = await LiveWorld.open();
  // It holds no Lease, and answers all the same.
  const { address } = await world.startManager();
  peer = createExperimentPeer({ address });
  for (const name of ['web', 'shop']) {
    await world.apply({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: { name }, spec: {} });
    const made = await world.person.get(resources.rollouts, { namespace: world.namespace, name });
    uids.set(name, made.metadata.uid ?? '');
  }
}, timeout);
afterAll(async () => {
  peer.close();
  await world.close();
}, timeout);

const uids = new Map<string, string>();
const wanted = (name: string, rollout: string): Experiment => {
  const apiVersion = 'argoproj.io/v1alpha1';
  const owner = { apiVersion, kind: 'Rollout', name: rollout, uid: uids.get(rollout), controller: true };
  const metadata = { namespace: world.namespace, ownerReferences: [owner] };
  return liveExperiment(name, {}, metadata) as unknown as Experiment;
};
const ask = (experiment: Experiment) => peer.ensure(experiment, { idempotencyKey: 'web/1' });

describe('Ensure', { timeout }, () => {
  it('makes the Experiment once, and answers with it again, also when it has ended', async () => {
    const first = await ask(wanted('one', 'web'));
    expect(first).toMatchObject({ namespace: world.namespace, name: 'one' });
    expect(await ask(wanted('one', 'web'))).toEqual(first);
    await world.phase('one', 'Running');
    await peer.terminate(first);
    await world.phase('one', 'Successful');
    expect(await ask(wanted('one', 'web'))).toEqual(first);
  });

  it('refuses a name that belongs to somebody else, and what is no Experiment', async () => {
    await ask(wanted('two', 'web'));
    await expect(ask(wanted('two', 'shop'))).rejects.toMatchObject({
      code: 'Conflict',
      message: 'Experiment shop/two exists already and belongs to somebody else',
    });
    await expect(ask({ ...wanted('three', 'web'), kind: 'Rollout' })).rejects.toMatchObject({ code: 'Invalid' });
    const broken = { ...wanted('three', 'web'), spec: { templates: 'none' } } as unknown as Experiment;
    await expect(ask(broken)).rejects.toMatchObject({ code: 'Invalid' });
  });
});

describe('Terminate', { timeout }, () => {
  it('succeeds when it is gone, or another one has its name, and leaves that alone', async () => {
    await peer.terminate({ namespace: world.namespace, name: 'nobody', uid: '' });
    await ask(wanted('four', 'web'));
    await peer.terminate({ namespace: world.namespace, name: 'four', uid: 'of-another' });
    expect((await world.experiment('four')).spec.terminate).toBeUndefined();
  });
});
