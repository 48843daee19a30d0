import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { resources } from '@sluice/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, liveRollout } from './live-world.ts';

const timeout = 240_000;
const main = path.resolve(import.meta.dirname, '../src/main.ts');
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
}, timeout);
afterAll(() => world.close(), timeout);

function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [main, '--http-host', '127.0.0.1', '--http-port', '0', '--announce', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const announced = once(createInterface(child.stdout), 'line').then(
    ([line]) => JSON.parse(line as string) as { name: string; pid: number; addresses: { metrics: string } },
  );
  return { child, announced, ended, stderr: () => stderr };
}

describe('the program', { timeout }, () => {
  it('announces itself when it works, serves probes, metrics and explanations, and gives its Lease back when it is asked to end', async () => {
    const { child, announced, ended } = start('--kubeconfig', world.kubeconfig('sluice'));
    const { name, pid, addresses } = await announced;
    expect({ name, pid }).toEqual({ name: 'rollout-controller', pid: child.pid });
    const read = async (at: string) => {
      const answer = await fetch(`${addresses.metrics}${at}`);
      return { code: answer.status, text: await answer.text() };
    };
    expect(await read('/healthz')).toMatchObject({ code: 200 });
    expect(await read('/readyz')).toMatchObject({ code: 200 });

    await world.apply(liveRollout('web', { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } }));
    await world.healthy('web');
    await world.setImage('web', 'shop:2');
    await world.paused('web', 1);
    const explanation = JSON.parse((await read('/explain/shop/web')).text) as unknown;
    expect(explanation).toMatchObject({ phase: 'Paused', explanation: { code: 'PausedAtStep' }, actions: [] });
    expect(await read('/explain/shop/nobody')).toMatchObject({ code: 404 });
    const { text } = await read('/metrics');
    for (const series of [
      'rollout_info{namespace="shop",name="web",strategy="canary",traffic_router="",phase="Paused"} 1',
      'rollout_info_replicas_updated{namespace="shop",name="web"} 1',
      'rollout_events_total{namespace="shop",name="web",type="Normal",reason="RolloutPaused"} 1',
      'sluice_in_charge 1',
    ])
      expect(text).toContain(series);
    expect(text).toMatch(/rollout_reconcile_count\{namespace="shop",name="web"\} \d+/);
    expect(text).toMatch(/workqueue_adds_total\{name="Rollouts"\} \d+/);
    expect(text).toMatch(
      /controller_clientset_k8s_request_total\{kind="rollouts",namespace="shop",name="web",verb="Patch",status_code="200"\} \d+/,
    );

    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    const lease = await world.person.get(resources.leases, {
      namespace: 'sluice-system',
      name: 'sluice-rollout-controller-0',
    });
    expect(lease['spec'].holderIdentity).toBe('');
  });

  it('says in one line what is missing for it to start', async () => {
    const { announced, ended, stderr } = start(
      '--kubeconfig',
      world.kubeconfig('sluice'),
      '--system-namespace',
      'nowhere',
    );
    announced.catch(() => undefined);
    expect(await ended).toBe(1);
    const lines = stderr()
      .split('\n')
      .filter((line) => line.startsWith('rollout-controller: '));
    expect(lines).toEqual([
      'rollout-controller: namespace "nowhere", where the Lease is kept, does not exist. Create it (kubectl create namespace nowhere), or name another with --system-namespace.',
    ]);
  });
});
