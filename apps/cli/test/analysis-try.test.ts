import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { AnalysisServiceService, TryTemplateResponse } from '@sluice/contracts';
import type { TryTemplateRequest } from '@sluice/contracts';
import { authority, certificate, pemDirectory } from '@sluice/service/testing';
import { serverCredentials } from '@sluice/service/tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeApi, startFakeApi } from './fake-api.ts';
import { type RunOptions, run } from './run.ts';

type Answer = Parameters<typeof TryTemplateResponse.fromPartial>[0];
type Call = ServerUnaryCall<TryTemplateRequest, TryTemplateResponse>;

// An analysis-runner that answers what a test says, and keeps what it was asked.
let api: FakeApi;
let server: Server;
let address: string;
let directory: string;
let requests: TryTemplateRequest[];
let answer: (call: Call, done: sendUnaryData<TryTemplateResponse>) => void;

const answers = (partial: Answer): void => {
  answer = (_call, done) => done(null, TryTemplateResponse.fromPartial(partial));
};
const good = { name: 'latency', provider: 'prometheus', phase: 'Successful', value: '[0.2]', reason: 'result holds' };
const bad = { name: 'errors', provider: 'web', phase: 'Failed', value: '7', reason: 'result < 5 does not hold' };
const job = { name: 'smoke', provider: 'job', reason: 'not measured: it makes something' };

beforeAll(async () => {
  api = await startFakeApi([]);
  directory = mkdtempSync(join(tmpdir(), 'sluice-try-'));
  server = new Server();
  server.addService(AnalysisServiceService, {
    tryTemplate(call: Call, done: sendUnaryData<TryTemplateResponse>) {
      requests.push(call.request);
      answer(call, done);
    },
  });
  address = await new Promise<string>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(`127.0.0.1:${port}`) : reject(error),
    ),
  );
});
afterAll(async () => {
  server.forceShutdown();
  rmSync(directory, { recursive: true });
  await api.close();
});
beforeEach(() => {
  requests = [];
  answers({ metrics: [good] });
});
afterEach(() => expect(api.writes).toEqual([]));

const attempt = (words: string[], options: RunOptions = {}) =>
  run(api, ['analysis', 'try', ...words], { env: { SLUICE_ANALYSIS_RUNNER: address }, ...options });

function file(name: string, ...objects: object[]): string {
  const path = join(directory, name);
  writeFileSync(path, objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  return path;
}
const template = (name: string, more: { kind?: string; namespace?: string; templates?: object[] } = {}) => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: more.kind ?? 'AnalysisTemplate',
  metadata: { name, ...(more.namespace === undefined ? {} : { namespace: more.namespace }) },
  spec: {
    metrics: [{ name, provider: { web: { url: 'http://shop' } } }],
    ...(more.templates === undefined ? {} : { templates: more.templates }),
  },
});

