import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { send } from './testing.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const here = import.meta.dirname;
let directory: string;
let children: ChildProcess[];

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'data-plane-'));
  children = [];
});
afterEach(async () => {
  await Promise.all(children.map((child) => ended(child, () => child.kill('SIGTERM'))));
  rmSync(directory, { recursive: true });
});

function start(file: string, ...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [path.join(here, file), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return child;
}

/** The exit code. */
function ended(child: ChildProcess, ask: () => void = () => undefined): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    child.once('exit', resolve);
    ask();
  });
}

const text = async (stream: NodeJS.ReadableStream | null): Promise<string> => {
  let all = '';
  for await (const chunk of stream ?? []) all += String(chunk);
  return all;
};

async function announced(child: ChildProcess): Promise<Record<string, string>> {
  const line = await new Promise<string>((resolve) =>
    child.stdout?.once('data', (data: Buffer) => resolve(String(data))),
  );
  return (JSON.parse(line) as { addresses: Record<string, string> }).addresses;
}

it('The local cluster announces its data plane; one by itself serves the same cluster; both end on SIGTERM', async () => {
  const kubeconfig = path.join(directory, 'kubeconfig');
  const cluster = start('../main.ts', '--data-plane', '--announce', '--kubeconfig-out', kubeconfig);
  const own = await announced(cluster);
  expect(Object.keys(own)).toEqual(['api', 'data-plane', 'data-plane-status']);
  const alone = start('main.ts', '--kubeconfig', kubeconfig, '--announce');
  for (const { 'data-plane': url = '', 'data-plane-status': status = '' } of [own, await announced(alone)]) {
    expect(await send(url, '/', { host: 'nobody' })).toMatchObject({
      status: 404,
      headers: { 'x-data-plane-failure': 'no-route' },
    });
    expect(JSON.parse((await send(status, '/report')).text)).toMatchObject({
      totals: { requests: 1, failed: 1, avoidable: 0 },
    });
  }
  expect(await ended(alone, () => alone.kill('SIGTERM'))).toBe(0);
  expect(await ended(cluster, () => cluster.kill('SIGTERM'))).toBe(0);
});

it.each([
  ['main.ts', ['--kubeconfig', 'none/kubeconfig'], 'data-plane: '],
  [
    'main.ts',
    ['--kubeconfig', 'x', '--port', 'http'],
    'data-plane: --port http: use a number from 0 (any free port) to 65535',
  ],
  [
    'load/main.ts',
    ['--status', 'http://127.0.0.1:1', '--rollout', 'a/b'],
    "load: http://127.0.0.1:1 does not answer: is it the address of a data plane's status?",
  ],
])('%s %j ends with one line', async (file, args, line) => {
  const child = start(file, ...args);
  const [stderr, code] = await Promise.all([text(child.stderr), ended(child)]);
  expect([code, stderr.trim().split('\n')]).toEqual([1, [expect.stringContaining(line)]]);
});
