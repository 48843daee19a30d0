// The process as services call it.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Verdict } from '@sluice/contracts';
import type { Measurement } from '@sluice/contracts';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tests need a cluster
import { startLocalCluster } from '@sluice/local-cluster';
import { createPluginHost } from '@sluice/plugin-host';
import { expect, test } from 'vitest';
import { shell } from './cluster.ts';

const main = path.resolve(import.meta.dirname, '../src/main.ts');

function measurement(command: string, secretValues: readonly string[]): Measurement {
  const run = { namespace: 'default', name: 'run', uid: randomUUID() };
  const configJson = JSON.stringify({ spec: shell(command).spec });
  const metricName = 'smoke';
  const id = `${run.uid}/${metricName}/1`;
  return { id, run, metricName, ordinal: 1, configJson, metricJson: '', secretValues: [...secretValues] };
}

test('the process introduces itself, measures, masks secrets in what failed Jobs said, and ends well on SIGTERM', async () => {
  const cluster = await startLocalCluster({ workloads: { readyAfterMs: 20 } });
  const folder = mkdtempSync(path.join(tmpdir(), 'sluice-metric-job-'));
  const kubeconfig = path.join(folder, 'kubeconfig');
  cluster.writeKubeconfig(kubeconfig, 'metric-job');
  const ports = ['--grpc-host', '127.0.0.1', '--grpc-port', '0', '--http-host', '127.0.0.1', '--http-port', '0'];
  const child = spawn(process.execPath, [main, '--announce', '--kubeconfig', kubeconfig, ...ports], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  const host = createPluginHost({});
  try {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const { addresses } = JSON.parse(line) as { readonly addresses: { readonly grpc: string } };
    await host.start();
    host.configure({ type: 'metric', name: 'job', address: addresses.grpc });
    const job = host.metric('job', 'default')!;
    const asked = measurement('echo token s3cret-token is refused; exit 2', ['s3cret-token']);
    let outcome = (await job.start(asked)).outcome;
    while (outcome.$case === 'pending') {
      const { handle, metadata } = outcome.value;
      expect(handle).toBe('');
      await sleep(100);
      outcome = await job.poll({ measurement: asked, handle, metadata });
    }
    expect(host.list()).toMatchObject([{ names: ['job'], capabilities: ['pending', 'verdict', 'side-effects'] }]);
    expect(outcome.value).toMatchObject({
      verdict: Verdict.FAILED,
      message: expect.stringMatching(/ended with exit code 2: token \*\*\*\*\* is refused$/),
      metadata: { 'job-name': `${asked.run!.uid}.smoke.1`, 'job-namespace': 'default' },
    });
    expect(await job.collect({ run: asked.run, metricName: 'smoke', configJson: asked.configJson, keep: 0 })).toBe(1);
    child.kill('SIGTERM');
    expect((await exit)[0]).toBe(0);
  } finally {
    child.kill('SIGKILL');
    await host.stop();
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
