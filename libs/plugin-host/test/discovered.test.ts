import { afterEach, describe, expect, test } from 'vitest';
import { endpointOfService } from '../src/discovery.ts';
import type { PluginChange } from '../src/index.ts';
import { configuredPlugin } from '../src/index.ts';
import { intentOf, startHost, startRouter, stopAll } from './plugins.ts';
import { createServices } from './services.ts';

afterEach(stopAll);

const system = 'sluice-system';

async function hostOver(options: Partial<Parameters<typeof startHost>[0]> = {}) {
  const services = createServices();
  const host = startHost({ client: services.client, systemNamespace: system, ...options });
  const changes: PluginChange[] = [];
  host.onChange((change) => changes.push(change));
  await host.start();
  const whoAnswers = (name: string, namespace: string) => host.router(name, namespace)?.version;
  return { services, host, changes, whoAnswers };
}

describe('a Service labelled as a plugin', () => {
  test('in the system namespace serves all; in a team’s namespace that namespace, before the one for all', async () => {
    const { services, host, whoAnswers } = await hostOver();
    const [forAll, forTeam] = await Promise.all(
      ['for-all', 'for-team'].map((version) => startRouter({ plugin: { version } })),
    );
    services.set({ name: 'router-nginx', namespace: system, port: forAll?.port ?? 0, names: 'nginx' });
    await expect.poll(() => whoAnswers('nginx', 'team-a')).toBe('for-all');
    services.set({ name: 'mine', namespace: 'team-a', port: forTeam?.port ?? 0, names: 'nginx' });
    await expect.poll(() => whoAnswers('nginx', 'team-a')).toBe('for-team');
    expect(whoAnswers('nginx', 'team-b')).toBe('for-all');
    services.remove('team-a', 'mine');
    await expect.poll(() => whoAnswers('nginx', 'team-a')).toBe('for-all');
    services.remove(system, 'router-nginx');
    await expect.poll(() => host.router('nginx', 'team-a')).toBeUndefined();
  });

  test('answers to all names of its annotation, to its own, and to the aliases that it tells', async () => {
    const { services, host, changes } = await hostOver();
    const { port } = await startRouter({ plugin: { name: 'gatewayapi', aliases: ['org/alias'] } });
    services.set({ name: 'router', namespace: system, port, names: 'gateway, argoproj-labs/gatewayAPI' });
    await expect.poll(() => host.stateOf('router', 'org/alias', 'shop')).toBe('ready');
    for (const name of ['gateway', 'argoproj-labs/gatewayAPI', 'gatewayapi'])
      expect(host.stateOf('router', name, 'shop')).toBe('ready');
    expect(host.stateOf('step', 'gateway', 'shop')).toBe('absent');
    // Whoever waits for one of the names learns of it, also of those that came last.
    expect(changes.at(-1)?.names).toContain('org/alias');
  });

  test('without an annotation goes by its own name', async () => {
    const { services, host } = await hostOver();
    const { port } = await startRouter();
    services.set({ name: 'my-router', namespace: 'shop', port });
    await expect.poll(() => host.stateOf('router', 'my-router', 'shop')).toBe('ready');
    expect(host.stateOf('router', 'my-router', 'elsewhere')).toBe('absent');
  });

  test('that goes to another port is followed, without an error in between', async () => {
    const { services, host, whoAnswers } = await hostOver();
    const old = await startRouter({ plugin: { version: '1' } });
    const fresh = await startRouter({ plugin: { version: '2' } });
    services.set({ name: 'r', namespace: system, port: old.port, names: 'nginx' });
    await expect.poll(() => whoAnswers('nginx', 'shop')).toBe('1');
    services.set({ name: 'r', namespace: system, port: fresh.port, names: 'nginx' });
    let weight = 0;
    await expect
      .poll(async () => {
        weight += 1;
        const { observation } = (await host.router('nginx', 'shop')?.apply(intentOf(weight), { epoch: 0 })) ?? {};
        expect(observation?.canaryWeight).toBe(weight);
        return whoAnswers('nginx', 'shop');
      })
      .toBe('2');
  });

  test.each([
    ['of no known type', { type: 'rooter' }],
    ['without a port named grpc', { portName: 'http' }],
  ])('%s is left out, and comes in when that is mended', async (_what, mistake) => {
    const { services, host } = await hostOver();
    const { port } = await startRouter();
    services.set({ name: 'r', namespace: system, port, ...mistake });
    services.set({ name: 'other', namespace: system, port });
    await expect.poll(() => host.stateOf('router', 'other', 'shop')).toBe('ready');
    expect(host.list()).toHaveLength(1);
    services.set({ name: 'r', namespace: system, port });
    await expect.poll(() => host.stateOf('router', 'r', 'shop')).toBe('ready');
  });

  test('gives way to the configuration where all may use it, and to nothing in its own namespace', async () => {
    const [configured, found, own] = await Promise.all(
      ['configured', 'found', 'own'].map((version) => startRouter({ plugin: { version } })),
    );
    const { services, whoAnswers } = await hostOver({
      configured: [{ type: 'router', name: 'nginx', address: configured?.address ?? '' }],
    });
    services.set({ name: 'r', namespace: system, port: found?.port ?? 0, names: 'nginx' });
    services.set({ name: 'r', namespace: 'shop', port: own?.port ?? 0, names: 'nginx' });
    await expect.poll(() => whoAnswers('nginx', 'elsewhere')).toBe('configured');
    await expect.poll(() => whoAnswers('nginx', 'shop')).toBe('own');
  });
});

