import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { ErrorCode, Finished, Measurement, Verdict } from '@sluice/contracts';
import type { MetricPollResponse, MetricStartResponse } from '@sluice/contracts';
import { afterEach, describe, expect, test } from 'vitest';
import { PluginError, servePlugin } from '../src/index.ts';
import type { MetricProvider, MetricQuery, MetricUnderWay } from '../src/index.ts';
import { ask, clientsOf } from './clients.ts';

const stops: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const run = { namespace: 'shop', name: 'cart-1', uid: 'uid-1' };

function measurementOf(ordinal: number, more: Partial<Measurement> = {}): Measurement {
  return Measurement.fromPartial({
    id: `uid-1/errors/${ordinal}`,
    run,
    metricName: 'errors',
    ordinal,
    configJson: '{"query":"up"}',
    ...more,
  });
}

async function served(metric: Partial<MetricProvider> = {}) {
  const lines: string[] = [];
  const log = (fields: object, message: string): void =>
    void lines.push(JSON.stringify({ ...fields, message, error: String((fields as { error?: Error }).error?.stack) }));
  const plugin = await servePlugin(
    { name: 'org/metric', version: '1.0.0', metric: { start: async () => ({ result: 0.5 }), ...metric } },
    { logger: { debug: log, info: log, warn: log, error: log } },
  );
  const { metric: client, close } = clientsOf(plugin.address);
  stops.push(() => plugin.stop(200), close);
  return {
    client,
    lines,
    start: (measurement: Measurement = measurementOf(1), deadlineMs = 20_000) =>
      ask(client, client.start, { measurement }, deadlineMs),
    poll: (measurement: Measurement = measurementOf(1), handle = '', metadata: Record<string, string> = {}) =>
      ask(client, client.poll, { measurement, handle, metadata }),
    cancel: (measurement: Measurement = measurementOf(1), handle = '') =>
      ask(client, client.cancel, { measurement, handle, metadata: {} }),
  };
}

const finishedOf = ({ outcome }: MetricStartResponse | MetricPollResponse) =>
  outcome?.$case === 'finished' ? outcome.value : undefined;
const pendingOf = ({ outcome }: MetricStartResponse | MetricPollResponse) =>
  outcome?.$case === 'pending' ? outcome.value : undefined;
const codeOf = (error: ServiceError) => error.metadata.get('sluice-error-code')[0];

describe('a served metric provider', () => {
  test('gives its author the query, and the caller what was found', async () => {
    const queries: MetricQuery[] = [];
    const { start } = await served({
      async start(query) {
        queries.push(query);
        return { result: [0.5, NaN], metadata: { warnings: 'none' }, metricMetadata: { query: 'up' } };
      },
    });
    const response = await start(measurementOf(3, { metricJson: '{"interval":"5s"}' }));
    expect(queries).toEqual([
      {
        id: 'uid-1/errors/3',
        run,
        metricName: 'errors',
        ordinal: 3,
        config: { query: 'up' },
        metric: { interval: '5s' },
        secretValues: [],
      },
    ]);
    expect(finishedOf(response)).toMatchObject({
      value: '[0.5,NaN]',
      valueJson: '[0.5,NaN]',
      verdict: Verdict.UNSPECIFIED,
      errorCode: ErrorCode.UNSPECIFIED,
      metadata: { warnings: 'none' },
    });
    expect(response.metricMetadata).toEqual({ query: 'up' });
  });

  test('may decide itself', async () => {
    const { start } = await served({ start: async () => ({ verdict: 'Failed', message: 'the job failed' }) });
    expect(finishedOf(await start())).toMatchObject({
      verdict: Verdict.FAILED,
      valueJson: '',
      message: 'the job failed',
    });
  });

  test('makes an Error measurement of what its author throws', async () => {
    const failures = [
      [new PluginError('Unavailable', 'connection refused'), ErrorCode.UNAVAILABLE],
      [new Error('a defect'), ErrorCode.INTERNAL],
    ] as const;
    for (const [error, code] of failures) {
      const { start } = await served({ start: () => Promise.reject(error) });
      expect(finishedOf(await start())).toMatchObject({ errorCode: code, valueJson: '', message: error.message });
    }
  });

  test('judges no result of more than 1 MiB', async () => {
    const { start } = await served({ start: async () => ({ result: 'x'.repeat(2 ** 20) }) });
    expect(finishedOf(await start())).toMatchObject({ errorCode: ErrorCode.INVALID, valueJson: '' });
  });

  test('cuts off what people see, which is kept in the status of a run, and judges all of it', async () => {
    const { start } = await served({
      start: async () => ({
        result: ['x'.repeat(100_000)],
        message: 'y'.repeat(100_000),
        metadata: { a: 'z'.repeat(100_000) },
      }),
    });
    const { value, valueJson, message, metadata } = Finished.fromPartial(finishedOf(await start()) ?? {});
    expect(valueJson.length).toBeGreaterThan(100_000);
    for (const shown of [value, message, metadata['a'] ?? '']) {
      expect(shown.length).toBeLessThan(17_000);
      expect(shown.endsWith('…')).toBe(true);
    }
  });

  test('refuses requests that make no sense', async () => {
    const { start, client } = await served();
    const refused = (measurement: Measurement) => start(measurement).then(() => 'answered', codeOf);
    expect(await refused(measurementOf(1, { id: '' }))).toBe('Invalid');
    expect(await refused(measurementOf(1, { metricName: '' }))).toBe('Invalid');
    expect(await refused(measurementOf(1, { run: { ...run, uid: '' } }))).toBe('Invalid');
    expect(await refused(measurementOf(1, { configJson: '[1]' }))).toBe('Invalid');
    expect(await ask(client, client.start, { measurement: undefined }).catch(codeOf)).toBe('Invalid');
  });

  test('takes a configuration that its author cannot read for an error of the measurement, and for a problem of Validate', async () => {
    const { start, client } = await served({
      config: () => {
        throw new PluginError('Invalid', 'query is missing', { path: 'query' });
      },
    });
    expect(finishedOf(await start())).toMatchObject({ errorCode: ErrorCode.INVALID, message: 'query is missing' });
    const check = { namespace: 'shop', configJson: '{}', metricJson: '' };
    expect(await ask(client, client.validate, check)).toEqual({
      problems: [{ path: 'query', message: 'query is missing' }],
    });
  });
});

