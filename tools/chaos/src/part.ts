// One process among those under test, which can be killed and started again where it was.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createInterface } from 'node:readline';
import { Failure } from '@sluice/tools-start';

export interface Part {
  readonly name: string;
  readonly isRunning: boolean;
  start(): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface PartSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly log: string;
  readonly ready: (child: ChildProcess) => Promise<void>;
}

export function createPart({ name, command, args, log, ready }: PartSpec): Part {
  let child: ChildProcess | undefined;
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill(signal);
    await ended;
  };
  return {
    name,
    get isRunning() {
      return child !== undefined;
    },
    async start() {
      const output = fs.openSync(log, 'a');
      child = spawn(command, args, { stdio: ['ignore', 'pipe', output] });
      fs.closeSync(output);
      await ready(child);
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

/** For services that are started with --announce: ready is who has announced itself. */
export const announced =
  (name: string, folder: string) =>
  async (child: ChildProcess): Promise<void> => {
    if (child.stdout === null) return;
    const ended = once(child, 'exit').then(() => {
      // One that is killed while it starts has ended as it should.
      if (child.signalCode === null) throw new Failure(`${name} did not start: see ${folder}`);
    });
    await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
    ended.catch(() => undefined);
  };

/** Short: one that was killed cannot give its Lease back, and its successor waits for the end of it. */
export const shortLeases = [
  '--lease-duration',
  '3s',
  '--lease-renew-deadline',
  '2s',
  '--lease-retry',
  '500ms',
] as const;

/** Of a service on this machine, whose only controller it is. */
export const localService = [
  ...['--http-host', '127.0.0.1', '--http-port', '0', '--announce'],
  ...['--foreign-lease-namespace', 'none'],
] as const;
