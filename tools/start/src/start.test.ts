import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClient, resources } from '@sluice/kube';
import { root } from '../first-stage/workspace.mjs';
import { createChildren } from './children.ts';
import { installCustomResources } from './custom-resources.ts';
import { startLocalCluster } from './local-cluster.ts';
import type { StartedCluster } from './local-cluster.ts';

const temp = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-start-'));
const children = createChildren({ folder: temp });
const started: ChildProcess[] = [];
afterEach(() => started.splice(0).forEach((child) => child.kill('SIGKILL')));
afterAll(async () => {
  await children.stop();
  fs.rmSync(temp, { recursive: true });
}, 30_000);

/** npm start, without npm. `said` resolves with what was printed as soon as that contains `text`. */
function npmStart(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [path.join(root, 'tools/start/start.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, REDIS_URL: '', TMPDIR: temp, ...env },
  });
  started.push(child);
  let out = '';
  let errors = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  const ended = new Promise<{ code: number | null; out: string; errors: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, out, errors })),
  );
  const said = async (text: string) => {
    await expect.poll(() => out, { timeout: 570_000 }).toContain(text);
    return out;
  };
  return { child, ended, said };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function temporaryFolders(): string[] {
  return fs.readdirSync(temp).filter((name) => name.startsWith('sluice-'));
}

describe('npm start', { timeout: 600_000 }, () => {
  it('shows the example moving, stays up, and leaves nothing behind on Ctrl-C', async () => {
    const run = npmStart(['--scenario', 'blue-green-automatic']);
    const out = await run.said('Addresses:');
    expect(out).toContain('$ sluice set image shop shop=nginx:1.28-alpine');
    expect(out).toMatch(/Healthy \| BlueGreen .* rev 2 \(stable, active, preview\) nginx:1.28-alpine 3\/3 ready/);
    const kubeconfig = /export KUBECONFIG=(\S+)/.exec(out)?.[1] ?? '';
    const server = /Kubernetes API +(\S+)/.exec(await run.said('rollout-controller metrics'))?.[1] ?? '';
    expect(fs.existsSync(kubeconfig)).toBe(true);
    expect(out).toMatch(/export SLUICE_ANALYSIS_RUNNER=127\.0\.0\.1:\d+\n/);
    expect((await fetch(new URL('/version', server))).status).toBe(200);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(0);
    await expect(fetch(new URL('/version', server))).rejects.toThrow();
    expect(temporaryFolders()).toEqual([]);
  });

  it('ends by itself with --exit', async () => {
    const { code, out } = await npmStart(['--scenario', 'blue-green-manual', '--exit']).ended;
    expect(out).toContain('The example has ended as it should');
    expect(code).toBe(0);
    expect(temporaryFolders()).toEqual([]);
  });

  it('shows what clients really got beside the weights of the default example, and none of their requests is lost', async () => {
    const run = npmStart([]);
    const out = await run.said('Addresses:');
    expect(out).toMatch(/clients get {2}stable 1.27-alpine .*canary 1.28-alpine \d+ % \(50 asked\)/);
    expect(out).toMatch(
      /Clients sent \d{3,} requests meanwhile; (every one was answered|\d+ were not answered, 0 of them)/,
    );
    const address = /What they get +(\S+)/.exec(await run.said('What they get'))?.[1] ?? '';
    expect(await (await fetch(address)).json()).toMatchObject({ rollout: 'default/shop' });
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(0);
  });

  it('says in one line that Redis is dead, and ends what it had started', async () => {
    const { code, errors } = await npmStart([], { REDIS_URL: 'redis://127.0.0.1:1' }).ended;
    expect([code, errors]).toEqual([
      1,
      'sluice: no Redis answers at redis://127.0.0.1:1 (ECONNREFUSED): start it, or unset REDIS_URL\n',
    ]);
    expect(temporaryFolders()).toEqual([]);
  });

  it('says in one line which scenarios there are', async () => {
    const { code, errors } = await npmStart(['--scenario', 'no-such']).ended;
    expect(code).toBe(1);
    expect(errors).toMatch(/^sluice: there is no scenario "no-such": choose one of [^\n]+\n$/);
  });
});

