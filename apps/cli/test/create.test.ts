import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeApi, startFakeApi } from './fake-api.ts';
import { run } from './run.ts';

const template = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: {
    name: 'check',
    labels: { team: 'shop' },
    annotations: { why: 'latency' },
    resourceVersion: '7',
    uid: 'u',
  },
  spec: {
    args: [{ name: 'url' }, { name: 'limit', value: '5' }],
    metrics: [{ name: 'web', provider: { web: { url: '{{args.url}}' } } }],
  },
};

let api: FakeApi;
let directory: string;

beforeEach(async () => {
  api = await startFakeApi([
    template,
    { ...template, kind: 'ClusterAnalysisTemplate', metadata: { name: 'everywhere' } },
  ]);
  directory = mkdtempSync(join(tmpdir(), 'sluice-create-'));
});
afterEach(async () => {
  rmSync(directory, { recursive: true });
  await api.close();
});

function file(content: string | object, name = 'manifest.yaml'): string {
  const path = join(directory, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const ROLLOUT = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: cart
spec:
  replicas: 2
  selector:
    matchLabels: { app: cart }
  strategy:
    canary:
      maxSurge: 25%
      steps:
        - setWeight: 20
        - pause: {}
  template:
    metadata:
      labels: { app: cart }
    spec:
      containers:
        - name: cart
          image: cart:1
`;

describe('create -f', () => {
  it('creates the object in the client’s namespace, validated strictly by the server too', async () => {
    const result = await run(api, ['create', '-f', file(ROLLOUT)]);
    expect(result).toEqual({ status: 0, out: 'rollout.argoproj.io/cart created\n', err: '' });
    expect(api.writes).toMatchObject([
      { method: 'POST', path: 'rollouts', body: { metadata: { name: 'cart', namespace: 'shop' } } },
    ]);
    expect(api.requests).toContainEqual(expect.stringMatching(/^POST rollouts\?.*fieldValidation=Strict/));
  });
  it('creates several, and calls cluster templates what clients know', async () => {
    const cluster = file({ ...template, kind: 'ClusterAnalysisTemplate', metadata: { name: 'all' } }, 'cluster.json');
    const own = file({ ...template, metadata: { name: 'own', namespace: 'shop' } }, 'own.json');
    expect((await run(api, ['create', '-f', cluster, '--filename', own])).out).toBe(
      'analysistemplate.argoproj.io/all created\nanalysistemplate.argoproj.io/own created\n',
    );
    expect(api.writes.map(({ path }) => path)).toEqual(['clusteranalysistemplates', 'analysistemplates']);
  });
  it('shows what it has created and keeps the view up to date with -w', async () => {
    const stop = new AbortController();
    const result = await run(api, ['create', '-w', '-f', file(ROLLOUT)], {
      signal: stop.signal,
      onOutput: (out) => out.includes('Strategy:        Canary') && stop.abort(),
    });
    expect(result.status).toBe(0);
    expect(result.out).toContain('rollout.argoproj.io/cart created\nName:            cart\n');
    expect(result.out).toContain('Message:         waiting for rollout spec update to be observed\n');
  });

  it.each([
    [
      'another kind',
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}',
      'creates of apps/Deployment unsupported',
    ],
    ['a core kind', 'apiVersion: v1\nkind: Service\nmetadata: {name: x}', 'creates of /Service unsupported'],
    ['an unknown field', ROLLOUT.replace('maxSurge', 'maxSurges'), 'unknown field "spec.strategy.canary.maxSurges"'],
    [
      'an unknown field of a step',
      ROLLOUT.replace('setWeight', 'setweight'),
      'unknown field "spec.strategy.canary.steps[0].setweight"',
    ],
    [
      'an unknown field of the metadata',
      ROLLOUT.replace('  name: cart\nspec', '  name: cart\n  nam: x\nspec'),
      'unknown field "metadata.nam"',
    ],
    ['a duplicate key', ROLLOUT.replace('  replicas: 2', '  replicas: 2\n  replicas: 3'), 'Map keys must be unique'],
    [
      'a wrong type',
      ROLLOUT.replace('replicas: 2', 'replicas: two'),
      'spec.replicas: expected a whole number, got "two"',
    ],
    ['two objects', `${ROLLOUT}---\n${ROLLOUT}`, 'expected exactly one object, got 2'],
    ['no object', 'just text', 'expected a Kubernetes object with apiVersion, kind and metadata'],
  ])('refuses %s', async (_name, content, message) => {
    const result = await run(api, ['create', '-f', file(content)]);
    expect(result).toMatchObject({ status: 1, out: '' });
    expect(result.err).toMatch(/^Error: /);
    expect(result.err).toContain(message);
    expect(api.writes).toEqual([]);
  });
  it('refuses -w for anything but one Rollout or Experiment', async () => {
    expect((await run(api, ['create', '-w', '-f', file(template)])).err).toContain(
      '--watch needs exactly one file, with a Rollout or an Experiment',
    );
  });
  it('says which file it cannot read', async () => {
    expect((await run(api, ['create', '-f', join(directory, 'gone.yaml')])).err).toMatch(
      /^Error: cannot read .*gone\.yaml: ENOENT/,
    );
  });
});

describe('create analysisrun', () => {
  it('measures a template of the cluster with the given arguments', async () => {
    const result = await run(api, 'create analysisrun --from check -a url=http://shop/?a=b -a nobody=asks');
    expect(result).toEqual({ status: 0, out: 'analysisrun.argoproj.io/check-x7k2p created\n', err: '' });
    expect(api.writes).toMatchObject([{ method: 'POST', path: 'analysisruns' }]);
    expect(api.writes[0]?.body).toEqual({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisRun',
      metadata: {
        generateName: 'check-',
        namespace: 'shop',
        labels: { team: 'shop' },
        annotations: { why: 'latency' },
      },
      spec: {
        args: [
          { name: 'url', value: 'http://shop/?a=b' },
          { name: 'limit', value: '5' },
        ],
        metrics: template.spec.metrics,
      },
    });
  });
  it('takes a cluster template, a name and an instance id', async () => {
    await run(api, 'create analysisrun --from everywhere --global --name now --instance-id blue -a url=x');
    expect(api.writes[0]?.body).toMatchObject({
      metadata: { name: 'now', labels: { 'argo-rollouts.argoproj.io/controller-instance-id': 'blue' } },
    });
  });
  it('takes a file, and the arguments as they are where the template declares none', async () => {
    const from = file({
      ...template,
      metadata: {},
      spec: { metrics: template.spec.metrics, templates: [{ templateName: 'more' }] },
    });
    await run(api, ['create', 'ar', '--from-file', from, '--generate-name', 'try-', '-a', 'url=x']);
    expect(api.writes[0]?.body).toMatchObject({
      metadata: { generateName: 'try-' },
      spec: { args: [{ name: 'url', value: 'x' }] },
    });
    expect(api.writes[0]?.body).not.toHaveProperty('spec.templates');
  });

  it.each([
    ['no template', [], 'one of --from or --from-file must be specified'],
    ['both sources', ['--from', 'check', '--from-file', 'x'], '--from and --from-file exclude each other'],
    ['an argument without value', ['--from', 'check'], 'args.url was not resolved'],
    [
      'an argument that is no pair',
      ['--from', 'check', '-a', 'url'],
      'arguments must be in the form NAME=VALUE, got "url"',
    ],
    ['a template that is not there', ['--from', 'nope'], 'analysistemplates.argoproj.io "nope" not found'],
  ])('refuses %s', async (_name, flags, message) => {
    const result = await run(api, ['create', 'analysisrun', ...flags]);
    expect(result.status).toBe(1);
    expect(result.err).toContain(`Error: ${message}`);
    expect(api.writes).toEqual([]);
  });
  it('refuses a run without any name', async () => {
    const from = file({ ...template, metadata: {} });
    expect((await run(api, ['create', 'analysisrun', '--from-file', from, '-a', 'url=x'])).err).toBe(
      'Error: name is invalid\n',
    );
  });
});
