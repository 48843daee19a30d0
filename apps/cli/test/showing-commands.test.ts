import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeApi, StoredObject } from './fake-api.ts';
import { startFakeApi } from './fake-api.ts';
import { recordedObjects, startMoment } from './recorded.ts';
import { run } from './run.ts';

let api: FakeApi;

beforeEach(async () => {
  api = await startMoment('canary-steps--paused');
});
afterEach(() => api.close());

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
    const result = await run(api, 'get rollout shop --watch --timeout-seconds 2');
    expect(result).toMatchObject({ status: 0, err: '' });
    // Into a file nothing is written again that has only grown older.
    expect(result.out.match(/^Name:/gm)).toHaveLength(1);
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

describe('get experiment', () => {
  const name = 'shop-6765f5f78d-2-0';
  const measured = (value: string) => ({
    phase: 'Running',
    metricResults: [{ name: 'latency', phase: 'Running', count: 1, successful: 1, measurements: [{ value }] }],
  });
  let experiments: FakeApi;

  beforeEach(async () => {
    const objects = recordedObjects('experiment-step-abort--aborted');
    const uid = objects.find(({ kind }) => kind === 'Experiment')?.metadata['uid'];
    const candidate = objects.find(({ metadata }) => metadata.name === `${name}-candidate`);
    const labels = candidate?.metadata['labels'] as Record<string, string>;
    const hash = labels['rollouts-pod-template-hash'] ?? '';
    const metadata = {
      ...{ name: `${name}-speed`, namespace: 'shop', uid: 'speed', creationTimestamp: '2026-11-21T09:34:40Z' },
      ownerReferences: [{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Experiment', name, uid, controller: true }],
    };
    const spec = { args: [{ name: 'version', value: hash }], metrics: [{ name: 'latency' }] };
    const run = { apiVersion: 'argoproj.io/v1alpha1', kind: 'AnalysisRun', metadata, spec, status: measured('0.25') };
    experiments = await startFakeApi([...objects, run as unknown as StoredObject]);
    experiments.change('Rollout', 'shop', ({ status }) =>
      Object.assign(status, { canary: { weights: { additional: [{ podTemplateHash: hash, weight: 15 }] } } }),
    );
  });
  afterEach(() => experiments.close());

  const table = [
    '',
    'TEMPLATE   IMAGE   READY  WEIGHT  latency',
    'baseline   shop:1  0/0            -',
    'candidate  shop:2  0/0    15      ◌ 0.25 (✔ 1)',
    '',
  ].join('\n');

  it('prints header and tree, and below them the versions with what was measured and their share of the traffic', async () => {
    const { status, out } = await run(experiments, `get experiment ${name}`);
    expect(status).toBe(0);
    expect(out).toMatch(new RegExp(`^Name: {12}${name}\\nNamespace: {7}shop\\nStatus: {10}✔ Successful\\n`));
    expect(out).toContain(`└──α ${name}-speed`);
    expect(out.endsWith(table)).toBe(true);
  });
  it('shows no weights to whom Rollouts are not shown', async () => {
    experiments.refuse({ method: 'GET', path: 'rollouts/shop', status: 403, reason: 'Forbidden' });
    const { status, out } = await run(experiments, `get experiment ${name}`);
    expect({ status, out }).toEqual({ status: 0, out: expect.stringContaining('TEMPLATE   IMAGE   READY  latency\n') });
  });
  it('shows new values while watching', async () => {
    const stop = new AbortController();
    let isChanged = false;
    const { out } = await run(experiments, `get experiment ${name} --watch`, {
      signal: stop.signal,
      onOutput(out) {
        if (out.includes('0.5 (✔ 1)')) stop.abort();
        if (!isChanged)
          experiments.change('AnalysisRun', `${name}-speed`, (run) => Object.assign(run, { status: measured('0.5') }));
        isChanged = true;
      },
    });
    expect(out).toContain(table);
    expect(out).toContain('candidate  shop:2  0/0    15      ◌ 0.5 (✔ 1)');
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
