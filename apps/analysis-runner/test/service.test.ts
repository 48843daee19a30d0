import { Metadata, credentials, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { runCli } from '@sluice/cli';
import { AnalysisServiceClient } from '@sluice/contracts';
import type { EnsureRunRequest, EnsureRunResponse, TryTemplateRequest, TryTemplateResponse } from '@sluice/contracts';
import { resources } from '@sluice/kube';
import type { RawObject } from '@sluice/kube';
import { createPluginHost } from '@sluice/plugin-host';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFakeProvider } from './fake-provider.ts';
import { MeasuringWorld, metric } from './measuring-world.ts';

const timeout = 240_000;
let world: MeasuringWorld;
let client: AnalysisServiceClient;

beforeAll(async () => {
  world = await MeasuringWorld.open();
}, timeout);
beforeEach(async () => {
  const scheduler = await world.startScheduler();
  client = new AnalysisServiceClient(scheduler.address(), credentials.createInsecure());
}, timeout);
afterEach(async () => {
  client.close();
  await world.tidy();
}, timeout);
afterAll(() => world.close(), timeout);

/** Owners that are there: what belongs to nobody who exists is collected. */
async function ownerCalled(name: string): Promise<{ readonly name: string; readonly uid: string }> {
  const key = { namespace: 'shop', name };
  const existing = await world.person.find(resources.configMaps, key);
  const owner: RawObject = existing ?? (await world.person.create<RawObject>(resources.configMaps, { metadata: key }));
  return { name, uid: owner.metadata.uid ?? '' };
}
const wish = async (name: string, ownedBy: string, spec: object = {}): Promise<EnsureRunRequest> => ({
  analysisRunJson: JSON.stringify({ metadata: { name, namespace: 'shop' }, spec: { metrics: [metric()], ...spec } }),
  owner: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', ...(await ownerCalled(ownedBy)) },
  idempotencyKey: `${ownedBy}/1`,
});
const ensure = async (wished: EnsureRunRequest | Promise<EnsureRunRequest>): Promise<EnsureRunResponse> => {
  const request = await wished;
  return await new Promise((resolve, reject) =>
    client.ensureRun(request, (error, answer) => (error === null ? resolve(answer) : reject(error))),
  );
};
const terminate = (name: string, uid = ''): Promise<boolean> =>
  new Promise((resolve, reject) =>
    client.terminateRun({ run: { namespace: 'shop', name, uid } }, (error, answer) =>
      error === null ? resolve(answer.found) : reject(error),
    ),
  );
const attempt = (request: Partial<TryTemplateRequest>): Promise<TryTemplateResponse> =>
  new Promise((resolve, reject) =>
    client.tryTemplate(
      { namespace: 'shop', templates: [], templateJson: [], args: {}, metrics: [], withSideEffects: false, ...request },
      new Metadata(),
      (error, answer) => (error === null ? resolve(answer) : reject(error)),
    ),
  );

describe('EnsureRun', { timeout }, () => {
  it('makes the run once, however often and at once it is asked for, with its owner as controller', async () => {
    const wished = await wish('a', 'one');
    const answers = await Promise.all([ensure(wished), ensure(wished)]);
    const again = await ensure(wish('a', 'one'));
    expect(new Set([...answers, again].map(({ run }) => run?.uid)).size).toBe(1);
    expect(again).toMatchObject({ run: { namespace: 'shop', name: 'a' }, created: false });
    const run = await world.run('a');
    expect(run.metadata.ownerReferences).toMatchObject([{ kind: 'ConfigMap', name: 'one', controller: true }]);
  });

  it('gives another name where the wanted one is somebody else’s', async () => {
    await ensure(wish('b', 'one'));
    expect((await ensure(wish('b', 'two'))).run?.name).toBe('b.1');
    expect((await ensure(wish('b', 'three'))).run?.name).toBe('b.2');
    expect((await ensure(wish('b', 'two'))).run?.name).toBe('b.1');
  });

  it('refuses what is no run, and says why', async () => {
    const refusal = await ensure({ analysisRunJson: '{', owner: undefined, idempotencyKey: '' }).catch(
      (error) => error as ServiceError,
    );
    expect(refusal).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'analysis_run_json is not JSON' });
    expect((refusal as ServiceError).metadata.get('sluice-error-code')).toEqual(['Invalid']);
  });
});

