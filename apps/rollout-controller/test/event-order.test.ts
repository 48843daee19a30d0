// What people read in `kubectl describe`: the Events of a Rollout, in the order in which one thing led to the other.
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

/** As `kubectl describe` lists them: sorted by their last time, in the order of their names where that is the same. */
async function described(name: string, last: string): Promise<readonly string[]> {
  const read = async (): Promise<readonly string[]> => {
    const events = (await world.eventsOf(name)).map((event) => ({
      at: String(event['lastTimestamp']),
      name: event.metadata.name ?? '',
      reason: String(event['reason']),
      message: String(event['message']).replaceAll(/[a-z-]*-(?=[a-z0-9]{6,10}\b)[a-z0-9]+/g, 'RS'),
    }));
    const inOrder = events
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    return inOrder.map(({ reason, message }) =>
      reason === 'ScalingReplicaSet' ? `${reason} ${message.split(' ')[1]}` : reason,
    );
  };
  await world.until(`${name}: ${last}`, async () => (await read()).at(-1) === last);
  return await read();
}

const firstDeploy = [
  'RolloutAddedToInformer',
  'RolloutUpdated',
  'NewReplicaSetCreated',
  'RolloutNotCompleted',
  'ScalingReplicaSet up',
  'RolloutCompleted',
];
const update = ['RolloutUpdated', 'NewReplicaSetCreated', 'RolloutNotCompleted', 'ScalingReplicaSet up'];
const steps = [{ setWeight: 50 }, { pause: {} }];

describe('events come in causal order', { timeout }, () => {
  it('for a canary, from its first deployment over an abort and a retry to its end', async () => {
    await world.apply(liveRollout('canary', { canary: { steps, maxSurge: 1, maxUnavailable: 0 } }));
    await world.healthy('canary');
    expect(await described('canary', 'RolloutCompleted')).toEqual(firstDeploy);
    await world.setImage('canary', 'shop:2');
    await world.paused('canary', 1);
    const atPause = [...firstDeploy, ...update, 'ScalingReplicaSet down', 'RolloutStepCompleted', 'RolloutPaused'];
    expect(await described('canary', 'RolloutPaused')).toEqual(atPause);
    await world.abort('canary');
    await world.degraded('canary');
    await world.until('the old version alone', async () => (await world.sizes('canary')) === 'shop:1×2');
    const afterAbort = [...atPause, 'RolloutAborted', 'ScalingReplicaSet up', 'ScalingReplicaSet down'];
    expect(await described('canary', 'ScalingReplicaSet down')).toEqual(afterAbort);
    await world.retry('canary');
    await world.paused('canary', 1);
    await world.promote('canary');
    await world.healthy('canary');
    const retried = (await described('canary', 'ScalingReplicaSet down')).slice(afterAbort.length);
    expect(retried.filter((reason) => !reason.startsWith('Scaling'))).toEqual([
      'RolloutStepCompleted',
      'RolloutPaused',
      'RolloutStepCompleted',
      'RolloutCompleted',
    ]);
  });

  it('for blue-green', async () => {
    const blueGreen = { activeService: 'bg-active', previewService: 'bg-preview', autoPromotionEnabled: false };
    await world.apply(...liveServices('bg', 'active', 'preview'), liveRollout('bg', { blueGreen }));
    await world.healthy('bg');
    await world.setImage('bg', 'shop:2');
    await world.paused('bg');
    const all = await described('bg', 'RolloutPaused');
    const second = all.slice(all.lastIndexOf('RolloutUpdated'));
    expect(second).toEqual([...update, 'SwitchService', 'RolloutPaused']);
    await world.promote('bg');
    await world.healthy('bg');
    const rest = (await described('bg', 'RolloutCompleted')).slice(all.length);
    expect(rest).toEqual(['SwitchService', 'RolloutCompleted']);
  });

  it('although the status cannot be stored at first', async () => {
    await world.apply(liveRollout('refused', { canary: { steps } }));
    await world.healthy('refused');
    const before = await described('refused', 'RolloutCompleted');
    world.cluster.faults.add({ method: 'PATCH', path: /\/rollouts\/refused\/status/, times: 2, answer: { code: 409 } });
    await world.setImage('refused', 'shop:2');
    await world.paused('refused', 1);
    const events = (await described('refused', 'RolloutPaused')).slice(before.length);
    expect(events.slice(0, update.length)).toEqual(update);
  });

  it('although the ReplicaSet cannot be created at first', async () => {
    await world.apply(liveRollout('quota', { canary: { steps } }));
    await world.healthy('quota');
    const before = await described('quota', 'RolloutCompleted');
    const answer = { code: 403, message: 'exceeded quota' };
    world.cluster.faults.add({ method: 'POST', path: /\/replicasets/, times: 1, answer });
    await world.setImage('quota', 'shop:2');
    await world.paused('quota', 1);
    const events = (await described('quota', 'RolloutPaused')).slice(before.length);
    expect(events.slice(0, 2)).toEqual(['RolloutNotCompleted', 'ReplicaSetCreateError']);
    expect(events.slice(2, 5)).toEqual(['RolloutUpdated', 'NewReplicaSetCreated', 'ScalingReplicaSet up']);
  });
});
