import { connect } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from '@sluice/service';
import type { Host } from '@sluice/service';
import { afterEach, describe, expect, test } from 'vitest';
import { runPlugin } from '../src/index.ts';
import type { PluginProgram, Router } from '../src/index.ts';
import { ask, clientsOf, context, intentOf } from './clients.ts';

const stops: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const router: Router = {
  apply: async ({ weight }) => ({ inSync: true, canaryWeight: weight }),
  observe: async ({ weight }) => ({ inSync: true, canaryWeight: weight }),
  release: async () => undefined,
};

const program: PluginProgram<Record<never, never>> = {
  name: 'my-org/my-router',
  version: '0.1.0',
  summary: 'Routes nothing.',
  assemble: () => ({ router }),
};

async function run(argv: readonly string[], what = program) {
  const out: string[] = [];
  const err: string[] = [];
  const exits: number[] = [];
  let signal: ((name: 'SIGTERM') => void) | undefined;
  const host: Host = {
    onSignal: (listener) => {
      signal = listener;
      return () => undefined;
    },
    onCrash: () => () => undefined,
    stdout: (line) => void out.push(line),
    stderr: (line) => void err.push(line),
    exit: (code) => void exits.push(code),
  };
  const flags = [
    '--log-level=error',
    '--http-host=127.0.0.1',
    '--http-port=0',
    '--grpc-host=127.0.0.1',
    '--grpc-port=0',
  ];
  const service = await runPlugin(what, { source: { argv: [...flags, ...argv], env: {} }, host });
  if (service !== undefined) stops.push(() => service.stop('the test is over'));
  return { service, out, err, exits, terminate: () => signal?.('SIGTERM') };
}

describe('a plugin as a program', () => {
  test('says where it serves, answers there, counts its calls, and ends on SIGTERM', async () => {
    const { service, out, exits, terminate } = await run(['--announce']);
    const { name, pid, addresses } = JSON.parse(out[0] ?? '') as {
      name: string;
      pid: number;
      addresses: { grpc: string; metrics: string };
    };
    expect([name, pid, Object.keys(addresses).toSorted()]).toEqual([
      'my-org-my-router',
      process.pid,
      ['grpc', 'metrics'],
    ]);
    const { router: client, close } = clientsOf(addresses.grpc);
    await ask(client, client.apply, { context: context(), intent: intentOf(20) });
    await ask(client, client.apply, { context: context(), intent: intentOf(200) }).catch(() => undefined);
    close();
    const metrics = await (await fetch(`${addresses.metrics}/metrics`)).text();
    expect(metrics).toContain('sluice_plugin_served_calls_total{method="Apply",code="OK"} 1');
    expect(metrics).toContain('sluice_plugin_served_calls_total{method="Apply",code="Invalid"} 1');
    expect((await fetch(`${addresses.metrics}/readyz`)).status).toBe(200);
    terminate();
    expect(await service?.ended).toBe(0);
    expect(exits).toEqual([0]);
    const [host = '', port = ''] = addresses.grpc.split(':');
    await expect(
      new Promise((resolve, reject) => connect(Number(port), host, resolve as () => void).on('error', reject)),
    ).rejects.toThrow('ECONNREFUSED');
  });

  test('gives its author his own settings, and starts his parts before it serves', async () => {
    const seen: string[] = [];
    const own: PluginProgram<{ proxy: ReturnType<typeof text> }> = {
      ...program,
      options: { proxy: text('Admin address of the proxy.') },
      assemble: ({ config }) => {
        seen.push(`proxy ${config.proxy}`);
        return {
          router,
          parts: [{ name: 'cache', start: () => void seen.push('cache'), stop: () => void seen.push('cache stopped') }],
        };
      },
    };
    const { service } = await run(['--proxy=http://edge'], own as unknown as typeof program);
    expect(seen).toEqual(['proxy http://edge', 'cache']);
    await service?.stop('over');
    expect(seen.at(-1)).toBe('cache stopped');
  });

  test('serves with certificates from files', async () => {
    const { err } = await run(['--tls-cert=/nowhere.crt', '--tls-key=/nowhere.key']);
    expect(err.join()).toContain('/nowhere.crt');
    const directory = mkdtempSync(join(tmpdir(), 'sluice-sdk-'));
    stops.push(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'x.crt'), 'no certificate');
    const half = await run([`--tls-cert=${join(directory, 'x.crt')}`]);
    expect(half.err.join()).toContain('--tls-cert and --tls-key go together');
    expect(half.exits).toEqual([1]);
  });

  test.each([
    ['a taken port', async () => ['--grpc-port', String(new URL(`http://${(await taken()) ?? ''}`).port)]],
    ['an unknown flag', async () => ['--grpc-prot=1']],
  ])('gives one line and exit code 1 for %s', async (_what, argv) => {
    const { service, err, exits } = await run(await argv());
    expect(service).toBeUndefined();
    expect(err).toHaveLength(1);
    expect(exits).toEqual([1]);
  });

  test('lists its flags with --help', async () => {
    const { out } = await run(['--help']);
    for (const flag of ['--grpc-port', '--tls-client-ca', '--kubeconfig', '--announce'])
      expect(out.join()).toContain(flag);
  });
});

async function taken(): Promise<string | undefined> {
  const { service } = await run([]);
  return service?.addresses['grpc'];
}