describe('TerminateRun', { timeout }, () => {
  it('ends a run, and succeeds when there is nothing to end', async () => {
    const { run } = await ensure(wish('c', 'one', { metrics: [metric('m', { interval: '1h' })] }));
    expect(await terminate('c', 'of another')).toBe(false);
    expect((await world.run('c')).spec.terminate).toBeUndefined();
    expect(await terminate('c', run?.uid)).toBe(true);
    expect(await terminate('c', run?.uid)).toBe(true);
    expect((await world.phase('c', 'Inconclusive')).status?.message).toBe(
      'Run Terminated before anything was measured',
    );
    expect(await terminate('nothing')).toBe(false);
  });
});

describe('TryTemplate', { timeout }, () => {
  const template = (name: string, spec: object): RawObject => ({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisTemplate',
    metadata: { name, namespace: 'shop' },
    spec,
  });
  const spec = {
    args: [{ name: 'limit' }, { name: 'token', valueFrom: { secretKeyRef: { name: 'try', key: 'token' } } }],
    metrics: [
      metric('good', { successCondition: 'result < {{args.limit}}' }),
      { ...metric('bad', { failureCondition: 'result > 3' }, 'high'), interval: '10s' },
      metric('broken', { successCondition: 'result.nothing.there' }, 'broken'),
    ],
  };

  it('measures each metric once through the provider, says what came of it and why, and changes nothing', async () => {
    world.provider.answers.set('high', () => ({ result: 5, value: '5' }));
    world.provider.answers.set('broken', () => ({ error: 'Unavailable', message: 'no, hush-hush' }));
    await world.putSecret('try', { token: 'hush-hush' });
    await world.person.create(resources.analysisTemplates, template('tried', spec));
    const before = world.writes().length;
    const answer = await attempt({ templates: [{ name: 'tried', clusterScope: false }], args: { limit: '10' } });
    expect(answer.problems).toEqual([]);
    expect(answer.metrics).toMatchObject([
      {
        name: 'good',
        provider: 'test/fake',
        phase: 'Successful',
        value: '1',
        reason: 'successCondition result < 10 holds',
      },
      { name: 'bad', phase: 'Failed', value: '5', reason: 'failureCondition result > 3 holds' },
      { name: 'broken', phase: 'Error', reason: 'no, *****' },
    ]);
    expect(world.writes().length).toBe(before);
    expect((await world.person.list(resources.analysisRuns, { namespace: 'shop' })).items).toEqual([]);
  });

  it('takes templates that are not in the cluster yet, only the metrics that are asked for, and says what is missing', async () => {
    const templateJson = [JSON.stringify(template('new', { ...spec, args: [{ name: 'limit' }] }))];
    const templates = [{ name: 'new', clusterScope: false }];
    expect((await attempt({ templates, templateJson })).problems).toEqual(['args.limit was not resolved']);
    const { metrics } = await attempt({ templates, templateJson, args: { limit: '0' }, metrics: ['good'] });
    expect(metrics).toMatchObject([{ name: 'good', phase: 'Failed' }]);
  });

  it('tells every template, argument and metric that is not there, and measures nothing', async () => {
    const absent = [
      { name: 'gone', clusterScope: false },
      { name: 'away', clusterScope: true },
    ];
    expect((await attempt({ templates: absent })).problems).toEqual([
      'analysistemplate.argoproj.io "gone" not found',
      'clusteranalysistemplate.argoproj.io "away" not found',
    ]);
    const templateJson = [JSON.stringify(template('new', { ...spec, args: [{ name: 'limit' }] }))];
    const asked = { templates: [{ name: 'new', clusterScope: false }], templateJson, metrics: ['god', 'good'] };
    expect(await attempt({ ...asked, args: { limt: '5' } })).toEqual({
      metrics: [],
      problems: [
        'unknown argument limt: there is limit',
        'args.limit was not resolved',
        'unknown metric god: there is good, bad, broken',
      ],
    });
    expect(world.provider.started).toEqual([]);
  });

  it('follows a measurement that takes longer to its end', async () => {
    world.provider.answers.set('slow', () => ({ pending: { pollAfterMs: 10 } }));
    world.provider.poll = () => ({ verdict: 'Inconclusive', message: 'who knows' });
    const templateJson = [JSON.stringify(template('slow', { metrics: [metric('m', {}, 'slow')] }))];
    const { metrics } = await attempt({ templates: [{ name: 'slow', clusterScope: false }], templateJson });
    expect(metrics).toMatchObject([
      { name: 'm', phase: 'Inconclusive', message: 'who knows', reason: 'the provider has decided' },
    ]);
  });

  it('is what `sluice analysis try` shows to people', async () => {
    const provider = await startFakeProvider({ sideEffects: true });
    const plugins = createPluginHost({
      configured: [
        { type: 'metric', name: 'test/fake', address: world.provider.address },
        { type: 'metric', name: 'test/job', address: provider.address },
      ],
    });
    await plugins.start();
    try {
      const runner = await world.startScheduler({ plugins });
      world.provider.answers.set('high', () => ({ result: 5, value: '5' }));
      const metrics = [
        metric('good', { successCondition: 'result < {{args.limit}}' }),
        metric('bad', { failureCondition: 'result > 3' }, 'high'),
        metric('odd', { successCondition: 'result[0] > 3' }, 'high'),
        { ...metric('job'), provider: { plugin: { 'test/job': {} } } },
      ];
      await world.person.create(resources.analysisTemplates, template('shown', { args: [{ name: 'limit' }], metrics }));
      const before = world.writes().length;
      const sluice = async (...args: string[]) => {
        const said = { out: '', errors: '' };
        const words = ['--kubeconfig', world.kubeconfig('person'), '-n', 'shop', 'analysis', 'try', 'shown', ...args];
        const status = await runCli(words, {
          write: (text) => void (said.out += text),
          writeError: (text) => void (said.errors += text),
          now: Date.now,
          env: { SLUICE_ANALYSIS_RUNNER: runner.address() },
          signal: new AbortController().signal,
          isScreen: false,
        });
        return { status, ...said };
      };
      expect(await sluice()).toEqual({ status: 1, out: '', errors: 'Error: args.limit was not resolved\n' });
      const shown = await sluice('--arg', 'limit=2');
      expect(shown).toMatchObject({ status: 1, errors: '' });
      expect(shown.out).toMatch(/^METRIC +PROVIDER +VALUE +VERDICT +REASON\n/);
      expect(shown.out).toMatch(/\ngood +test\/fake +1 +✔ Successful +successCondition result < 2 holds\n/);
      expect(shown.out).toMatch(/\nbad +test\/fake +5 +✖ Failed +failureCondition result > 3 holds\n/);
      expect(shown.out).toMatch(/\nodd +test\/fake +5 +. Error +could not evaluate successCondition "result\[0\] > 3"/);
      expect(shown.out).toMatch(/\njob +test\/job +- +- +not measured/);
      expect(provider.started).toEqual([]);

      const chosen = ['--arg', 'limit=2', '--metric', 'good', '--metric', 'job', '--run-jobs'];
      expect(await sluice(...chosen)).toMatchObject({ status: 0, errors: '' });
      expect([provider.started.length, provider.collected.length]).toEqual([1, 1]);
      expect(world.writes().length).toBe(before);
    } finally {
      await plugins.stop();
      await provider.stop();
    }
  });
});
