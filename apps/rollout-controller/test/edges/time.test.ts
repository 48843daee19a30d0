import { setTimeout as sleep } from 'node:timers/promises';
import { resources } from '@sluice/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, hashOf, liveRollout, liveServices } from '../live-world.ts';

const timeout = 240_000;
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
  // Counters are stored sooner than elsewhere: much here waits for them.
  await world.startController({ deferMs: 100 });
}, timeout);
afterAll(() => world.close(), timeout);

const steps = [{ setWeight: 50 }, { pause: {} }];
const pods = async (app: string) => {
  const { items } = await world.person.list(resources.pods, {
    namespace: world.namespace,
    labelSelector: `app=${app}`,
  });
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
};
const uids = async (app: string): Promise<readonly string[]> =>
  (await pods(app)).map(({ metadata }) => metadata.uid ?? '').sort();
const moment = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;
const unready = (app: string) => ({
  metadata: { labels: { app }, annotations: { 'local-cluster.sluice.dev/ready-after': 'never' } },
  spec: { containers: [{ name: 'main', image: 'shop:1' }] },
});

describe.concurrent('minReadySeconds', { timeout }, () => {
  it('keeps ready pods from counting until they have been ready for so long', async () => {
    await world.apply(liveRollout('ripe', { canary: {} }, { minReadySeconds: 300 }));
    await world.status('ripe', 'ready, not available', (status) => status.readyReplicas === 2);
    expect((await world.rollout('ripe')).status?.availableReplicas ?? 0).toBe(0);
    expect((await world.rollout('ripe')).status).toMatchObject({
      phase: 'Progressing',
      message: 'updated replicas are still becoming available',
    });
    await world.patch('Rollout', 'ripe', { spec: { minReadySeconds: 1 } });
    await world.healthy('ripe');
  });

  it('is changed on the ReplicaSet that is there, without a new version', async () => {
    await world.apply(liveRollout('riper', { canary: { steps } }));
    await world.healthy('riper');
    await world.patch('Rollout', 'riper', { spec: { minReadySeconds: 1 } });
    await world.until('the ReplicaSet', async () => (await world.replicaSets('riper'))[0]?.spec.minReadySeconds === 1);
    await world.healthy('riper');
    await world.patch('Rollout', 'riper', { spec: { minReadySeconds: null } });
    await world.until(
      'the ReplicaSet',
      async () => ((await world.replicaSets('riper'))[0]?.spec.minReadySeconds ?? 0) === 0,
    );
    await world.healthy('riper');
    expect(await world.replicaSets('riper')).toHaveLength(1);
    expect((await world.rollout('riper')).metadata.annotations).toMatchObject({ 'rollout.argoproj.io/revision': '1' });
  });
});

