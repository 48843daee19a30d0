import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { TestCluster } from './served-router.ts';

export interface RouterProcess {
  readonly address: string;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Starts a router's `main.ts` as its own process; resolves when it has announced that it serves. Its log goes to this process's stderr when it fails to. */
export async function startRouterProcess(main: string, cluster: TestCluster): Promise<RouterProcess> {
  const directory = mkdtempSync(path.join(tmpdir(), 'sluice-router-'));
  const kubeconfig = path.join(directory, 'kubeconfig');
  cluster.writeKubeconfig(kubeconfig, 'router');
  const ports = ['--grpc-host', '127.0.0.1', '--grpc-port', '0', '--http-host', '127.0.0.1', '--http-port', '0'];
  const child = spawn(process.execPath, [main, '--announce', '--kubeconfig', kubeconfig, ...ports], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  child.stderr.on('data', (text: Buffer) => void log.push(text.toString()));
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => text as string),
    exit.then(([code]) => Promise.reject(new Error(`${main} ended with ${code}: ${log.join('')}`))),
  ]);
  const { addresses } = JSON.parse(line) as { readonly addresses: { readonly grpc: string } };
  return {
    address: addresses.grpc,
    async stop() {
      child.kill('SIGTERM');
      const [code] = await exit;
      rmSync(directory, { recursive: true, force: true });
      return code;
    },
  };
}
