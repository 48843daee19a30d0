import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MeasuringWorld, metric } from './measuring-world.ts';

const timeout = 240_000;
let world: MeasuringWorld;

beforeAll(async () => {
  world = await MeasuringWorld.open();
}, timeout);
afterEach(() => world.tidy(), timeout);
afterAll(() => world.close(), timeout);

describe('a run', { timeout }, () => {
  it('is measured as often as it says, ends with its verdict, and its events are told', async () => {
    await world.startBoth();
    const successCondition = 'result == 1';
    await world.createRun('ends', { metrics: [metric('m', { count: 3, interval: '100ms', successCondition })] });
    const { status } = await world.phase('ends', 'Successful');
    expect(status?.metricResults).toMatchObject([{ name: 'm', phase: 'Successful', count: 3, successful: 3 }]);
    expect(status?.metricResults?.[0]?.measurements).toHaveLength(3);
    expect(world.provider.started).toHaveLength(3);
    await world.until('its events', async () => (await world.eventReasons('ends')).length === 2);
    expect(await world.eventReasons('ends')).toEqual(['AnalysisRunSuccessful', 'MetricSuccessful']);
  });

  it('fails by the first value that is bad, with all its metrics', async () => {
    world.provider.answers.set('bad', () => ({ result: [0.2] }));
    await world.startBoth();
    const metrics = [
      metric('endless', { interval: '100ms' }),
      metric('bad', { failureCondition: 'result[0] > 0.1' }, 'bad'),
    ];
    await world.createRun('fails', { metrics });
    const { status } = await world.phase('fails', 'Failed');
    expect(status?.message).toBe('Metric "bad" assessed Failed due to failed (1) > failureLimit (0)');
  });

  it('shows the value that its condition could not judge, and then the error', async () => {
    world.provider.answers.set('vector', () => ({ result: [0.25, 0.5] }));
    await world.startBoth();
    const metrics = [metric('m', { successCondition: 'result < "1"', consecutiveErrorLimit: 0 }, 'vector')];
    await world.createRun('odd', { metrics });
    const { status } = await world.phase('odd', 'Error');
    expect(status?.metricResults?.[0]?.measurements).toMatchObject([
      { phase: 'Error', value: '[0.25,0.5]', message: expect.stringMatching(/^could not evaluate successCondition/) },
    ]);
  });

  it('that a person terminates ends, and what its provider still does is ended too', async () => {
    world.provider.answers.set('long', () => ({
      pending: { handle: 'h', pollAfterMs: 60_000 },
      metadata: { job: 'j' },
    }));
    await world.startBoth();
    const run = await world.createRun('ended', { metrics: [metric('long', {}, 'long')] });
    await world.until('the measurement to be stored as running', async () => {
      const last = (await world.run('ended')).status?.metricResults?.[0]?.measurements?.at(-1);
      return last?.phase === 'Running' && last.metadata?.['job'] === 'j';
    });
    await world.patchRun('ended', { spec: { terminate: true } });
    await world.until('the provider to be told', () => world.provider.cancelled.length > 0);
    expect(world.provider.cancelled).toEqual([`${run.metadata.uid}/long/1`]);
    expect((await world.run('ended')).status?.phase).toMatch(/Successful|Inconclusive/);
  });

  it('whose measurement takes longer than a call is polled until it has ended', async () => {
    let polls = 0;
    world.provider.answers.set('slow', () => ({ pending: { pollAfterMs: 50 } }));
    world.provider.poll = () => (++polls < 3 ? { pending: { pollAfterMs: 50 } } : { verdict: 'Failed', message: 'no' });
    await world.startBoth();
    await world.createRun('polled', { metrics: [metric('slow', {}, 'slow')] });
    const { status } = await world.phase('polled', 'Failed');
    expect(status?.metricResults?.[0]?.measurements).toMatchObject([{ phase: 'Failed', message: 'no' }]);
    expect(polls).toBe(3);
    expect(world.provider.started).toHaveLength(1);
  });

  it('keeps its newest measurements, and the provider may forget the others', async () => {
    await world.startBoth();
    const measurementRetention = [{ metricName: 'm', limit: 2 }];
    await world.createRun('short', { metrics: [metric('m', { count: 4, interval: '100ms' })], measurementRetention });
    const { status } = await world.phase('short', 'Successful');
    expect(status?.metricResults?.[0]).toMatchObject({ count: 4 });
    expect(status?.metricResults?.[0]?.measurements).toHaveLength(2);
    await world.until('the provider to be told', () => world.provider.collected.includes('short/m/2'));
  });

  it('is deleted when its time after the end is over', async () => {
    await world.startBoth();
    await world.createRun('brief', { ttlStrategy: { secondsAfterCompletion: 0 } });
    await world.until('it to be gone', async () => {
      const { items } = await world.person.list(
        { group: 'argoproj.io', version: 'v1alpha1', plural: 'analysisruns', kind: 'AnalysisRun', namespaced: true },
        { namespace: world.namespace },
      );
      return items.length === 0;
    });
    expect(await world.eventReasons('brief')).toContain('AnalysisRunSuccessful');
  });

  it('that is deleted while it is measured leaves nothing behind', async () => {
    let measuring = false;
    world.provider.answers.set('hangs', (_query, signal) => {
      measuring = true;
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve({ result: 1 })));
    });
    const scheduler = await world.startBoth();
    const run = await world.createRun('gone', { metrics: [metric('m', {}, 'hangs')] });
    await world.until('it to be measured', () => measuring);
    await world.person.remove(
      { group: 'argoproj.io', version: 'v1alpha1', plural: 'analysisruns', kind: 'AnalysisRun', namespaced: true },
      run.metadata,
    );
    await world.until('it to be forgotten', () => scheduler.scheduler.size === 0);
  });

  it('whose statuses come faster than they may be written is written together, and ends with every measurement counted', async () => {
    await world.startBoth({ writesPerSecond: 2 });
    const names = Array.from({ length: 8 }, (_none, index) => `paced-${index}`);
    const before = world.writes().length;
    for (const name of names) await world.createRun(name, { metrics: [metric('m', { count: 12, interval: '100ms' })] });
    for (const name of names) {
      const { status } = await world.phase(name, 'Successful');
      expect(status?.metricResults?.[0]).toMatchObject({ count: 12, successful: 12 });
    }
    // 96 measurements; each run has to be written at its end.
    expect(world.writes().length - before).toBeLessThan(70);
  });
});

