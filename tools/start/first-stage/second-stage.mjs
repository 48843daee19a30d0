import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { node24 } from './dependencies.mjs';

/**
 * npm passes signals on, as its scripts `exec` this program: there is no shell between that would end and leave it running. When npm is killed (SIGKILL) there is none to
 * pass on, but this process has another parent then. Started without npm, it may outlive its parent, as any program may.
 */
function endWithNpm(child) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(timer);
    child.kill('SIGTERM');
  }, 500);
  timer.unref();
}

/**
 * Runs `script` (TypeScript, a path inside the repository) under Node 24 and ends as it ends.
 *
 * The second stage leads a process group of its own, so that Ctrl-C reaches only this one, which passes it on: everything is
 * then stopped in order, and by the one that started it. A channel to it closes when this process dies, however it dies: the
 * second stage stops by itself then. What is left of its group and its temporary folder when it has ended is removed here.
 */
export function runSecondStage(root, script, args) {
  const temp = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-'));
  const bin = path.join(root, 'node_modules/.bin');
  const child = spawn(node24(root), [path.join(root, script), ...args], {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, SLUICE_TEMP: temp, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}` },
  });
  endWithNpm(child);
  const forward = (signal) => process.on(signal, () => child.kill(signal));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) forward(signal);
  child.on('error', (error) => {
    console.error(`sluice: Node 24 does not start (${error.message}): type "npm ci"`);
    fs.rmSync(temp, { recursive: true, force: true });
    process.exit(1);
  });
  child.on('exit', (code) => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Nobody of the group is left, as it should be.
    }
    fs.rmSync(temp, { recursive: true, force: true, maxRetries: 5 });
    process.exit(code ?? 1);
  });
}
