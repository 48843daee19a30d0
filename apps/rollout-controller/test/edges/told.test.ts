import { compareResourceVersions, resources } from '@sluice/kube';
import type { RawObject } from '@sluice/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, liveRollout, liveServices } from '../live-world.ts';

const timeout = 240_000;
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
  await world.startController({ deferMs: 100 });
}, timeout);
afterAll(() => world.close(), timeout);

const steps = [{ setWeight: 50 }, { pause: {} }];
const template = (app: string, annotations: object, container: object = {}) => ({
  metadata: { labels: { app }, annotations },
  spec: { containers: [{ name: 'main', image: 'shop:1', ...container }] },
});
const unready = { 'local-cluster.sluice.dev/ready-after': 'never' };

async function events(name: string): Promise<readonly RawObject[]> {
  const { items } = await world.person.list<RawObject>(resources.events, { namespace: world.namespace });
  return items.filter((event) => event['involvedObject'].name === name);
}

/** Reasons and messages as they came, hashes as A, B, C in the order of their versions. */
async function story(name: string, ...images: readonly string[]): Promise<readonly string[]> {
  const sets = await world.replicaSets(name);
  const hashes = images.map((image) => {
    const set = sets.find((one) => one.spec.template?.spec?.containers[0]?.image === image);
    return set?.metadata.labels?.['rollouts-pod-template-hash'] ?? '';
  });
  const told = (await events(name)).toSorted((a, b) =>
    compareResourceVersions(a.metadata.resourceVersion ?? '', b.metadata.resourceVersion ?? ''),
  );
  const text = told.map((event) => `${event['reason']}: ${event['message']}`).join('\n');
  return hashes.reduce((all, hash, index) => all.replaceAll(hash, 'ABC'.charAt(index)), text).split('\n');
}
const until = (name: string, reason: string): Promise<void> =>
  world.until(`${name}: ${reason}`, async () => (await world.eventReasons(name)).includes(reason));

describe.concurrent('events', { timeout }, () => {
  it('tell the life of a canary', async () => {
    const name = 'life';
    await world.apply(liveRollout(name, { canary: { steps } }));
    await world.healthy(name);
    await world.setImage(name, 'shop:2');
    await world.paused(name, 1);
    await world.promote(name);
    await world.healthy(name);
    await world.until('the last of them', async () =>
      (await story(name, 'shop:1', 'shop:2')).join().includes('Completed all 2'),
    );
    const told = await story(name, 'shop:1', 'shop:2');
    const first = [
      'RolloutAddedToInformer: Rollout resource added to informer: shop/life',
      'RolloutUpdated: Rollout updated to revision 1',
      'NewReplicaSetCreated: Created ReplicaSet life-A (revision 1)',
      'RolloutNotCompleted: Rollout not completed, started update to revision 1 (A)',
      'ScalingReplicaSet: Scaled up ReplicaSet life-A (revision 1) from 0 to 2',
      'RolloutCompleted: Rollout completed update to revision 1 (A): Initial deploy',
      'RolloutUpdated: Rollout updated to revision 2',
      'NewReplicaSetCreated: Created ReplicaSet life-B (revision 2)',
      'RolloutNotCompleted: Rollout not completed, started update to revision 2 (B)',
      'RolloutStepCompleted: Rollout step 1/2 completed (setWeight: 50)',
      'RolloutPaused: Rollout is paused (CanaryPauseStep)',
      'RolloutStepCompleted: Rollout step 2/2 completed (pause)',
      'RolloutCompleted: Rollout completed update to revision 2 (B): Completed all 2 canary steps',
    ];
    expect(told.filter((line) => first.includes(line))).toEqual(first);
    for (const event of await events(name))
      expect(event).toMatchObject({
        type: 'Normal',
        source: { component: 'rollouts-controller' },
        involvedObject: { kind: 'Rollout', apiVersion: 'argoproj.io/v1alpha1' },
      });
  });

  it('tell an abort as a warning, and no resume with it', async () => {
    const name = 'aborted';
    await world.apply(liveRollout(name, { canary: { steps } }));
    await world.healthy(name);
    await world.setImage(name, 'shop:2');
    await world.paused(name, 1);
    await world.abort(name);
    await until(name, 'RolloutAborted');
    const told = await events(name);
    expect(
      told.filter(({ type }) => type !== 'Normal').map(({ reason, message, type }) => [type, reason, message]),
    ).toEqual([['Warning', 'RolloutAborted', 'Rollout aborted update to revision 2']]);
    expect(told.map(({ reason }) => reason)).not.toContain('RolloutResumed');
  });

  it('tell the switch of each Service with where it came from', async () => {
    const name = 'switch';
    const blueGreen = {
      activeService: `${name}-active`,
      previewService: `${name}-preview`,
      autoPromotionEnabled: false,
    };
    await world.apply(...liveServices(name, 'active', 'preview'), liveRollout(name, { blueGreen }));
    await world.healthy(name);
    await world.setImage(name, 'shop:2');
    await world.paused(name);
    await world.promote(name);
    await world.healthy(name);
    await world.until('the last of them', async () =>
      (await story(name, 'shop:1', 'shop:2')).join().includes('Completed blue-green'),
    );
    const told = await story(name, 'shop:1', 'shop:2');
    const switches = told.filter((line) => line.startsWith('SwitchService')).toSorted();
    expect(switches).toEqual([
      `SwitchService: Switched selector for service 'switch-active' from '' to 'A'`,
      `SwitchService: Switched selector for service 'switch-active' from 'A' to 'B'`,
      `SwitchService: Switched selector for service 'switch-preview' from '' to 'A'`,
      `SwitchService: Switched selector for service 'switch-preview' from 'A' to 'B'`,
    ]);
    expect(told).toContain('RolloutPaused: Rollout is paused (BlueGreenPause)');
    expect(told).toContain('RolloutCompleted: Rollout completed update to revision 2 (B): Completed blue-green update');
  });
});

