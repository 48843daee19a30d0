import { Server, ServerCredentials } from '@grpc/grpc-js';
import { TrafficRouterService } from '@sluice/contracts';
import { createMetrics } from '@sluice/service';
import { PluginError } from '@sluice/plugin-sdk';
import { afterEach, describe, expect, test } from 'vitest';
import { PluginCallError } from '../src/index.ts';
import type { PluginChange } from '../src/index.ts';
import { freePort, gate, intentOf, rollout, startHost, startRouter, stopAll } from './plugins.ts';

afterEach(stopAll);

const epoch = 0;

async function hostWith(address: string, more: Parameters<typeof startHost>[0] = {}, name = 'nginx') {
  const host = startHost({ configured: [{ type: 'router', name, address }], ...more });
  const changes: PluginChange[] = [];
  host.onChange((change) => changes.push(change));
  await host.start();
  const ready = () => expect.poll(() => host.stateOf('router', name, 'shop'), { timeout: 60_000 }).toBe('ready');
  const client = () => host.router(name, 'shop') ?? expect.unreachable(`${name} should be known`);
  return { host, changes, ready, client };
}

async function failure(call: Promise<unknown>): Promise<PluginCallError> {
  return call.then(
    () => expect.unreachable('the call should have failed'),
    (error: unknown) => error as PluginCallError,
  );
}

describe('a configured router', () => {
  test('is called by the name of the configuration, and by those that it gives itself', async () => {
    const plugin = await startRouter({ plugin: { aliases: ['org/memory'], capabilities: ['verify'] } });
    const { host, ready, client } = await hostWith(plugin.address);
    await ready();
    const { observation, events } = await client().apply(intentOf(20), { epoch });
    expect(observation).toMatchObject({ inSync: true, canaryWeight: 20 });
    expect(events).toEqual([]);
    expect(await host.router('org/memory', 'shop')?.observe(intentOf(30))).toMatchObject({ canaryWeight: 30 });
    expect(host.router('memory', 'anywhere')?.version).toBe('1.0.0');
    expect(client().capabilities).toEqual(['verify']);
    expect(await client().release({ rollout, configJson: '{}', managedRoutes: [] }, { epoch })).toEqual([]);
    expect(await client().validate({ rollout, configJson: '{' })).toHaveLength(1);
    expect(host.router('istio', 'shop')).toBeUndefined();
    expect(host.stateOf('router', 'istio', 'shop')).toBe('absent');
  });

  test('that is not there is connecting, says why, and is ready as soon as it comes', async () => {
    const port = await freePort();
    const { changes, ready, client } = await hostWith(`127.0.0.1:${port}`);
    expect(client().state).toBe('connecting');
    const error = await failure(client().apply(intentOf(20), { epoch, deadlineMs: 500 }));
    expect(error).toBeInstanceOf(PluginCallError);
    expect(error).toMatchObject({ code: 'Unavailable', retryable: true, plugin: 'nginx', method: 'Apply' });
    await expect.poll(() => client().problem, { timeout: 60_000 }).toContain('did not answer Check');
    await startRouter({ port });
    await ready();
    expect(client().problem).toBeUndefined();
    expect(changes.at(-1)).toMatchObject({ type: 'router', namespace: undefined, state: 'ready' });
    expect(changes.at(-1)?.names).toEqual(['nginx', 'memory']);
  });

  test('that is restarted in the middle of a call gets the same call again, with the same key', async () => {
    const first = await startRouter();
    const { ready, client } = await hostWith(first.address);
    await ready();
    const held = gate();
    first.behaviour.apply = () => held.passed.then(() => ({ inSync: true, canaryWeight: 1 }));
    const call = client().apply(intentOf(20), { epoch, key: 'k' });
    await expect.poll(() => first.applied).toEqual([20]);
    await first.stop(0);
    const second = await startRouter({ port: first.port });
    expect((await call).observation.canaryWeight).toBe(20);
    expect(second.applied).toEqual([20]);
    await client().apply(intentOf(20), { epoch, key: 'k' });
    expect(second.applied).toEqual([20]);
    held.open();
  });

  test('that stops is connecting before its last call has ended, and that call ends well', async () => {
    const plugin = await startRouter();
    const { ready, client } = await hostWith(plugin.address);
    await ready();
    const held = gate();
    plugin.behaviour.apply = () => held.passed.then(() => ({ inSync: true, canaryWeight: 7 }));
    const call = client().apply(intentOf(7), { epoch });
    await expect.poll(() => plugin.applied.length).toBe(1);
    const stopped = plugin.stop(10_000);
    await expect.poll(() => client().state).toBe('connecting');
    held.open();
    expect((await call).observation.canaryWeight).toBe(7);
    await stopped;
  });

  test('that speaks another version of the contract is never ready, and says so', async () => {
    const server = new Server();
    const introduction = { name: 'x', aliases: [], version: '9', protocolVersion: 9, capabilities: [] };
    server.addService(
      { describe: TrafficRouterService.describe },
      { describe: (_call: unknown, respond: (error: null, answer: unknown) => void) => respond(null, introduction) },
    );
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    const { client } = await hostWith(`127.0.0.1:${port}`);
    await expect.poll(() => client().problem).toContain('speaks version 9 of the contract');
    expect(client().state).toBe('connecting');
    server.forceShutdown();
  });
});