describe('the id of a measurement', () => {
  test('is one measurement: asked twice at once and again later, it is measured once', async () => {
    let measured = 0;
    const gate = Promise.withResolvers<void>();
    const { start } = await served({
      async start() {
        measured += 1;
        await gate.promise;
        return { result: measured };
      },
    });
    const both = [start(), start()];
    const other = start(measurementOf(2));
    await expect.poll(() => measured, { timeout: 60_000 }).toBe(2);
    gate.resolve();
    const [one, two] = await Promise.all(both);
    expect(one).toEqual(two);
    expect(await start()).toEqual(one);
    expect(finishedOf(await other)?.valueJson).toBe('2');
    expect(measured).toBe(2);
  });

  test('is measured once also when it ends as an error', async () => {
    let measured = 0;
    const { start } = await served({
      async start() {
        measured += 1;
        throw new PluginError('Unavailable', `refused ${measured}`);
      },
    });
    expect(await start()).toEqual(await start());
    expect(measured).toBe(1);
  });

  test('is given up when its deadline is over, its author is told, and the next call begins after the real end', async () => {
    const told = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    let measured = 0;
    const { start } = await served({
      async start(_query, { signal }) {
        measured += 1;
        if (measured > 1) return { result: measured };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        told.resolve();
        await ended.promise;
        throw new Error('too late');
      },
    });
    await expect(start(measurementOf(1), 300)).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await told.promise;
    const again = start();
    await start(measurementOf(2));
    expect(measured).toBe(2);
    ended.resolve();
    expect(finishedOf(await again)?.valueJson).toBe('3');
  });
});

