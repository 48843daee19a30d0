import { ErrorCode, Measurement, Verdict } from '@sluice/contracts';
import { servePlugin } from '@sluice/plugin-sdk';
import type { MetricProvider } from '@sluice/plugin-sdk';
import { afterEach, describe, expect, test } from 'vitest';
import { PluginCallError } from '../src/index.ts';
import { gate, startHost, stopAll } from './plugins.ts';

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  await stopAll();
  for (const stop of stops.splice(0)) await stop();
});

const run = { namespace: 'shop', name: 'cart-1', uid: 'uid-1' };

function measurementOf(ordinal: number): Measurement {
  return Measurement.fromPartial({
    id: `uid-1/errors/${ordinal}`,
    run,
    metricName: 'errors',
    ordinal,
    configJson: '{}',
  });
}

async function startProvider(metric: Partial<MetricProvider> = {}, port = 0) {
  const plugin = await servePlugin(
    {
      name: 'web',
      version: '1.0.0',
      capabilities: ['pending'],
      metric: { start: async () => ({ result: 1 }), ...metric },
    },
    { port },
  );
  stops.push(() => plugin.stop(100));
  return plugin;
}

async function hostWith(address: string, name = 'web') {
  const host = startHost({ configured: [{ type: 'metric', name, address }], timings: { probeDeadlineMs: 30_000 } });
  await host.start();
  await expect.poll(() => host.stateOf('metric', name, 'shop'), { timeout: 60_000 }).toBe('ready');
  return { host, client: host.metric(name, 'shop') ?? expect.unreachable(`${name} should be known`) };
}

describe('a metric provider', () => {
  test('is found by the name of a manifest, and measures', async () => {
    const { host, client } = await hostWith((await startProvider()).address, 'my-org/web');
    expect(client).toMatchObject({ state: 'ready', version: '1.0.0', capabilities: ['pending'] });
    const { outcome } = await client.start(measurementOf(1));
    expect(outcome).toMatchObject({ $case: 'finished', value: { value: '1', valueJson: '1' } });
    expect(await client.validate({ namespace: 'shop', configJson: '[', metricJson: '' })).toHaveLength(1);
    expect(await client.collect({ run, metricName: '', configJson: '', keep: 1 })).toBe(0);
    expect(host.metric('my-org/other', 'shop')).toBeUndefined();
    expect(host.router('my-org/web', 'shop')).toBeUndefined();
  });

  test('is polled and cancelled with what it said', async () => {
    const provider = await startProvider({
      start: async () => ({ pending: { handle: 'h', pollAfterMs: 100 }, metadata: { job: 'j' } }),
      poll: async ({ handle, metadata }) => ({ verdict: 'Failed', message: `${handle} ${metadata['job']}` }),
      cancel: async () => ({ verdict: 'Inconclusive', message: 'ended' }),
    });
    const { client } = await hostWith(provider.address);
    const measurement = measurementOf(1);
    expect((await client.start(measurement)).outcome).toMatchObject({ $case: 'pending', value: { handle: 'h' } });
    expect(await client.poll({ measurement, handle: 'h', metadata: { job: 'j' } })).toMatchObject({
      value: { verdict: Verdict.FAILED, message: 'h j' },
    });
    const other = { measurement: measurementOf(2), handle: '', metadata: {} };
    expect(await client.cancel(other)).toMatchObject({ verdict: Verdict.INCONCLUSIVE, message: 'ended' });
  });

  test('that was restarted in the middle of a measurement is asked again for the same one', async () => {
    const held = gate();
    const begun = gate();
    const first = await startProvider({
      start: () => {
        begun.open();
        return held.passed.then(() => ({ result: 'first' }));
      },
    });
    const { client } = await hostWith(first.address);
    const measuring = client.start(measurementOf(1), { deadlineMs: 60_000 });
    await begun.passed;
    await first.stop(0);
    const ids: string[] = [];
    await startProvider(
      {
        start: async ({ id }) => {
          ids.push(id);
          return { result: 'second' };
        },
      },
      Number(first.address.split(':').at(-1)),
    );
    expect((await measuring).outcome).toMatchObject({ value: { valueJson: '"second"' } });
    expect(ids).toEqual(['uid-1/errors/1']);
    held.open();
  });

  test('whose back end hangs for some measurements is still asked for others', async () => {
    const provider = await startProvider({
      start: ({ ordinal }, { signal }) =>
        ordinal > 100
          ? Promise.resolve({ result: ordinal })
          : new Promise((_resolve, reject) =>
              signal.addEventListener('abort', () => reject(new Error('told to stop'))),
            ),
    });
    const { client, host } = await hostWith(provider.address);
    for (let ordinal = 1; ordinal <= 8; ordinal += 1) {
      const failed = await client.start(measurementOf(ordinal), { deadlineMs: 60 }).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(PluginCallError);
      expect(failed).toMatchObject({ code: 'Unavailable', method: 'Start' });
    }
    expect((await client.start(measurementOf(101), { deadlineMs: 30_000 })).outcome).toMatchObject({
      value: { valueJson: '101' },
    });
    expect(host.stateOf('metric', 'web', 'shop')).toBe('ready');
  });

  test('that fails a measurement has answered', async () => {
    const provider = await startProvider({ start: async () => ({ error: 'NotFound', message: 'no such series' }) });
    const { client } = await hostWith(provider.address);
    expect((await client.start(measurementOf(1))).outcome).toMatchObject({
      value: { errorCode: ErrorCode.NOT_FOUND, message: 'no such series' },
    });
  });
});