test('a host limited to namespaces looks there and in the system namespace, for labelled Services only', async () => {
  const { services } = await hostOver({ namespaces: ['team-a'] });
  expect(services.asked.map(({ namespace }) => namespace).toSorted()).toEqual([system, 'team-a']);
  expect(new Set(services.asked.map(({ labelSelector }) => labelSelector))).toEqual(new Set(['sluice.dev/plugin']));
});

test('a Service in the cluster is reached by its cluster name', () => {
  const service = {
    metadata: { name: 'r', namespace: 'shop', labels: { 'sluice.dev/plugin': 'step' } },
    spec: { type: 'ClusterIP', ports: [{ name: 'grpc', port: 9000 }] },
  };
  expect(endpointOfService(service, system, undefined)).toMatchObject({
    type: 'step',
    names: ['r'],
    address: 'r.shop.svc:9000',
    namespace: 'shop',
  });
});

test('a Service says that its plugin is switched off', () => {
  const metadata = { name: 'r', namespace: 'shop', labels: { 'sluice.dev/plugin': 'step' } };
  const spec = { type: 'ClusterIP', ports: [{ name: 'grpc', port: 9000 }] };
  const endpoint = (annotations: Readonly<Record<string, string>>) =>
    endpointOfService({ metadata: { ...metadata, annotations }, spec }, system, undefined);
  expect(endpoint({ 'sluice.dev/plugin-disabled': 'true' })).toMatchObject({ disabled: true });
  expect(endpoint({})).not.toHaveProperty('disabled');
});

describe('a plugin in a flag', () => {
  test('has a type, names and an address', () => {
    expect(configuredPlugin('router:gateway,argoproj-labs/gatewayAPI=127.0.0.1:81')).toEqual({
      type: 'router',
      name: 'gateway,argoproj-labs/gatewayAPI',
      address: '127.0.0.1:81',
    });
    expect(configuredPlugin('metric:a/b=[::1]:81').address).toBe('[::1]:81');
  });

  test.each(['nginx=127.0.0.1:81', 'rooter:nginx=127.0.0.1:81', 'router:=127.0.0.1:81', 'router:nginx=127.0.0.1'])(
    '%s is refused with what to write',
    (text) => {
      expect(() => configuredPlugin(text)).toThrow('TYPE:NAME=HOST:PORT');
    },
  );
});