describe('analysis try', () => {
  it('shows each metric with value, verdict and reason, and fails when one is not Successful', async () => {
    answers({ metrics: [good, bad, job] });
    const result = await attempt(['checks', '--no-color'], { isScreen: true });
    expect(result).toEqual({
      status: 1,
      err: '',
      out: `METRIC   PROVIDER    VALUE  VERDICT       REASON
latency  prometheus  [0.2]  ✔ Successful  result holds
errors   web         7      ✖ Failed      result < 5 does not hold
smoke    job         -      -             not measured: it makes something

1 of 3 metrics are Successful.
To measure smoke as well: --run-jobs
`,
    });
  });

  it('succeeds when all are Successful, in colour on a screen', async () => {
    const { status: exitStatus, out } = await attempt(['checks'], { isScreen: true });
    expect(exitStatus).toBe(0);
    expect(out).toContain('\x1b[32m✔\x1b[0m Successful');
    expect(out).toContain('\n1 of 1 metric is Successful.\n');
  });

  it('asks for what the command line says', async () => {
    const words = 'a b --cluster-template all --arg url=http://shop/?a=b -a limit=5 --metric m --metric m --run-jobs';
    await attempt(words.split(' '));
    expect(requests).toEqual([
      {
        namespace: 'shop',
        templates: [
          { name: 'a', clusterScope: false },
          { name: 'b', clusterScope: false },
          { name: 'all', clusterScope: true },
        ],
        templateJson: [],
        args: { url: 'http://shop/?a=b', limit: '5' },
        metrics: ['m'],
        withSideEffects: true,
      },
    ]);
  });

  it('takes templates of files, and tries those that no other one takes in', async () => {
    const inner = template('inner', { namespace: 'team' });
    const outer = template('outer', { namespace: 'team', templates: [{ templateName: 'inner' }] });
    const all = template('all', { kind: 'ClusterAnalysisTemplate' });
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'shop' } };
    await attempt(['--file', file('own.yaml', service, inner, outer), '-f', file('all.yaml', all)]);
    expect(requests).toMatchObject([
      {
        namespace: 'team',
        templates: [
          { name: 'outer', clusterScope: false },
          { name: 'all', clusterScope: true },
        ],
        withSideEffects: false,
      },
    ]);
    expect(requests[0]?.templateJson.map((text) => JSON.parse(text))).toEqual([inner, outer, all]);
    await attempt(['inner', '--file', file('own.yaml', inner, outer)]);
    expect(requests[1]?.templates).toEqual([{ name: 'inner', clusterScope: false }]);
  });

  it('keeps answers of metrics on their line, and cuts long ones', async () => {
    const wild = { ...bad, value: 'a\n\x1b[2Jb\u2028c', message: `exit code 1:\n${'x'.repeat(500)}` };
    answers({ metrics: [{ ...wild }, { ...good, value: 'y'.repeat(100) }] });
    const { out } = await attempt(['checks']);
    const lines = out.split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[1]).toMatch(/ a \[2Jb c +✖ Failed +result < 5 does not hold: exit code 1: x+…$/);
    expect(lines[2]).toMatch(/ y{59}… {2}✔/);
  });

  it('prints all of it as JSON for programs', async () => {
    answers({ metrics: [{ ...bad, message: 'a\nb', tookMs: 12, metadata: { query: 'up' } }] });
    const result = await attempt(['checks', '-o', 'json']);
    expect(result).toMatchObject({ status: 1, err: '' });
    const { phase: verdict, ...rest } = bad;
    expect(JSON.parse(result.out)).toEqual({
      namespace: 'shop',
      metrics: [{ ...rest, verdict, message: 'a\nb', tookMs: 12, metadata: { query: 'up' } }],
      problems: [],
    });
    answers({ problems: ['unknown argument limt: there is limit'] });
    const refused = await attempt(['checks', '-o', 'json']);
    expect(refused).toMatchObject({ status: 1, err: '' });
    expect(JSON.parse(refused.out)).toMatchObject({ metrics: [], problems: ['unknown argument limt: there is limit'] });
  });

  it('prints each problem in one line', async () => {
    answers({ problems: ['unknown argument limt: there is limit', 'args.limit was not resolved'] });
    expect(await attempt(['checks', '--arg', 'limt=5'])).toEqual({
      status: 1,
      out: '',
      err: 'Error: unknown argument limt: there is limit\nError: args.limit was not resolved\n',
    });
  });

  it('says what to type when nobody has said where the analysis-runner is, as charts/sluice calls it', async () => {
    const { status: exitStatus, err } = await attempt(['checks'], { env: {} });
    expect(exitStatus).toBe(1);
    expect(err).toBe(
      'Error: where is the analysis-runner? For the one in your cluster, type in another terminal: kubectl -n sluice-system port-forward service/sluice-analysis-runner 8095; then add --analysis-runner 127.0.0.1:8095, or set SLUICE_ANALYSIS_RUNNER to it.\n',
    );
    const chart = readFileSync(
      fileURLToPath(new URL('../../../charts/sluice/templates/analysis-runner.yaml', import.meta.url)),
      'utf8',
    );
    expect(chart).toMatch(/"sluice\.grpcService" .*"address" "sluice-analysis-runner" "port" 8095/);
    expect((await attempt(['checks', '--analysis-runner', address], { env: {} })).status).toBe(0);
  });

  it('says that nobody answers at the address', async () => {
    const { status: exitStatus, err } = await attempt(['checks', '--analysis-runner', '127.0.0.1:1']);
    expect(exitStatus).toBe(1);
    expect(err).toMatch(
      /^Error: the analysis-runner at 127\.0\.0\.1:1 cannot be reached\. Is it running\? .*kubectl .*\n$/,
    );
  });

  describe('of an analysis-runner with certificates', () => {
    const files = pemDirectory();
    const closed = new Server();
    let flags: readonly string[];
    let secured: string;
    let ca: string;

    beforeAll(async () => {
      const ours = await authority('ours');
      ca = files.write('ca', ours).certFile;
      const own = files.write('runner', await certificate('sluice-analysis-runner.sluice-system.svc', ours));
      const me = files.write('me', await certificate('me', ours));
      flags = ['--tls-ca', ca, '--tls-cert', me.certFile, '--tls-key', me.keyFile];
      closed.addService(AnalysisServiceService, {
        tryTemplate: (call: Call, done: sendUnaryData<TryTemplateResponse>) => answer(call, done),
      });
      const tls = serverCredentials({ ...own, clientCaFile: ca });
      const port = await new Promise<number>((resolve, reject) =>
        closed.bindAsync('127.0.0.1:0', tls, (error, bound) => (error ? reject(error) : resolve(bound))),
      );
      secured = `127.0.0.1:${port}`;
    });
    afterAll(() => {
      closed.forceShutdown();
      files.remove();
    });

    it('shows a certificate, and goes by the name of the Service through a tunnel', { timeout: 240_000 }, async () => {
      expect(await attempt(['checks', '--analysis-runner', secured, ...flags])).toMatchObject({ err: '' });
    });

    it('goes by a name that charts/sluice has put into the certificate', () => {
      const folder = new URL('../../../charts/sluice/templates/', import.meta.url);
      const asked = readFileSync(fileURLToPath(new URL('tls.yaml', folder)), 'utf8');
      expect(asked).toMatch(/"sluice-analysis-scheduler" "addresses" \(list "sluice-analysis-runner" /);
      const names = readFileSync(fileURLToPath(new URL('_tls.tpl', folder)), 'utf8');
      expect(names).toContain('- {{ . }}.{{ $root.Release.Namespace }}.svc');
    });

    it('says which flags are missing', { timeout: 240_000 }, async () => {
      const { err } = await attempt(['checks', '--analysis-runner', secured]);
      expect(err).toMatch(
        /^Error: the analysis-runner at .* is served with TLS only: .* with --tls-ca, .*--tls-key\n$/,
      );
      const bare = await attempt(['checks', '--analysis-runner', secured], { env: { SLUICE_TLS_CA: ca } });
      expect(bare.err).toContain('serves only callers that show a certificate: give this side one with --tls-cert');
    });

    it.each([
      [['--tls-cert', 'a'], '--tls-cert and --tls-key go together'],
      [['--tls-server-name', 'a'], 'need --tls-ca'],
    ])('refuses %j', async (words, message) => {
      expect((await attempt(['checks', ...words])).err).toContain(message);
    });
  });

  it('passes on why the analysis-runner refuses', async () => {
    answer = (_call, done) => {
      const metadata = new Metadata();
      metadata.set('sluice-error-code', 'Invalid');
      done({ code: status.INVALID_ARGUMENT, details: 'analysistemplates is forbidden', metadata });
    };
    expect((await attempt(['checks'])).err).toBe('Error: analysistemplates is forbidden\n');
  });

  it('ends what is being measured when the person has had enough', async () => {
    const stop = new AbortController();
    const cancelled = new Promise<void>((resolve) => {
      answer = (call) => {
        call.on('cancelled', () => resolve());
        stop.abort();
      };
    });
    expect(await attempt(['checks'], { signal: stop.signal })).toEqual({ status: 1, out: '', err: '' });
    await cancelled;
  });

  it.each([
    [['checks', '--arg', 'limit'], '--arg must be in the form NAME=VALUE, got "limit"'],
    [['checks', '--arg', 'a=1', '--arg', 'a=2'], '--arg a is given twice'],
    [[], 'name what to try: sluice analysis try TEMPLATE...'],
    [
      ['checks', '--analysis-runner', 'http://somewhere'],
      'invalid argument for --analysis-runner "http://somewhere": expected HOST:PORT',
    ],
    [['checks', '-o', 'yaml'], "argument 'yaml' is invalid. Allowed choices are text, json."],
  ])('refuses %j with its usage', async (words, message) => {
    const { status: exitStatus, err } = await attempt(words);
    expect(exitStatus).toBe(1);
    expect(err).toContain(message);
    expect(err).toContain('Usage: sluice analysis try');
    expect(requests).toEqual([]);
  });

  it.each([
    [
      'no template',
      [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'shop' } }],
      'there is no AnalysisTemplate or ClusterAnalysisTemplate in it',
    ],
    [
      'an unknown field',
      [{ ...template('a'), spec: { metric: [] } }],
      ':1: AnalysisTemplate: unknown field "spec.metric"',
    ],
    ['no name', [{ ...template('a'), metadata: {} }], 'metadata.name is missing'],
    ['a template twice', [template('a'), template('a')], 'AnalysisTemplate a is in the files twice'],
    [
      'several namespaces',
      [template('a', { namespace: 'x' }), template('b', { namespace: 'y' })],
      'templates of several namespaces (x, y)',
    ],
  ])('refuses a file with %s', async (_name, objects, message) => {
    const { status: exitStatus, err } = await attempt(['--file', file('bad.yaml', ...objects)]);
    expect(exitStatus).toBe(1);
    expect(err).toMatch(/^Error: [^\n]+\n$/);
    expect(err).toContain(message);
    expect(requests).toEqual([]);
  });
});
