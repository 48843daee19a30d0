import { execFile } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, liveRollout, liveServices } from '../live-world.ts';

const timeout = 240_000;
const binary = path.resolve(import.meta.dirname, '../../../cli/bin/sluice.mjs');
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
  await world.startController({ deferMs: 100 });
}, timeout);
afterAll(() => world.close(), timeout);

/** What the program prints, as a process of its own. */
function explain(name: string): Promise<string> {
  const args = [
    binary,
    'explain',
    name,
    '-n',
    world.namespace,
    '--kubeconfig',
    world.kubeconfig('person'),
    '--no-color',
  ];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, (error, out) => (error === null ? resolve(out) : reject(error)));
  });
}

interface Explained {
  readonly status: string;
  readonly reason: string;
  readonly detail: string;
  readonly unblock: string;
  readonly since: boolean;
  readonly until: boolean;
}
async function explained(name: string): Promise<Explained> {
  const lines = (await explain(name)).trimEnd().split('\n');
  const after = (label: string): string => lines.find((line) => line.startsWith(label))?.slice(11) ?? '';
  const at = lines.findIndex((line) => line.startsWith('Reason:'));
  return {
    status: after('Status:').slice(2),
    reason: after('Reason:'),
    detail: lines[at + 1]?.trim() ?? '',
    unblock: after('Unblock:'),
    since: after('Since:') !== '',
    until: after('Until:') !== '',
  };
}

const steps = [{ setWeight: 50 }, { pause: {} }];
const template = (app: string, container: object = {}, annotations: object = {}) => ({
  metadata: { labels: { app }, annotations },
  spec: { containers: [{ name: 'main', image: 'shop:1', ...container }] },
});
const never = (app: string) => template(app, {}, { 'local-cluster.sluice.dev/ready-after': 'never' });
const blueGreen = (name: string, fields: object) => ({
  blueGreen: { activeService: `${name}-active`, previewService: `${name}-preview`, ...fields },
});
async function midUpdate(name: string, strategy: object, image = 'shop:2'): Promise<void> {
  await world.apply(...liveServices(name, 'active', 'preview'), liveRollout(name, strategy));
  await world.healthy(name);
  await world.setImage(name, image);
}

type State = readonly [what: string, reach: (name: string) => Promise<unknown>, expected: object];

