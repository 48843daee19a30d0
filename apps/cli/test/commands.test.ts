import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeApi, type StoredObject, startFakeApi } from './fake-api.ts';
import { podsOf, recordedObjects } from './recorded.ts';
import { NOW, run } from './run.ts';

const MERGE = 'application/merge-patch+json';
let api: FakeApi;

async function start(moment: string): Promise<void> {
  const objects = recordedObjects(moment);
  const pods = objects
    .filter(({ kind }) => kind === 'ReplicaSet')
    .flatMap((set) => podsOf(set as never)) as unknown as StoredObject[];
  api = await startFakeApi([...objects, ...pods.map((pod) => ({ ...pod, kind: 'Pod' }))]);
}

const written = () => api.writes.map(({ method, path, body }) => [method, path, body]);

beforeEach(() => start('canary-steps--paused'));
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
  it.each([
    [
      'experiment-step-abort--aborted',
      'retry experiment shop-6765f5f78d-2-0',
      "experiment 'shop-6765f5f78d-2-0' retried\n",
      'experiments',
      { status: null },
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
  ])('%s: %s', async (moment, commandLine, out, plural, body) => {
    await api.close();
    await start(moment);
    expect(await run(api, commandLine)).toEqual({ status: 0, out, err: '' });
    expect(written()).toEqual([['PATCH', `${plural}/${commandLine.split(' ').at(-1)}`, body]]);
  });
  it('shows an experiment', async () => {
    await api.close();
    await start('experiment-step-abort--aborted');
    const { out, status } = await run(api, 'get exp shop-6765f5f78d-2-0');
    expect(status).toBe(0);
    expect(out).toContain('Status:          ✔ Successful\n');
    expect(out).toContain('└──⧉ shop-6765f5f78d-2-0-candidate  ReplicaSet  • ScaledDown  4m43s  delay:passed\n');
  });
  it('lists experiments', async () => {
    await api.close();
    await start('experiment-step-abort--aborted');
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
    await start('canary-workload-ref--half');
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
    await start('canary-workload-ref--half');
    expect((await run(api, 'undo shop')).out).toBe("rollout 'shop' undo\n");
    expect(api.writes.map(({ path }) => path)).toEqual(['deployments/shop']);
  });
});