describe('errors', () => {
  test.each([
    ['Invalid', false],
    ['NotFound', false],
    ['Conflict', true],
    ['Throttled', true],
    ['Unimplemented', false],
    ['Internal', false],
  ] as const)('%s comes with its code and message, retryable: %s, and is not asked again', async (code, retryable) => {
    const plugin = await startRouter({
      apply: async () => {
        throw new PluginError(code, 'the reason');
      },
    });
    const { ready, client } = await hostWith(plugin.address);
    await ready();
    const error = await failure(client().apply(intentOf(20), { epoch }));
    expect(error).toMatchObject({ code, message: 'the reason', retryable });
    expect(plugin.applied).toEqual([20]);
    expect(client().state).toBe('ready');
  });

  test('that tell of an old epoch are not retryable', async () => {
    const plugin = await startRouter();
    const { ready, client } = await hostWith(plugin.address);
    await ready();
    await client().apply(intentOf(20), { epoch: 8 });
    expect(await failure(client().apply(intentOf(20), { epoch: 7 }))).toMatchObject({
      code: 'Conflict',
      retryable: false,
    });
  });

  test('of a back end that does not answer are asked again within the deadline, and do not count against the plugin', async () => {
    const plugin = await startRouter({
      apply: async () => {
        throw new PluginError('Unavailable', 'the API server is away');
      },
    });
    const { ready, client } = await hostWith(plugin.address, { timings: { attempts: 8 } });
    await ready();
    expect(await failure(client().apply(intentOf(20), { epoch }))).toMatchObject({ code: 'Unavailable' });
    expect(plugin.applied).toHaveLength(8);
    expect(client().state).toBe('ready');
  });

  test('end a call that its caller gives up', async () => {
    const held = gate();
    const plugin = await startRouter({ apply: () => held.passed.then(() => ({ inSync: true, canaryWeight: 0 })) });
    const { ready, client } = await hostWith(plugin.address);
    await ready();
    const stop = new AbortController();
    const call = failure(client().apply(intentOf(20), { epoch, signal: stop.signal }));
    await expect.poll(() => plugin.applied.length).toBe(1);
    stop.abort();
    expect(await call).toMatchObject({ code: 'Unavailable' });
    expect(plugin.applied).toHaveLength(1);
    held.open();
  });
});

describe('a plugin that does not answer its calls', () => {
  test('is given no more of them, then a trial; when it answers all go on', async () => {
    const held = gate();
    const plugin = await startRouter({ apply: () => held.passed.then(() => ({ inSync: true, canaryWeight: 0 })) });
    const { ready, client, changes } = await hostWith(plugin.address, { timings: { breakerFailures: 3 } });
    await ready();
    for (const uid of ['a', 'b', 'c']) await failure(client().apply(intentOf(1, uid), { epoch, deadlineMs: 50 }));
    expect(changes.some(({ state }) => state === 'open')).toBe(true);
    const asked = plugin.applied.length;
    // Until a trial is due, and then one call at a time.
    await expect
      .poll(async () => (await failure(client().apply(intentOf(1, 'd'), { epoch, deadlineMs: 50 }))).message)
      .toContain('the next try is in');
    expect(plugin.applied.length).toBeLessThanOrEqual(asked + 2);
    plugin.behaviour.apply = async (intent) => ({ inSync: true, canaryWeight: intent.weight });
    held.open();
    await expect
      .poll(() =>
        client()
          .apply(intentOf(5, 'e'), { epoch })
          .then(
            ({ observation }) => observation.canaryWeight,
            () => 'not yet',
          ),
      )
      .toBe(5);
    expect(client().state).toBe('ready');
  });

  test('does not hold more callers than are allowed to wait for it', async () => {
    const held = gate();
    const plugin = await startRouter({ apply: () => held.passed.then(() => ({ inSync: true, canaryWeight: 0 })) });
    const { ready, client } = await hostWith(plugin.address, { callsAtOnce: 2 });
    await ready();
    const waiting = ['a', 'b'].map((uid) => client().apply(intentOf(1, uid), { epoch }));
    expect(await failure(client().apply(intentOf(1, 'c'), { epoch }))).toMatchObject({ code: 'Throttled' });
    held.open();
    await Promise.all(waiting);
    await client().apply(intentOf(1, 'c'), { epoch });
  });
});