const states: readonly State[] = [
  [
    'healthy',
    async (name) => {
      await world.apply(liveRollout(name, { canary: { steps } }));
      await world.healthy(name);
    },
    {
      status: 'Healthy',
      reason: 'Healthy',
      detail: 'All 2 pods run the version that was asked for.',
      unblock: 'Nothing to do.',
    },
  ],
  [
    'at-step',
    async (name) => {
      await midUpdate(name, { canary: { steps } });
      await world.paused(name, 1);
    },
    {
      status: 'Paused',
      reason: 'PausedAtStep',
      detail: 'It pauses at step 2 of 2 until somebody promotes it.',
      unblock: 'sluice promote at-step',
      since: true,
      until: false,
    },
  ],
  [
    'for-time',
    async (name) => {
      await midUpdate(name, { canary: { steps: [{ setWeight: 50 }, { pause: { duration: 3600 } }] } });
      await world.paused(name, 1);
    },
    { reason: 'PausedForTime', detail: 'It pauses at step 2 of 2 for 3600 s.', since: true, until: true },
  ],
  [
    'by-hand',
    async (name) => {
      await midUpdate(name, { canary: { steps } });
      await world.paused(name, 1);
      await world.patch('Rollout', name, { spec: { paused: true } });
      await world.status(name, 'paused by hand', ({ message }) => message === 'manually paused');
    },
    {
      status: 'Paused',
      reason: 'PausedByUser',
      detail: 'spec.paused is set.',
      unblock: expect.stringContaining('sluice promote by-hand'),
    },
  ],
  [
    'taken-back',
    async (name) => {
      await midUpdate(name, { canary: { steps } });
      await world.paused(name, 1);
      await world.abort(name);
      await world.degraded(name);
    },
    {
      status: 'Degraded',
      reason: 'Aborted',
      detail: expect.stringMatching(/^Rollout aborted update to revision 2; the stable version \w+ serves\.$/),
      unblock: expect.stringContaining('sluice retry rollout taken-back'),
      since: true,
    },
  ],
  [
    'not-ready',
    async (name) => {
      await world.apply(liveRollout(name, { canary: {} }, { template: never(name) }));
      await world.status(name, 'its pods', ({ updatedReplicas }) => updatedReplicas === 2);
    },
    {
      status: 'Progressing',
      reason: 'WaitingForPods',
      detail: expect.stringMatching(/^ReplicaSet not-ready-\w+: 0 of 2 pods are available/),
      unblock: expect.stringContaining('kubectl get pods -l rollouts-pod-template-hash='),
    },
  ],
  [
    'too-late',
    async (name) => {
      await world.apply(liveRollout(name, { canary: {} }, { template: never(name), progressDeadlineSeconds: 1 }));
      await world.degraded(name);
    },
    {
      status: 'Degraded',
      reason: 'ProgressDeadlineExceeded',
      detail: expect.stringContaining('nothing has changed for 1 s'),
      since: true,
    },
  ],
  [
    'preview',
    async (name) => {
      await midUpdate(name, blueGreen(name, { autoPromotionEnabled: false }));
      await world.paused(name);
    },
    { status: 'Paused', reason: 'PausedBeforePromotion', unblock: 'sluice promote preview', since: true, until: false },
  ],
  [
    'preview-for-time',
    async (name) => {
      await midUpdate(name, blueGreen(name, { autoPromotionSeconds: 900 }));
      await world.paused(name);
    },
    { reason: 'PausedBeforePromotion', detail: expect.stringContaining('at the latest after 900 s'), until: true },
  ],
  [
    'way-back',
    async (name) => {
      await midUpdate(name, blueGreen(name, { scaleDownDelaySeconds: 600 }));
      await world.status(
        name,
        'switched',
        ({ phase, blueGreen: seen, currentPodHash }) => phase === 'Healthy' && seen?.activeSelector === currentPodHash,
      );
    },
    {
      status: 'Healthy',
      reason: 'WaitingForScaleDown',
      detail: expect.stringContaining('keeps its 2 pods'),
      until: true,
    },
  ],
  [
    'no-service',
    async (name) => {
      await world.apply(liveRollout(name, blueGreen(name, {})));
      await world.degraded(name);
    },
    {
      status: 'Degraded',
      reason: 'InvalidSpec',
      detail: expect.stringContaining('service "no-service-active" not found'),
    },
  ],
  [
    'refused',
    async (name) => {
      await world.apply(
        liveRollout(name, { canary: {} }, { template: template(name, { imagePullPolicy: 'Sometimes' }) }),
      );
      await world.degraded(name);
    },
    {
      status: 'Degraded',
      reason: 'InvalidSpec',
      detail: expect.stringContaining('imagePullPolicy: Unsupported value: "Sometimes"'),
    },
  ],
  [
    'needs-more',
    async (name) => {
      await world.apply(
        liveRollout(name, { canary: { steps: [{ analysis: { templates: [{ templateName: 'x' }] } }] } }),
      );
      await world.until('it to be seen', async () =>
        (await world.eventReasons(name)).includes('RolloutAddedToInformer'),
      );
    },
    { status: 'Degraded', reason: 'NotSupportedHere', detail: expect.stringContaining('The analysis-runner') },
  ],
  [
    'nobody',
    async (name) => {
      const rollout = liveRollout(name, { canary: {} });
      const labels = { 'argo-rollouts.argoproj.io/controller-instance-id': 'nobody' };
      await world.apply({ ...rollout, metadata: { ...rollout.metadata, labels } });
    },
    {
      reason: 'Progressing',
      detail: expect.stringContaining('No controller has looked at the newest spec yet'),
      unblock: expect.stringContaining('no controller is running for this Rollout'),
    },
  ],
];

describe('sluice explain', { timeout }, () => {
  // Two at a time: each is a process of its own.
  const half = Math.ceil(states.length / 2);
  for (const list of [states.slice(0, half), states.slice(half)]) {
    describe.concurrent('says', () => {
      it(`why it is where it is: ${list.map(([what]) => what).join(', ')}`, async () => {
        for (const [what, reach, expected] of list) {
          await reach(what);
          expect(await explained(what), what).toMatchObject(expected);
        }
      });
    });
  }

  it('why a ReplicaSet cannot be made, in the words of the server', async () => {
    const answer = { code: 403, message: 'exceeded quota: pods' };
    world.cluster.faults.add({ method: 'POST', path: /replicasets/, userAgent: /sluice/, answer });
    await world.apply(liveRollout('quota', { canary: {} }));
    await world.status('quota', 'the reason', ({ conditions = [] }) =>
      (conditions ?? []).some(({ reason }) => reason === 'ReplicaSetCreateError'),
    );
    expect(await explained('quota')).toMatchObject({
      reason: 'ReplicaSetCreateFailed',
      detail: expect.stringContaining('exceeded quota: pods'),
    });
  });
});
