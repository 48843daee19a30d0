import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { scriptOf, stepsOf } from '../src/guide.ts';
import type { Workspace } from './workspace.ts';

/** Runs a script in the workspace; resolves with its exit code and all that it printed. */
export function follow({ folder }: Workspace, script: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', script], {
      cwd: folder,
      env: {
        ...process.env,
        // No server of Nx stays behind, and nothing is taken from a cache.
        NX_DAEMON: 'false',
        NX_WORKSPACE_DATA_DIRECTORY: join(folder, '.nx'),
        NO_COLOR: '1',
        // Otherwise the vitest that is started takes itself for a worker of this one.
        VITEST: undefined,
        VITEST_WORKER_ID: undefined,
        NODE_OPTIONS: undefined,
      },
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }));
  });
}

/** The guide as a script, word for word but for its ports, which may be taken here. */
export async function scriptOfGuide(guide: string, ports: { readonly grpc: string; readonly http: string }) {
  const [grpcPort, httpPort] = await Promise.all([freePort(), freePort()]);
  const onFreePorts = guide.replaceAll(ports.grpc, String(grpcPort)).replaceAll(ports.http, String(httpPort));
  const steps = stepsOf(onFreePorts).map((step) =>
    // Packages are linked here (follow-guide.ts installs them); a new member of the workspace needs none of its own.
    step.kind === 'commands' ? { ...step, text: step.text.replace(/^npm install$/m, 'true') } : step,
  );
  return scriptOf(steps);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