describe('while everything runs', () => {
  test('a plugin moves to another address without a failed call', async () => {
    const old = await startRouter();
    const { host, ready, client } = await hostWith(old.address);
    await ready();
    const held = gate();
    old.behaviour.apply = (intent) => held.passed.then(() => ({ inSync: true, canaryWeight: intent.weight }));
    const running = client().apply(intentOf(11), { epoch });
    await expect.poll(() => old.applied.length).toBe(1);
    const kept = client();
    const fresh = await startRouter({ plugin: { version: '2.0.0' } });
    host.configure({ type: 'router', name: 'nginx', address: fresh.address });
    expect(kept.state).toBe('ready');
    await expect.poll(() => kept.version).toBe('2.0.0');
    expect((await kept.apply(intentOf(12), { epoch })).observation.canaryWeight).toBe(12);
    held.open();
    expect((await running).observation.canaryWeight).toBe(11);
    expect([old.applied, fresh.applied]).toEqual([[11], [12]]);
  });

  test('a plugin keeps its old address until the new one answers', async () => {
    const old = await startRouter();
    const { host, ready, client } = await hostWith(old.address);
    await ready();
    const port = await freePort();
    host.configure({ type: 'router', name: 'nginx', address: `127.0.0.1:${port}` });
    await client().apply(intentOf(1), { epoch });
    expect(old.applied).toEqual([1]);
    const fresh = await startRouter({ port, plugin: { version: '2.0.0' } });
    await expect.poll(() => client().version).toBe('2.0.0');
    await client().apply(intentOf(2), { epoch });
    expect(fresh.applied).toEqual([2]);
  });

  test('a plugin is taken away: its client says so, and the call that runs ends well', async () => {
    const plugin = await startRouter();
    const { host, ready, client, changes } = await hostWith(plugin.address);
    await ready();
    const kept = client();
    const held = gate();
    plugin.behaviour.apply = () => held.passed.then(() => ({ inSync: true, canaryWeight: 3 }));
    const running = kept.apply(intentOf(3), { epoch });
    await expect.poll(() => plugin.applied.length).toBe(1);
    host.unconfigure('router', 'nginx');
    expect(host.router('nginx', 'shop')).toBeUndefined();
    expect(kept.state).toBe('absent');
    expect(changes.at(-1)).toMatchObject({ state: 'absent', names: ['nginx', 'memory'] });
    expect((await failure(kept.apply(intentOf(4), { epoch }))).message).toContain('there is no router plugin nginx');
    held.open();
    expect((await running).observation.canaryWeight).toBe(3);
  });

  test('calls, errors, retries and states are counted for each plugin', async () => {
    const metrics = createMetrics({ processMetrics: false });
    const plugin = await startRouter();
    const { host, ready, client } = await hostWith(plugin.address, { metrics });
    await ready();
    await client().apply(intentOf(1), { epoch });
    await failure(client().apply(intentOf(101), { epoch }));
    const text = await metrics.registry.metrics();
    const series = 'type="router",plugin="nginx",plugin_namespace=""';
    expect(text).toContain(`sluice_plugin_calls_total{${series},method="Apply",code="OK"} 1`);
    expect(text).toContain(`sluice_plugin_calls_total{${series},method="Apply",code="Invalid"} 1`);
    expect(text).toContain(`sluice_plugin_call_seconds_count{${series},method="Apply"} 2`);
    expect(text).toContain(`sluice_plugin_state{${series},state="ready"} 1`);
    expect(text).toContain(`sluice_plugin_state{${series},state="open"} 0`);
    host.unconfigure('router', 'nginx');
    await expect.poll(() => metrics.registry.metrics()).not.toContain('plugin="nginx"');
  });
});