describe.concurrent('the progress deadline', { timeout }, () => {
  const message = (name: string, hash: string | undefined): string =>
    `ProgressDeadlineExceeded: ReplicaSet "${name}-${hash ?? ''}" has timed out progressing.`;

  it('makes an update without progress Degraded, keeps the old pods, and an image that is mended goes on', async () => {
    await world.apply(liveRollout('stuck', { canary: {} }, { progressDeadlineSeconds: 1 }));
    await world.healthy('stuck');
    await world.setImage('stuck', 'shop:broken');
    await world.degraded('stuck');
    const { status } = await world.rollout('stuck');
    expect(status?.message).toBe(message('stuck', status?.currentPodHash));
    expect(status?.abort ?? false).toBe(false);
    expect(status?.availableReplicas).toBe(2);
    await world.setImage('stuck', 'shop:3');
    await world.healthy('stuck');
    expect(await world.sizes('stuck')).toBe('shop:3×2');
  });

  it('is forgotten when the pods come after all', async () => {
    await world.apply(liveRollout('late', { canary: {} }, { progressDeadlineSeconds: 1, template: unready('late') }));
    await world.degraded('late');
    for (const { metadata } of await pods('late'))
      world.cluster.workloads?.podControls.setReady(world.namespace, metadata.name ?? '', true);
    await world.healthy('late');
  });

  it('takes the update back where that is asked for, and a retry tries again', async () => {
    const spec = { progressDeadlineSeconds: 3, progressDeadlineAbort: true };
    await world.apply(liveRollout('taken-back', { canary: {} }, spec));
    await world.healthy('taken-back');
    await world.setImage('taken-back', 'shop:broken');
    await world.degraded('taken-back');
    await world.until('the old version alone', async () => (await world.sizes('taken-back')) === 'shop:1×2');
    const { status } = await world.rollout('taken-back');
    expect(status?.message).toBe(
      `RolloutAborted: Rollout aborted update to revision 2: ReplicaSet "taken-back-${status?.currentPodHash ?? ''}" has timed out progressing.`,
    );
    expect(status).toMatchObject({ abort: true, duration: { completionStatus: 'Aborted' } });
    await world.until('its event', async () => (await world.eventReasons('taken-back')).includes('RolloutAborted'));
    await world.retry('taken-back');
    await world.status('taken-back', 'tried again', ({ abort }) => abort !== true);
    await world.status('taken-back', 'taken back again', ({ abort }) => abort === true);
  });

  it('does the same for a blue-green Rollout, whose active Service never leaves the old version', async () => {
    const blueGreen = { activeService: 'bad-active', previewService: 'bad-preview', abortScaleDownDelaySeconds: 1 };
    const spec = { progressDeadlineSeconds: 1, progressDeadlineAbort: true };
    await world.apply(...liveServices('bad', 'active', 'preview'), liveRollout('bad', { blueGreen }, spec));
    await world.healthy('bad');
    const before = hashOf(await world.service('bad-active'));
    await world.setImage('bad', 'shop:broken');
    await world.degraded('bad');
    await world.until('the old version alone', async () => (await world.sizes('bad')) === 'shop:1×2');
    expect(hashOf(await world.service('bad-active'))).toBe(before);
  });

  it('stands still while the Rollout pauses, and does not take back a first deployment', async () => {
    const spec = { progressDeadlineSeconds: 3, progressDeadlineAbort: true };
    await world.apply(liveRollout('patient', { canary: { steps } }, spec));
    await world.apply(liveRollout('first', { canary: {} }, { ...spec, template: unready('first') }));
    await world.healthy('patient');
    await world.setImage('patient', 'shop:2');
    await world.paused('patient', 1);
    await world.degraded('first');
    await sleep(3_500);
    await world.paused('patient', 1);
    expect((await world.rollout('first')).status?.message).toContain('ProgressDeadlineExceeded');
    expect(await world.sizes('first')).toBe('shop:1×2');
  });
});

describe.concurrent('restartAt', { timeout }, () => {
  const restarted = (name: string): Promise<void> =>
    world.status(
      name,
      'restarted',
      (status, { spec }) => status.restartedAt === spec.restartAt && status.phase === 'Healthy',
    );

  it('that lies ahead changes nothing until then', async () => {
    await world.apply(liveRollout('tomorrow', { canary: {} }));
    await world.healthy('tomorrow');
    const before = await uids('tomorrow');
    const restartAt = moment(Date.now() + 6_900);
    await world.patch('Rollout', 'tomorrow', { spec: { restartAt } });
    await world.status('tomorrow', 'waiting', ({ message }) => message === 'rollout is restarting');
    if (Date.now() < Date.parse(restartAt)) expect(await uids('tomorrow')).toEqual(before);
    await restarted('tomorrow');
    expect((await uids('tomorrow')).filter((uid) => before.includes(uid))).toEqual([]);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(restartAt));
  });

  it('in mid-update replaces the pods of both versions and keeps the step', async () => {
    await world.apply(liveRollout('middle', { canary: { steps } }));
    await world.healthy('middle');
    await world.setImage('middle', 'shop:2');
    await world.paused('middle', 1);
    const before = await uids('middle');
    await sleep(1_100);
    await world.patch('Rollout', 'middle', { spec: { restartAt: moment(Date.now()) } });
    await world.status('middle', 'restarted', (status, { spec }) => status.restartedAt === spec.restartAt);
    await world.until('two new pods', async () => {
      const after = await pods('middle');
      return after.length === 2 && after.every(({ metadata }) => !before.includes(metadata.uid ?? ''));
    });
    await world.paused('middle', 1);
    expect(await world.sizes('middle')).toBe('shop:1×1 shop:2×1');
  });

  it('that a new version overtakes is done with', async () => {
    await world.apply(liveRollout('newer', { canary: { steps } }));
    await world.healthy('newer');
    await world.patch('Rollout', 'newer', { spec: { restartAt: moment(Date.now() + 3_600_000) } });
    await world.status('newer', 'waiting', ({ message }) => message === 'rollout is restarting');
    await world.setImage('newer', 'shop:2');
    await world.paused('newer', 1);
    const { status, spec } = await world.rollout('newer');
    expect(status?.restartedAt).toBe(spec.restartAt);
    await world.promote('newer');
    await world.healthy('newer');
  });
});

