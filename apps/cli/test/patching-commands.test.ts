import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeApi } from './fake-api.ts';
import { startMoment } from './recorded.ts';
import { NOW, run } from './run.ts';

const MERGE = 'application/merge-patch+json';
let api: FakeApi;
const written = () => api.writes.map(({ method, path, body }) => [method, path, body]);

beforeEach(async () => {
  api = await startMoment('canary-steps--paused');
});
afterEach(() => api.close());

describe('commands that patch', () => {
  it.each([
    ['abort shop', "rollout 'shop' aborted\n", 'rollouts/shop/status', { status: { abort: true } }],
    ['retry rollout shop', "rollout 'shop' retried\n", 'rollouts/shop/status', { status: { abort: false } }],
    ['pause shop', "rollout 'shop' paused\n", 'rollouts/shop', { spec: { paused: true } }],
    ['promote shop', "rollout 'shop' promoted\n", 'rollouts/shop/status', { status: { pauseConditions: null } }],
    [
      'promote shop --full',
      "rollout 'shop' fully promoted\n",
      'rollouts/shop/status',
      { status: { promoteFull: true } },
    ],
    ['promote shop -c', "rollout 'shop' promoted\n", 'rollouts/shop/status', { status: { currentStepIndex: 2 } }],
    [
      'promote shop --skip-all-steps',
      "rollout 'shop' promoted\n",
      'rollouts/shop/status',
      { status: { currentStepIndex: 6 } },
    ],
    ['restart shop', "rollout 'shop' restarts in 0s\n", 'rollouts/shop', { spec: { restartAt: NOW } }],
    [
      'restart shop --in 10m',
      "rollout 'shop' restarts in 10m\n",
      'rollouts/shop',
      { spec: { restartAt: '2026-11-21T09:44:46Z' } },
    ],
  ])('%s', async (commandLine, out, path, body) => {
    expect(await run(api, commandLine)).toEqual({ status: 0, out, err: '' });
    expect(api.writes).toEqual([{ method: 'PATCH', path, contentType: MERGE, body }]);
  });

  it('take several names and stop at the first that fails', async () => {
    const result = await run(api, 'pause shop cart');
    expect(result).toMatchObject({ status: 1, out: "rollout 'shop' paused\n" });
    expect(result.err).toContain('Error: rollouts.argoproj.io "cart" not found');
  });
  it('patch the object itself where the kind has no status subresource', async () => {
    api.refuse({ method: 'PATCH', path: 'rollouts/shop/status', status: 404, reason: 'NotFound' });
    expect(await run(api, 'abort shop')).toMatchObject({ status: 0 });
    expect(written()).toEqual([
      ['PATCH', 'rollouts/shop/status', { status: { abort: true } }],
      ['PATCH', 'rollouts/shop', { status: { abort: true } }],
    ]);
  });
  it('send one patch for status and spec where the kind has no status subresource', async () => {
    api.change('Rollout', 'shop', (rollout) => (rollout.spec.paused = true));
    api.refuse({ method: 'PATCH', path: 'rollouts/shop/status', status: 404, reason: 'NotFound' });
    await run(api, 'promote shop');
    expect(written().at(-1)).toEqual([
      'PATCH',
      'rollouts/shop',
      { status: { pauseConditions: null }, spec: { paused: false } },
    ]);
    expect(api.writes).toHaveLength(2);
  });
  it('patch the status before the spec', async () => {
    api.change('Rollout', 'shop', (rollout) => (rollout.spec.paused = true));
    await run(api, 'promote shop');
    expect(written()).toEqual([
      ['PATCH', 'rollouts/shop/status', { status: { pauseConditions: null } }],
      ['PATCH', 'rollouts/shop', { spec: { paused: false } }],
    ]);
  });
  it('say so when there is nothing to patch', async () => {
    api.change('Rollout', 'shop', (rollout) => (rollout.status.stableRS = rollout.status.currentPodHash));
    expect(await run(api, 'promote shop --full')).toEqual({
      status: 0,
      out: "rollout 'shop' fully promoted\n",
      err: '',
    });
    expect(api.writes).toEqual([]);
  });
  it('promote the version of a spec that the controller has not observed, once its status is about it', async () => {
    api.change('Rollout', 'shop', (rollout) => {
      rollout.metadata.generation = Number(rollout.status.observedGeneration) + 1;
      rollout.status.pauseConditions = undefined;
      rollout.status.currentStepIndex = 6;
    });
    const running = run(api, 'promote shop');
    await expect
      .poll(() => api.requests.filter((request) => request.includes('rollouts/shop')).length)
      .toBeGreaterThan(1);
    api.change('Rollout', 'shop', (rollout) => {
      rollout.status.observedGeneration = String(rollout.metadata.generation);
      rollout.status.currentStepIndex = 0;
    });
    await running;
    expect(written()).toEqual([
      ['PATCH', 'rollouts/shop/status', { status: { pauseConditions: null, currentStepIndex: 1 } }],
    ]);
  });
  it('abort a version that comes directly after an abort, once the status is about it', async () => {
    api.change('Rollout', 'shop', (rollout) => {
      rollout.metadata.generation = Number(rollout.status.observedGeneration) + 1;
      Object.assign(rollout.status, { abort: true, abortedAt: NOW });
    });
    const running = run(api, 'abort shop');
    await expect.poll(() => api.requests.filter((request) => request.startsWith('GET')).length).toBeGreaterThan(1);
    api.change('Rollout', 'shop', (rollout) => {
      rollout.status.observedGeneration = String(rollout.metadata.generation);
      Object.assign(rollout.status, { abort: false, abortedAt: undefined });
    });
    await running;
    const aborts = ['PATCH', 'rollouts/shop/status', { status: { abort: true } }];
    expect(written()).toEqual([aborts, aborts]);
  });
  it('refuse flags that exclude each other', async () => {
    const result = await run(api, 'promote shop -c -a');
    expect(result).toEqual({
      status: 1,
      out: '',
      err: 'Error: Cannot use skip-current-step and skip-all-steps flags at the same time\n',
    });
  });
});