describe('get rollout', () => {
  it('prints the header, a blank line and the tree', async () => {
    const { status, out } = await run(api, 'get rollout shop');
    expect(status).toBe(0);
    expect(out).toMatch(/^Name: {12}shop\nNamespace: {7}shop\nStatus: {10}॥ Paused\n/);
    expect(out).toContain('\n\nNAME ');
    expect(out).toContain('│     └──□ shop-6765f5f78d-a  Pod         ✔ Running  4m52s  ready:1/1\n');
  });
  it('has colours on a screen only, and not with --no-color, NO_COLOR or TERM=dumb', async () => {
    expect((await run(api, 'get rollout shop')).out).not.toContain('\x1b[');
    expect((await run(api, 'get rollout shop', { isScreen: true })).out).toContain('\x1b[32m✔\x1b[0m Healthy');
    expect((await run(api, 'get rollout shop --no-color', { isScreen: true })).out).not.toContain('\x1b[');
    expect((await run(api, 'get rollout shop', { isScreen: true, env: { TERM: 'dumb' } })).out).not.toContain('\x1b[');
    expect((await run(api, 'get rollout shop', { isScreen: true, env: { NO_COLOR: '1' } })).out).not.toContain('\x1b[');
  });
  it('works without experiments and analyses that the person may not list', async () => {
    api.refuse({ method: 'GET', path: 'experiments', status: 403, reason: 'Forbidden' });
    api.refuse({ method: 'GET', path: 'analysisruns', status: 404, reason: 'NotFound' });
    expect(await run(api, 'get rollout shop')).toMatchObject({ status: 0, err: '' });
  });
  it('goes on while watching until the person stops it', async () => {
    const stop = new AbortController();
    let isChanged = false;
    const { status, out } = await run(api, 'get rollout shop -w', {
      isScreen: true,
      env: { TERM: 'dumb' },
      signal: stop.signal,
      onOutput(out) {
        if (out.includes('Healthy\nStrategy')) stop.abort();
        if (!isChanged)
          api.change('Rollout', 'shop', ({ status }) =>
            Object.assign(status, { phase: 'Healthy', message: '', controllerPause: false }),
          );
        isChanged = true;
      },
    });
    expect(status).toBe(0);
    expect(out).toMatch(/^\x1b\[H\x1b\[2JName:/);
    expect(out).toContain('Status:          ॥ Paused');
    expect(out).toContain('Status:          ✔ Healthy');
  });
  it('stops watching after --timeout-seconds', async () => {
    expect(await run(api, 'get rollout shop --watch --timeout-seconds 1')).toMatchObject({ status: 0, err: '' });
  });
  it('says so when what it watches is deleted', async () => {
    let isDeleted = false;
    const result = await run(api, 'get rollout shop --watch', {
      onOutput() {
        if (!isDeleted) api.remove('Rollout', 'shop');
        isDeleted = true;
      },
    });
    expect(result).toMatchObject({ status: 1, err: 'Error: rollout "shop" has been deleted\n' });
  });
});

describe('status', () => {
  const become = (phase: string, message: string) =>
    api.change('Rollout', 'shop', ({ status }) =>
      Object.assign(status, { phase, message, controllerPause: false, pauseConditions: [] }),
    );

  it.each([
    ['Healthy', '', 'Healthy\n', 0, ''],
    [
      'Degraded',
      'RolloutAborted: no',
      'Degraded\n',
      1,
      'Error: The rollout is in a degraded state with message: RolloutAborted: no\n',
    ],
    ['Paused', 'CanaryPauseStep', 'Paused - CanaryPauseStep\n', 0, ''],
  ])('prints %s once with --watch=false', async (phase, message, out, status, err) => {
    become(phase, message);
    expect(await run(api, 'status shop --watch=false')).toEqual({ status, out, err });
  });
  it('waits until the Rollout is Healthy and prints each status once', async () => {
    become('Progressing', 'more replicas need to be updated');
    const result = await run(api, 'status shop', {
      onOutput: (out) => out.split('\n').length === 2 && become('Healthy', ''),
    });
    expect(result).toEqual({ status: 0, out: 'Progressing - more replicas need to be updated\nHealthy\n', err: '' });
  });
  it('fails when the Rollout becomes Degraded', async () => {
    const result = await run(api, 'status shop', {
      onOutput: (out) => out.split('\n').length === 2 && become('Degraded', 'RolloutAborted: no'),
    });
    expect(result).toEqual({
      status: 1,
      out: 'Paused - CanaryPauseStep\nDegraded - RolloutAborted: no\n',
      err: 'Error: The rollout is in a degraded state with message: RolloutAborted: no\n',
    });
  });
  it('fails when the time is over', async () => {
    expect(await run(api, 'status shop -t 300ms')).toEqual({
      status: 1,
      out: 'Paused - CanaryPauseStep\n',
      err: 'Error: Rollout status watch exceeded timeout\n',
    });
  });
  it('fails at once for a Rollout that is not there', async () => {
    const result = await run(api, 'status cart');
    expect(result).toMatchObject({ status: 1, out: '' });
    expect(result.err).toContain('Error: rollouts.argoproj.io "cart" not found. Check the name and the namespace (-n)');
  });
});

describe('list rollouts', () => {
  const header = 'NAME  STRATEGY    STATUS        STEP  SET-WEIGHT  READY  DESIRED  UP-TO-DATE  AVAILABLE\n';
  const row = 'shop  Canary      Paused        1/6   20          5/5    5        1           5\n';

  it('prints a row for each', async () => {
    expect(await run(api, 'list rollouts')).toEqual({ status: 0, out: header + row, err: '' });
  });
  it('can add namespace and time', async () => {
    expect((await run(api, 'list rollouts -A --timestamps')).out).toBe(
      `TIMESTAMP             NAMESPACE  ${header}2026-11-21T09:34:46Z  shop       ${row}`,
    );
  });
  it('says when there is none', async () => {
    expect(await run(api, 'list rollouts --name cart')).toEqual({ status: 0, out: '', err: 'No resources found.\n' });
  });
  it('goes on with rows that have changed', async () => {
    const stop = new AbortController();
    let isChanged = false;
    const { out } = await run(api, 'list rollouts -w', {
      signal: stop.signal,
      onOutput(out) {
        if (out.includes('Healthy')) stop.abort();
        if (out.endsWith(row) && !isChanged) {
          isChanged = true;
          api.change('Rollout', 'shop', ({ status }) => Object.assign(status, { phase: 'Healthy' }));
        }
      },
    });
    expect(out).toBe(header + row + row.replace('Paused ', 'Healthy'));
  });
});

describe('errors', () => {
  it('say that nobody answers at the address, and where the address comes from', async () => {
    await api.close();
    const { kubeconfig } = api;
    api = await startFakeApi([]);
    const gone = await startFakeApi([]);
    const { writeFileSync, readFileSync } = await import('node:fs');
    const text = readFileSync(gone.kubeconfig, 'utf8');
    await gone.close();
    writeFileSync(api.kubeconfig, text);
    const result = await run(api, 'get rollout shop');
    expect(kubeconfig).toBeDefined();
    expect(result.status).toBe(1);
    expect(result.err).toMatch(
      /^Error: .*ECONNREFUSED.* Is http:\/\/127\.0\.0\.1:\d+\/ \(from .*kubeconfig\) running and reachable\? .*\n$/,
    );
  });
  it('say what to do about a missing permission', async () => {
    api.refuse({
      method: 'GET',
      path: 'rollouts/shop',
      status: 403,
      reason: 'Forbidden',
      message: 'rollouts.argoproj.io "shop" is forbidden',
    });
    expect((await run(api, 'get rollout shop')).err).toBe(
      'Error: rollouts.argoproj.io "shop" is forbidden. Ask for that permission, or act as somebody who has it with --context or --as.\n',
    );
  });
  it('say what a kubeconfig lacks', async () => {
    const result = await run(api, 'get rollout shop --context other');
    expect(result.err).toMatch(/^Error: .*has no context "other". It has: fake\.\n$/);
  });
  it('show the usage for a missing argument and an unknown command', async () => {
    const missing = await run(undefined, 'abort');
    expect(missing).toMatchObject({ status: 1, out: '' });
    expect(missing.err).toMatch(
      /^Error: missing required argument 'ROLLOUT'\n\nUsage: sluice abort \[options\] <ROLLOUT\.\.\.>/,
    );
    expect((await run(undefined, 'promot shop')).err).toMatch(
      /^Error: unknown command 'promot'\n\(Did you mean promote\?\)/,
    );
    expect((await run(undefined, 'get rollout a b')).status).toBe(1);
  });
  it('name the flag whose value makes no sense', async () => {
    const result = await run(undefined, 'restart shop --in soon');
    expect(result.err).toContain(
      'Error: invalid argument "soon" for --in: expected a duration such as 30s, 5m or 1h30m\n',
    );
    expect(result.status).toBe(1);
  });
});

describe('completion', () => {
  it('offers commands, flags and names', async () => {
    expect((await run(undefined, ['__complete', '--', 'pr'])).out).toBe('promote\n');
    expect((await run(undefined, ['__complete', '--', 'get', ''])).out).toBe('rollout\nexperiment\n');
    expect((await run(undefined, ['__complete', '--', 'promote', '--f'])).out).toBe('--full\n');
    expect((await run(api, ['__complete', '--', 'promote', ''])).out).toBe('shop\n');
    expect((await run(undefined, ['__complete', '--', '--kubeconfig', api.kubeconfig, 'get', 'ro', 's'])).out).toBe(
      'shop\n',
    );
  });
  it('prints scripts for bash and zsh', async () => {
    expect((await run(undefined, 'completion bash')).out).toContain('complete -o default -F _sluice sluice');
    expect((await run(undefined, 'completion zsh')).out).toContain('#compdef sluice');
    expect((await run(undefined, 'completion fish')).status).toBe(1);
  });
});
