import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { parseMetricResult } from '@sluice/contracts';
import type { Finished, Measurement } from '@sluice/contracts';
import { createPluginHost } from '@sluice/plugin-host';
import { onTestFinished } from 'vitest';

export interface ProviderProcess {
  /** One measurement, as services ask for it. */
  measure(config: object, secretValues?: readonly string[]): Promise<Finished & { readonly result: unknown }>;
  /** What it has logged so far. */
  log(): string;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Starts a provider's `main.ts` as its own process, which ends with the test; resolves when it serves. */
export async function startProviderProcess(
  name: string,
  main: string,
  flags: readonly string[] = [],
): Promise<ProviderProcess> {
  const ports = ['--grpc-host', '127.0.0.1', '--grpc-port', '0', '--http-host', '127.0.0.1', '--http-port', '0'];
  const child = spawn(process.execPath, [main, '--announce', ...ports, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  child.stderr.on('data', (text: Buffer) => void log.push(text.toString()));
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const host = createPluginHost({});
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await host.stop();
  });
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    once(lines, 'line').then(([text]) => text as string),
    exit.then(([code]) => Promise.reject(new Error(`${main} ended with ${code}: ${log.join('')}`))),
  ]);
  lines.on('line', (text) => void log.push(text));
  const { addresses } = JSON.parse(line) as { readonly addresses: { readonly grpc: string } };
  await host.start();
  host.configure({ type: 'metric', name, address: addresses.grpc });
  const client = host.metric(name, 'default');
  if (client === undefined) throw new Error(`the host does not know ${name}`);
  return {
    async measure(config, secretValues = []) {
      const { outcome } = await client.start(measurementOf(config, secretValues));
      if (outcome?.$case !== 'finished') throw new Error(`${name} did not finish: ${outcome?.$case}`);
      const { valueJson } = outcome.value;
      return { ...outcome.value, result: valueJson === '' ? undefined : parseMetricResult(valueJson) };
    },
    log: () => log.join(''),
    async stop() {
      child.kill('SIGTERM');
      return (await exit)[0];
    },
  };
}

function measurementOf(config: object, secretValues: readonly string[]): Measurement {
  const run = { namespace: 'default', name: 'run', uid: randomUUID() };
  const metricName = 'metric';
  return {
    id: `${run.uid}/${metricName}/1`,
    run,
    metricName,
    ordinal: 1,
    configJson: JSON.stringify(config),
    metricJson: '',
    secretValues: [...secretValues],
  };
}