describe('experiments and runs', () => {
  it.each<[moment: string, commandLine: string, out: string, plural: string, body: object, err?: string]>([
    [
      'experiment-step-abort--aborted',
      'retry experiment shop-6765f5f78d-2-0',
      "experiment 'shop-6765f5f78d-2-0' retried\n",
      'experiments',
      { status: null },
      "experiment 'shop-6765f5f78d-2-0' has been terminated and ends again at once: take spec.terminate out of it before it is retried\n",
    ],
    [
      'experiment-step-abort--aborted',
      'terminate experiment shop-6765f5f78d-2-0',
      "experiment 'shop-6765f5f78d-2-0' retried\n",
      'experiments',
      { spec: { terminate: true } },
    ],
    [
      'analysis-background-success--running',
      'terminate analysisrun shop-6765f5f78d-2',
      "analysisRun 'shop-6765f5f78d-2' terminated\n",
      'analysisruns',
      { spec: { terminate: true } },
    ],
  ])('%s: %s', async (moment, commandLine, out, plural, body, err = '') => {
    await api.close();
    api = await startMoment(moment);
    expect(await run(api, commandLine)).toEqual({ status: 0, out, err });
    expect(written()).toEqual([['PATCH', `${plural}/${commandLine.split(' ').at(-1)}`, body]]);
  });
  it('shows an experiment', async () => {
    await api.close();
    api = await startMoment('experiment-step-abort--aborted');
    const { out, status } = await run(api, 'get exp shop-6765f5f78d-2-0');
    expect(status).toBe(0);
    expect(out).toContain('Status:          ✔ Successful\n');
    expect(out).toContain('└──⧉ shop-6765f5f78d-2-0-candidate  ReplicaSet  • ScaledDown  4m43s  delay:passed\n');
  });
  it('lists experiments', async () => {
    await api.close();
    api = await startMoment('experiment-step-abort--aborted');
    expect((await run(api, 'list experiments')).out).toBe(
      'NAME                 STATUS      DURATION  REMAINING  AGE\nshop-6765f5f78d-2-0  Successful  60m       -          4m43s\n',
    );
  });
});

