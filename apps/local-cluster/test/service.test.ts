// The cluster as a service of its own, as `npm start` and the parity player use it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { startLocalCluster } from '../src/cluster.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
// A tool, which an application must not depend on: what it makes of a kubeconfig is what counts here.
const parityClient = new URL('../../../tools/parity/kube.mjs', import.meta.url).href;
interface ParityKube {
  get(path: string): Promise<unknown>;
  create(path: string, body: unknown): Promise<unknown>;
}
const scratch = mkdtempSync(path.join(tmpdir(), 'local-cluster-service-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Run {
  readonly line: Promise<string>;
  readonly exit: Promise<number | null>;
  readonly errors: () => string;
  stop(): void;
}

function run(...args: string[]): Run {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (c: Buffer) => (errors += c.toString()));
  return {
    line: new Promise((resolve) => child.stdout.once('data', (c: Buffer) => resolve(c.toString().trim()))),
    exit: new Promise((resolve) => child.once('exit', resolve)),
    errors: () => errors,
    stop: () => void child.kill('SIGTERM'),
  };
}

describe('the service', () => {
  it('announces itself, serves the parity player by its kubeconfig, and ends on SIGTERM', async () => {
    const kubeconfig = path.join(scratch, 'kubeconfig');
    const service = run('--announce', '--kubeconfig-out', kubeconfig);
    const announced = JSON.parse(await service.line) as { name: string; pid: number; addresses: { api: string } };
    expect(announced.name).toBe('local-cluster');
    expect(announced.addresses.api).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const { connect } = (await import(parityClient)) as { connect(file: string): ParityKube };
    const kube = connect(kubeconfig);
    await kube.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'parity-x' } });
    const { items } = (await kube.get('/api/v1/namespaces')) as { items: { metadata: { name: string } }[] };
    expect(items.map((n) => n.metadata.name)).toContain('parity-x');
    await expect(kube.get('/apis/argoproj.io/v1alpha1/namespaces/parity-x/rollouts')).rejects.toMatchObject({
      status: 404,
    });
    service.stop();
    expect(await service.exit).toBe(0);
  });

  it('says in one line that its port is taken', async () => {
    const other = await startLocalCluster({ workloads: false });
    const service = run('--port', new URL(other.url).port);
    expect(await service.exit).toBe(1);
    expect(service.errors().trim()).toMatch(/^local-cluster: port \d+ is taken: choose another with --port/);
    await other.stop();
  });
});