describe('npm start -- --kubeconfig', { timeout: 600_000 }, () => {
  const session = { children, temp, signal: new AbortController().signal, atEnd: () => {} };

  it('asks for the CRDs that are missing, and installs them and an example only when told to', async () => {
    const { kubeconfig } = await startLocalCluster(session);
    const refused = await npmStart(['--kubeconfig', kubeconfig, '--exit']).ended;
    expect(refused.code).toBe(1);
    expect(refused.errors).toMatch(
      /^sluice: the cluster at \S+ does not serve Rollouts: add --install-crds, or [^\n]+\n$/,
    );
    const told = await npmStart(['--kubeconfig', kubeconfig, '--install-crds', '--exit']).ended;
    expect([told.code, told.errors]).toEqual([0, '']);
    const client = await createClient({ kubeconfig });
    expect((await client.list(resources.rollouts)).items).toEqual([]);
    client.close();
    const elsewhere = ['--scenario', 'canary', '--namespace', 'nowhere'];
    const lost = await npmStart(['--kubeconfig', kubeconfig, ...elsewhere]).ended;
    expect(lost.code).toBe(1);
    expect(lost.errors).toMatch(/^sluice: [^\n]*namespaces "nowhere" not found[^\n]*\n$/);
  });
});

describe('npm start -- --services-only', { timeout: 600_000 }, () => {
  let cluster: StartedCluster;
  beforeAll(async () => {
    const session = { children, temp, signal: new AbortController().signal, atEnd: () => {} };
    cluster = await startLocalCluster(session);
    const client = await createClient({ kubeconfig: cluster.kubeconfig });
    await installCustomResources(client);
    client.close();
  }, 60_000);

  it('prints one line when all services are ready, writes nothing but Leases, and ends them all on SIGTERM', async () => {
    const sut = path.join(temp, 'sut.kubeconfig');
    fs.writeFileSync(sut, fs.readFileSync(cluster.kubeconfig, 'utf8').replaceAll('admin-token', 'sut-token'));
    const run = npmStart(['--services-only', '--kubeconfig', sut]);
    const { ready, services } = JSON.parse(await run.said('\n')) as {
      ready: boolean;
      services: { name: string; pid: number; addresses: { metrics: string } }[];
    };
    expect(ready).toBe(true);
    expect(services.map((service) => service.name)).toContain('rollout-controller');
    for (const { addresses } of services)
      expect((await fetch(new URL('/metrics', addresses.metrics))).status).toBe(200);
    run.child.kill('SIGTERM');
    const { code, out } = await run.ended;
    expect([code, out.trim().split('\n').length]).toEqual([0, 1]);
    for (const { pid } of services) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    const { counts } = (await (await fetch(`${cluster.server}/__writes`)).json()) as {
      counts: { user: string; resource: string }[];
    };
    const written = counts.filter((count) => count.user === 'sut').map((count) => count.resource);
    expect(written.filter((resource) => resource !== 'leases.coordination.k8s.io')).toEqual([]);
    expect(temporaryFolders()).toEqual([]);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)('leaves no process behind when npm is sent %s', async (signal) => {
    const args = ['start', '--silent', '--', '--services-only', '--kubeconfig', cluster.kubeconfig];
    const npm = spawn('npm', args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, REDIS_URL: '' },
    });
    started.push(npm);
    let out = '';
    npm.stdout.on('data', (data: Buffer) => (out += data.toString()));
    await expect.poll(() => out, { timeout: 570_000 }).toContain('\n');
    const { services } = JSON.parse(out) as { services: { pid: number }[] };
    expect(services.length).toBeGreaterThan(3);
    npm.kill(signal);
    for (const { pid } of services) await expect.poll(() => isRunning(pid), { timeout: 60_000 }).toBe(false);
  });

  it('says in one line that the cluster is down', async () => {
    const down = path.join(temp, 'down.kubeconfig');
    const text = fs.readFileSync(cluster.kubeconfig, 'utf8').replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1');
    fs.writeFileSync(down, text);
    const { code, errors, out } = await npmStart(['--services-only', '--kubeconfig', down]).ended;
    expect([code, out]).toEqual([1, '']);
    expect(errors).toMatch(/^sluice: the cluster of \S+ cannot be used: [^\n]*ECONNREFUSED[^\n]*\n$/);
  });
});