describe('set image', () => {
  it('replaces the Rollout with the new image', async () => {
    expect(await run(api, 'set image shop shop=shop:3')).toEqual({
      status: 0,
      out: 'rollout "shop" image updated\n',
      err: '',
    });
    expect(api.writes).toMatchObject([
      {
        method: 'PUT',
        path: 'rollouts/shop',
        body: { spec: { template: { spec: { containers: [{ image: 'shop:3' }] } } } },
      },
    ]);
    expect(api.get('Rollout', 'shop').spec.replicas).toBe(5);
  });
  it('reads again when somebody else wrote in between', async () => {
    api.refuse({ method: 'PUT', path: 'rollouts/shop', status: 409, reason: 'Conflict', times: 3 });
    expect(await run(api, 'set image shop *=shop:3')).toMatchObject({ status: 0 });
    expect(api.writes).toHaveLength(4);
    expect(api.get('Rollout', 'shop').spec.template.spec.containers[0].image).toBe('shop:3');
  });
  it('gives up after five more tries', async () => {
    api.refuse({
      method: 'PUT',
      path: 'rollouts/shop',
      status: 409,
      reason: 'Conflict',
      message: 'the object has been modified',
    });
    const result = await run(api, 'set image shop shop=shop:3');
    expect(result.err).toBe(
      'Error: the object has been modified. Somebody else changed it at the same time: run the command again.\n',
    );
    expect(api.writes).toHaveLength(6);
  });
  it('edits the Deployment that workloadRef names', async () => {
    await api.close();
    api = await startMoment('canary-workload-ref--half');
    expect((await run(api, 'set image shop shop=shop:3')).out).toBe('deployment "shop" image updated\n');
    expect(api.get('Deployment', 'shop').spec.template.spec.containers[0].image).toBe('shop:3');
    expect(api.writes.map(({ path }) => path)).toEqual(['deployments/shop']);
  });
  it('names a container that is not there', async () => {
    expect((await run(api, 'set image shop web=shop:3')).err).toBe('Error: unable to find container named "web"\n');
    expect(api.writes).toEqual([]);
  });
  it('prints its usage for an argument that is no pair', async () => {
    const result = await run(api, 'set image shop shop:3');
    expect(result.status).toBe(1);
    expect(result.err).toContain('Error: expected CONTAINER=IMAGE, got "shop:3"');
    expect(result.err).toContain('Usage: sluice set image [options] <ROLLOUT> <CONTAINER=IMAGE>');
  });
});

describe('undo', () => {
  it('writes the template of the revision before back', async () => {
    expect(await run(api, 'undo shop')).toEqual({ status: 0, out: "rollout 'shop' undo\n", err: '' });
    const [write] = api.writes;
    expect(write).toMatchObject({ method: 'PATCH', path: 'rollouts/shop', contentType: 'application/json-patch+json' });
    expect(write?.body).toMatchObject([
      { op: 'replace', path: '/spec/template', value: { metadata: { labels: { app: 'shop' } } } },
    ]);
    expect(api.get('Rollout', 'shop').spec.template.spec.containers[0].image).toBe('shop:1');
    expect(api.get('Rollout', 'shop').spec.template.metadata.labels).toEqual({ app: 'shop' });
  });
  it('skips what is in force already', async () => {
    expect((await run(api, 'undo shop --to-revision 2')).out).toBe(
      'skipped rollback (current template already matches revision 2)\n',
    );
    expect(api.writes).toEqual([]);
  });
  it('says that there is no such revision', async () => {
    expect((await run(api, 'undo shop --to-revision=9')).err).toBe(
      'Error: unable to find specified revision 9 in history\n',
    );
  });
  it('patches the Deployment that workloadRef names', async () => {
    await api.close();
    api = await startMoment('canary-workload-ref--half');
    expect((await run(api, 'undo shop')).out).toBe("rollout 'shop' undo\n");
    expect(api.writes.map(({ path }) => path)).toEqual(['deployments/shop']);
  });
});
