import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scriptOf, stepsOf } from '../src/guide.ts';
import { copyWorkspace, root } from './workspace.ts';
import type { Workspace } from './workspace.ts';

const guide = readFileSync(join(root, 'docs/guides/write-a-traffic-router.md'), 'utf8');

let workspace: Workspace;

beforeAll(() => {
  workspace = copyWorkspace();
}, 120_000);
afterAll(() => workspace.remove());

/** Runs a script in the workspace; resolves with its exit code and all that it printed. */
function follow(script: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', script], {
      cwd: workspace.folder,
      env: {
        ...process.env,
        // No server of Nx stays behind, and nothing is taken from a cache.
        NX_DAEMON: 'false',
        NX_WORKSPACE_DATA_DIRECTORY: join(workspace.folder, '.nx'),
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

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the guide "write a traffic router in 30 minutes"', () => {
  test(
    'works word for word in a clean folder, up to a program that anybody can ask',
    { timeout: 600_000 },
    async () => {
      const [grpcPort, httpPort] = await Promise.all([freePort(), freePort()]);
      const onFreePorts = guide.replaceAll('18091', String(grpcPort)).replaceAll('18090', String(httpPort));
      const steps = stepsOf(onFreePorts).map((step) =>
        // Packages are linked here (follow-guide.ts installs them); a new member of the workspace needs none of its own.
        step.kind === 'commands' ? { ...step, text: step.text.replace(/^npm install$/m, 'true') } : step,
      );
      const { code, output } = await follow(scriptOf(steps));
      expect(code, output).toBe(0);
      const summaries = output.match(/Tests +\d+ passed[^\n]*/g) ?? [];
      expect(summaries, output).toHaveLength(2);
      expect(output).toMatch(/^passed +P4 /m);
      expect(output).toContain('0 failed,');
      expect(output).toContain('sluice_plugin_served_calls_total{method="Describe",code="OK"}');
    },
  );

  test('leaves a workspace that is formatted, linted and typed as the rest of it', { timeout: 300_000 }, async () => {
    const { code, output } = await follow(
      `set -e
       export PATH="$PWD/node_modules/.bin:$PATH"
       prettier --check apps/plugins/my-router charts/my-router
       eslint --max-warnings 0 apps/plugins/my-router
       tsc -p tsconfig.json | grep my-router && exit 1 || true`,
    );
    expect(code, output).toBe(0);
  });
});

test('only commands and files of a page are followed', () => {
  const page =
    '```sh\nls\n```\n\n```yaml\na: 1\n```\n\n```ts file=a/b.ts\nexport {};\n```\n\n```console\nrm -r /\n```\n';
  expect(stepsOf(page)).toEqual([
    { kind: 'commands', text: 'ls\n' },
    { kind: 'file', path: 'a/b.ts', text: 'export {};\n' },
  ]);
});