type State = readonly [phase: string, message: string | RegExp, reach: (name: string) => Promise<void>];

const midUpdate = async (name: string, strategy: object, change: object): Promise<void> => {
  await world.apply(...liveServices(name, 'active', 'preview'), liveRollout(name, strategy));
  await world.healthy(name);
  await world.patch('Rollout', name, { spec: change });
};
const newVersion = (name: string, annotations: object = {}) => ({
  template: template(name, annotations, { image: 'shop:2' }),
});

const states: readonly State[] = [
  ['Healthy', '', (name) => world.apply(liveRollout(name, { canary: {} }))],
  [
    'Degraded',
    /^InvalidSpec: The Rollout "\S+" is invalid: spec\.strategy\.strategy: Required value/,
    (name) => world.apply(liveRollout(name, {})),
  ],
  [
    'Degraded',
    /^RolloutAborted: Rollout aborted update to revision 2$/,
    async (name) => {
      await midUpdate(name, { canary: { steps } }, newVersion(name));
      await world.paused(name, 1);
      await world.abort(name);
    },
  ],
  [
    'Degraded',
    /^ProgressDeadlineExceeded: ReplicaSet "\S+" has timed out progressing\.$/,
    (name) =>
      world.apply(liveRollout(name, { canary: {} }, { template: template(name, unready), progressDeadlineSeconds: 1 })),
  ],
  ['Paused', 'manually paused', (name) => midUpdate(name, { canary: { steps } }, { paused: true })],
  ['Paused', 'CanaryPauseStep', (name) => midUpdate(name, { canary: { steps } }, newVersion(name))],
  [
    'Paused',
    'BlueGreenPause',
    (name) =>
      midUpdate(
        name,
        { blueGreen: { activeService: `${name}-active`, autoPromotionEnabled: false } },
        newVersion(name),
      ),
  ],
  [
    'Progressing',
    'rollout is restarting',
    (name) => midUpdate(name, { canary: {} }, { restartAt: '2099-01-01T00:00:00Z' }),
  ],
  [
    'Progressing',
    'more replicas need to be updated',
    (name) => midUpdate(name, { canary: { steps } }, newVersion(name, unready)),
  ],
  [
    'Progressing',
    'updated replicas are still becoming available',
    (name) => world.apply(liveRollout(name, { canary: {} }, { template: template(name, unready) })),
  ],
  [
    'Progressing',
    'active service cutover pending',
    (name) => midUpdate(name, { blueGreen: { activeService: `${name}-active` } }, newVersion(name, unready)),
  ],
];

describe.concurrent('phase and message', { timeout }, () => {
  it.each(states.map((state, index) => [...state, `state-${index}`] as const))(
    'are %s and "%s"',
    async (phase, message, reach, name) => {
      await reach(name);
      await world.status(name, `${phase}: ${String(message)}`, (status) => {
        const said = status.message ?? '';
        return status.phase === phase && (typeof message === 'string' ? said === message : message.test(said));
      });
    },
  );
});