describe('a secret', { timeout }, () => {
  const withToken = (name: string) => ({
    args: [{ name: 'token', valueFrom: { secretKeyRef: { name, key: 'token' } } }],
    metrics: [
      {
        name: 'm',
        count: 2,
        interval: '100ms',
        successCondition: 'result != ""',
        provider: { plugin: { 'test/fake': { answer: 'echo', token: 'Bearer {{args.token}}' } } },
      },
    ],
  });
  const secret = 'sesame"open';
  const echo = (query: { config: unknown }) => {
    const token = String((query.config as { token?: unknown }).token).replace('Bearer ', '');
    return { result: token, value: token, message: `asked with ${token}`, metadata: { header: token } };
  };

  it('reaches the provider at the moment of use, and stands in no status, event or place of Redis', async () => {
    world.provider.answers.set('echo', echo);
    await world.putSecret('plain', { token: secret });
    // Without a worker the hints stay where they are.
    const scheduler = await world.startScheduler();
    const run = await world.createRun('secretive', withToken('plain') as never);
    const redis = new Redis(world.redis.url);
    let seen = '';
    await world.until('hints in Redis', async () => {
      seen = '';
      for (const key of await redis.keys('*')) {
        const type = await redis.type(key);
        const content: unknown =
          type === 'hash' ? await redis.hgetall(key) : type === 'list' ? await redis.lrange(key, 0, -1) : key;
        seen += `${key} ${JSON.stringify(content)}\n`;
      }
      return seen.includes(`${run.metadata.uid}/m/1`);
    });
    redis.disconnect();
    for (const word of ['sesame', 'Bearer', 'test/fake', 'successCondition', 'answer'])
      expect(seen).not.toContain(word);
    await world.startWorker(scheduler);
    const { status } = await world.phase('secretive', 'Successful');
    expect(world.provider.configs[0]?.['token']).toBe(`Bearer ${secret}`);
    expect(JSON.stringify(status)).not.toContain('sesame');
    expect(status?.metricResults?.[0]?.measurements?.[0]).toMatchObject({
      value: '*****',
      message: 'asked with *****',
    });
  });

  it('of one digit alters no number', async () => {
    world.provider.answers.set('rate', () => ({ result: 0.95, message: 'at 0.95 of 5' }));
    await world.putSecret('digit', { token: '5' });
    await world.startBoth();
    const { args, metrics } = withToken('digit');
    const plugin = { 'test/fake': { answer: 'rate', token: '{{args.token}}' } };
    const rated = metrics.map((each) => ({ ...each, successCondition: 'result > 0.9', provider: { plugin } }));
    await world.createRun('rated', { args, metrics: rated } as never);
    const { status } = await world.phase('rated', 'Successful');
    expect(status?.metricResults?.[0]?.measurements?.[0]).toMatchObject({ value: '0.95', message: 'at 0.95 of 5' });
  });

  it('that is missing ends the run with an error; one without the key too', async () => {
    await world.startBoth();
    await world.createRun('nothing', withToken('absent') as never);
    expect((await world.phase('nothing', 'Error')).status?.message).toBe(
      'Unable to resolve metric arguments: secrets "absent" not found',
    );
    await world.putSecret('keyless', { other: 'x' });
    await world.createRun('no-key', withToken('keyless') as never);
    expect((await world.phase('no-key', 'Error')).status?.message).toBe(
      "Unable to resolve metric arguments: key 'token' does not exist in secret 'keyless'",
    );
    expect(world.provider.started).toEqual([]);
  });

  it('that is replaced is used from the next measurement on', async () => {
    world.provider.answers.set('echo', echo);
    await world.putSecret('rotated', { token: 'first-value' });
    await world.startBoth();
    const spec = withToken('rotated');
    await world.createRun('rotating', { ...spec, metrics: [{ ...spec.metrics[0], count: 1_000 }] } as never);
    await world.until('a measurement', () => world.provider.configs.length > 0);
    await world.putSecret('rotated', { token: 'second-value' });
    await world.until('the new value', () => world.provider.configs.at(-1)?.['token'] === 'Bearer second-value');
    expect(JSON.stringify((await world.run('rotating')).status ?? {})).not.toMatch(/first-value|second-value/);
  });
});
