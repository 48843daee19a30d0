// A container's command as a process of this machine: its own arguments and environment, no shell of ours, no isolation.
import { spawn } from 'node:child_process';
import { constants, tmpdir } from 'node:os';
import process from 'node:process';

export interface Exit {
  readonly code: number;
  readonly reason: 'Completed' | 'Error' | 'StartError' | 'ContainerStatusUnknown';
  readonly message?: string;
}

export interface LocalCommand {
  /** What it wrote to stdout and stderr, the last 256 KiB of it. */
  output(): string;
  stop(signal: 'SIGTERM' | 'SIGKILL'): void;
}

const keptBytes = 256 * 1024;

/** Starts `command`; `onExit` is called once, later, also if it could not be started (code 128, StartError). */
export function startCommand(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  onExit: (exit: Exit) => void,
): LocalCommand {
  const chunks: Buffer[] = [];
  let size = 0;
  const keep = (chunk: Buffer): void => {
    chunks.push(chunk);
    size += chunk.length;
    while (chunks.length > 1 && size - chunks[0]!.length >= keptBytes) size -= chunks.shift()!.length;
  };
  const [file, ...args] = command;
  // A group of its own, so that stopping it also stops what it started.
  const child = spawn(file!, args, {
    cwd: tmpdir(),
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let ended = false;
  const end = (exit: Exit): void => {
    if (ended) return;
    ended = true;
    onExit(exit);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', (error) => {
    end({ code: 128, reason: 'StartError', message: `failed to start container: exec: "${file}": ${error.message}` });
  });
  child.on('close', (code, signal) => {
    const exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0);
    end({ code: exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' });
  });
  return {
    output: () => Buffer.concat(chunks).toString(),
    stop(signal) {
      if (ended || child.pid === undefined) return;
      try {
        process.kill(-child.pid, signal);
      } catch {
        // It ended by itself in this moment.
      }
    },
  };
}