describe('versions that came before', { timeout }, () => {
  // Whole seconds: which of two ReplicaSets is older can be told only when they were made in different ones.
  const nextSecond = (): Promise<unknown> => sleep(1_050 - (Date.now() % 1_000));
  const names = ['window-1', 'window-2', 'no-window', 'windowed-mid', 'kept-0', 'kept-1'];
  const image = async (name: string): Promise<readonly string[]> =>
    (await world.replicaSets(name)).map((set) => set.spec.template?.spec?.containers[0]?.image ?? '').sort();

  beforeAll(async () => {
    const canary = { steps: [{ setWeight: 50 }, { pause: {} }] };
    const specs: Record<string, object> = {
      'window-1': { rollbackWindow: { revisions: 1 } },
      'window-2': { rollbackWindow: { revisions: 2 } },
      'no-window': {},
      'windowed-mid': { rollbackWindow: { revisions: 1 } },
      'kept-0': { revisionHistoryLimit: 0 },
      'kept-1': { revisionHistoryLimit: 1 },
    };
    for (const name of names) await world.apply(liveRollout(name, { canary }, specs[name]));
    for (const name of names) await world.healthy(name);
    for (const version of ['shop:2', 'shop:3']) {
      await nextSecond();
      for (const name of names) await world.setImage(name, version);
      for (const name of names) await world.paused(name, 1);
      for (const name of names) await world.promote(name);
      for (const name of names) await world.healthy(name);
    }
    await world.settled();
  }, timeout);

  it('are gone at once with a history of 0, and all but one with a history of 1', async () => {
    await world.until(
      'the history',
      async () => (await image('kept-0')).join() === 'shop:3' && (await image('kept-1')).join() === 'shop:2,shop:3',
    );
    expect(await image('no-window')).toEqual(['shop:1', 'shop:2', 'shop:3']);
    await world.setImage('kept-0', 'shop:2');
    await world.paused('kept-0', 1);
    expect(await image('kept-0')).toEqual(['shop:2', 'shop:3']);
  });

  it('are gone back to without steps within the window, although they have no pods any more', async () => {
    await world.setImage('window-1', 'shop:2');
    await world.healthy('window-1');
    await world.setImage('window-2', 'shop:1');
    await world.healthy('window-2');
    expect(await world.sizes('window-1')).toBe('shop:2×2');
    expect(await world.sizes('window-2')).toBe('shop:1×2');
    await world.until('the event', async () => (await world.eventReasons('window-2')).includes('SkipSteps'));
    expect((await world.rollout('window-2')).status).toMatchObject({
      currentStepIndex: 2,
      duration: { completionStatus: 'FastRolledBack' },
    });
    expect((await world.rollout('window-2')).metadata.annotations).toMatchObject({
      'rollout.argoproj.io/revision': '4',
    });
  });

  it('are gone back to step by step beyond the window, and where there is none', async () => {
    await world.setImage('no-window', 'shop:2');
    await world.paused('no-window', 1);
    expect(await world.sizes('no-window')).toBe('shop:2×1 shop:3×1');
    await world.patch('Rollout', 'windowed-mid', {
      spec: { template: { spec: { containers: [{ name: 'main', image: 'shop:1' }] } } },
    });
    await world.paused('windowed-mid', 1);
  });

  it('are gone back to without steps in the middle of another update', async () => {
    await world.setImage('windowed-mid', 'shop:4');
    await world.paused('windowed-mid', 1);
    await world.setImage('windowed-mid', 'shop:2');
    await world.healthy('windowed-mid');
    expect(await world.sizes('windowed-mid')).toBe('shop:2×2');
  });
});
