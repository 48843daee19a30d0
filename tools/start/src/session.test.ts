import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

interface Ready {
  readonly temp: string;
  readonly services: readonly { readonly name: string; readonly pid: number }[];
}
interface Run {
  readonly first: ChildProcess;
  readonly ready: Promise<Ready>;
  readonly ended: Promise<{ readonly code: number | null; readonly errors: string }>;
}

const started: ChildProcess[] = [];
afterEach(() => started.splice(0).forEach((child) => child.kill('SIGKILL')));

/** The first stage, the second stage and services, as npm start runs them. */
function start(...args: string[]): Run {
  const script = path.join(import.meta.dirname, 'testing/stand-in-first-stage.mjs');
  const first = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(first);
  let out = '';
  let errors = '';
  const ready = new Promise<Ready>((resolve) => {
    first.stdout.on('data', (data: Buffer) => {
      out += data.toString();
      if (out.includes('\n')) resolve(JSON.parse(out) as Ready);
    });
  });
  first.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  const ended = new Promise<{ code: number | null; errors: string }>((resolve) =>
    first.once('close', (code) => resolve({ code, errors })),
  );
  return { first, ready, ended };
}

async function nothingIsLeft({ temp, services }: Ready): Promise<void> {
  await expect.poll(() => services.filter(({ pid }) => isAlive(pid)), { timeout: 60_000 }).toEqual([]);
  await expect.poll(() => fs.existsSync(temp), { timeout: 60_000 }).toBe(false);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a session', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends with everything it started on %s, with code 0',
    async (signal) => {
      const run = start();
      const ready = await run.ready;
      const names = ready.services.map((service) => service.name);
      expect(names).toContain('rollout-controller');
      expect(names.at(-1)).toBe('second');
      run.first.kill(signal);
      expect((await run.ended).code).toBe(0);
      await nothingIsLeft(ready);
    },
  );

  it('ends with everything it started when its first stage is killed', async () => {
    const run = start();
    const ready = await run.ready;
    run.first.kill('SIGKILL');
    await nothingIsLeft(ready);
  });

  it('ends with everything it started, and says why, when a service ends by itself', async () => {
    const run = start();
    const ready = await run.ready;
    process.kill(ready.services.at(-1)?.pid as number, 'SIGKILL');
    const { code, errors } = await run.ended;
    expect(code).toBe(1);
    expect(errors).toContain('sluice: second was ended by SIGKILL');
    await nothingIsLeft(ready);
  });

  it('that fails half-way says why in one line and leaves nothing', async () => {
    const { code, errors } = await start('--broken').ended;
    expect(code).toBe(1);
    expect(errors.split('\n')).toContain('sluice: broken ended with code 1: Error: the port 1234 is taken');
  });
});