describe('a measurement that takes longer than a call', () => {
  const slow = () => {
    const asked: string[] = [];
    let isDone = false;
    const provider: Partial<MetricProvider> = {
      async start({ id }) {
        asked.push(`start ${id}`);
        return {
          pending: { handle: 'h-1', pollAfterMs: 1_500 },
          metadata: { 'job-name': 'j' },
          metricMetadata: { m: '1' },
        };
      },
      async poll({ handle, metadata }: MetricUnderWay) {
        asked.push(`poll ${handle} ${metadata['job-name']}`);
        return isDone ? { verdict: 'Successful' } : { pending: { handle } };
      },
      async cancel({ handle }: MetricUnderWay) {
        asked.push(`cancel ${handle}`);
      },
    };
    return { asked, provider, finish: () => (isDone = true) };
  };

  test('is pending until poll says otherwise; then Start and Poll say the same', async () => {
    const { asked, provider, finish } = slow();
    const { start, poll } = await served(provider);
    expect(pendingOf(await start())).toEqual({
      handle: 'h-1',
      pollAfterMs: 1_500,
      message: '',
      metadata: { 'job-name': 'j' },
    });
    expect(pendingOf(await start())).toMatchObject({ handle: 'h-1' });
    expect(pendingOf(await poll(measurementOf(1), 'h-1', { 'job-name': 'j' }))).toMatchObject({ handle: 'h-1' });
    finish();
    const finished = finishedOf(await poll(measurementOf(1), 'h-1', { 'job-name': 'j' }));
    expect(finished).toMatchObject({ verdict: Verdict.SUCCESSFUL });
    expect(finishedOf(await poll())).toEqual(finished);
    const started = await start();
    expect(finishedOf(started)).toEqual(finished);
    expect(started.metricMetadata).toEqual({ m: '1' });
    expect(asked).toEqual(['start uid-1/errors/1', 'poll h-1 j', 'poll h-1 j']);
  });

  test('can be polled after a restart, and is NotFound where the author says so', async () => {
    const { provider } = slow();
    const { poll } = await served(provider);
    expect(pendingOf(await poll(measurementOf(1), 'h-1'))).toMatchObject({ handle: 'h-1' });
    const other = await served();
    expect(finishedOf(await other.poll())).toMatchObject({ errorCode: ErrorCode.NOT_FOUND });
  });

  test('goes on when the back end cannot be asked just now', async () => {
    const { provider } = slow();
    const { start, poll } = await served({
      ...provider,
      poll: () => Promise.reject(new PluginError('Unavailable', 'the API server is away')),
    });
    await start();
    expect(await poll().then(() => 'answered', codeOf)).toBe('Unavailable');
    expect(pendingOf(await start())).toMatchObject({ handle: 'h-1' });
  });

  test('is ended by Cancel, and not begun again', async () => {
    const { asked, provider } = slow();
    const { start, cancel, poll } = await served(provider);
    await start();
    expect((await cancel(measurementOf(1), 'h-1')).finished).toMatchObject({ verdict: Verdict.INCONCLUSIVE });
    expect((await cancel(measurementOf(1), 'h-1')).finished).toMatchObject({ verdict: Verdict.INCONCLUSIVE });
    expect(finishedOf(await start())).toMatchObject({ verdict: Verdict.INCONCLUSIVE });
    expect(finishedOf(await poll())).toMatchObject({ verdict: Verdict.INCONCLUSIVE });
    expect(asked).toEqual(['start uid-1/errors/1', 'cancel h-1']);
  });

  test('that is being started when it is cancelled is told to stop; who started it learns how it ended', async () => {
    const begun = Promise.withResolvers<void>();
    const { start, cancel } = await served({
      async start(_query, { signal }) {
        begun.resolve();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return { result: 1 };
      },
    });
    const started = start();
    await begun.promise;
    expect((await cancel()).finished).toMatchObject({ verdict: Verdict.INCONCLUSIVE, valueJson: '' });
    expect(finishedOf(await started)).toMatchObject({ verdict: Verdict.INCONCLUSIVE, valueJson: '' });
  });

  test('that had finished before is answered by Cancel as it had finished', async () => {
    const { start, cancel } = await served();
    const finished = finishedOf(await start());
    expect((await cancel()).finished).toEqual(finished);
  });
});

test('Collect asks the author, and removes nothing where there is nothing to remove', async () => {
  const { client } = await served({ collect: async ({ keep, metricName }) => (metricName === undefined ? keep : -1) });
  const request = { run, metricName: '', configJson: '', keep: 7 };
  expect(await ask(client, client.collect, request)).toEqual({ removed: 7 });
  expect(await ask(client, client.collect, { ...request, keep: -1 }).catch(codeOf)).toBe('Invalid');
  const other = await served();
  expect(await ask(other.client, other.client.collect, request)).toEqual({ removed: 0 });
});

test('secret values are masked in answers, errors and logs, and not in what is judged', async () => {
  const secret = 'hunter22';
  const query = measurementOf(1, { secretValues: [secret], configJson: `{"token":"${secret}"}` });
  const leaky = await served({
    async start({ config }, { logger }) {
      logger.info({ config, nested: [{ secret }] }, `asking with ${secret}`);
      return { result: secret, message: secret, metadata: { url: `?t=${secret}` }, metricMetadata: { query: secret } };
    },
  });
  const response = await leaky.start(query);
  expect(finishedOf(response)).toMatchObject({ value: '"*****"', message: '*****', metadata: { url: '?t=*****' } });
  expect(finishedOf(response)?.valueJson).toBe('"hunter22"');
  expect(response.metricMetadata).toEqual({ query: '*****' });
  expect(leaky.lines.join('\n')).toContain('asking with *****');
  expect(leaky.lines.join('\n')).not.toContain(secret);

  const throwing = await served({
    start: () => Promise.reject(new TypeError(`no ${secret}`, { cause: new Error(secret) })),
    cancel: () => Promise.reject(new PluginError('Unavailable', `no ${secret}`)),
  });
  expect(finishedOf(await throwing.start(query))?.message).toBe('no *****');
  const failed = await throwing.cancel({ ...query, id: 'uid-1/errors/2' }).catch((error: ServiceError) => error);
  expect((failed as ServiceError).details).toBe('no *****');
  expect(throwing.lines.length).toBeGreaterThan(0);
  expect(throwing.lines.join('\n')).not.toContain(secret);
});
