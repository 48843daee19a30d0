import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MeasuringWorld, metric } from './measuring-world.ts';

const timeout = 240_000;
const main = path.resolve(import.meta.dirname, '../src/main.ts');
let world: MeasuringWorld;

beforeAll(async () => {
  world = await MeasuringWorld.open();
}, timeout);
afterAll(() => world.close(), timeout);

describe('the program', { timeout }, () => {
  it('measures in both roles, tells what it does in metrics, and ends in order', async () => {
    const args = ['--http-host', '127.0.0.1', '--http-port', '0', '--grpc-host', '127.0.0.1', '--grpc-port', '0'];
    const own = ['--kubeconfig', world.kubeconfig('sluice'), '--foreign-lease-namespace', 'none', '--announce'];
    const plugins = ['--plugins', `metric:test/fake=${world.provider.address}`];
    const child = spawn(process.execPath, [main, ...args, ...own, ...plugins], {
      env: { ...process.env, REDIS_URL: world.redis.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit').then(([code]) => code as number | null);
    const [line] = await once(createInterface(child.stdout), 'line');
    const { name, addresses } = JSON.parse(line as string) as { name: string; addresses: Record<string, string> };
    expect(name).toBe('analysis-runner');
    expect(addresses['grpc']).toMatch(/^127\.0\.0\.1:\d+$/);

    await world.createRun('run', { metrics: [metric('m', { count: 2, interval: '100ms' })] });
    await world.phase('run', 'Successful');
    const text = await (await fetch(`${addresses['metrics']}/metrics`)).text();
    expect(text).toMatch(/sluice_measurements_total\{provider="test\/fake",phase="Successful"\} 2/);
    for (const series of [
      'measurement_backlog',
      'measurement_oldest_due_seconds',
      'measurement_workers',
      'measurement_queue_depth',
      'in_charge',
    ])
      expect(text).toMatch(new RegExp(`^sluice_${series} \\d`, 'm'));
    expect((await fetch(`${addresses['metrics']}/readyz`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});
