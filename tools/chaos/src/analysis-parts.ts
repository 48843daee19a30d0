// What an analysis needs, each a process that can be killed and started again where it was: Redis, schedulers, workers.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, findTool, freePorts, root } from '@sluice/tools-start';

export interface Part {
  readonly name: string;
  readonly isRunning: boolean;
  start(): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

interface PartSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly log: string;
  readonly ready: (child: ChildProcess) => Promise<void>;
}

function createPart({ name, command, args, log, ready }: PartSpec): Part {
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

export async function createRedis(folder: string): Promise<Part & { readonly url: string; flush(): Promise<void> }> {
  const port = await freePorts();
  const command = findTool('redis-server');
  if (!command) throw new Failure('redis-server is missing: apt-get install redis-server');
  const part = createPart({
    name: 'redis',
    command,
    args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    log: path.join(folder, 'redis.log'),
    async ready(child) {
      child.stdout?.resume();
      while (!(await answers(port))) await sleep(50);
    },
  });
  const flush = async (): Promise<void> => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write('FLUSHALL\r\n'));
    socket.once('data', () => socket.destroy());
    socket.once('error', () => socket.destroy());
    await once(socket, 'close');
  };
  return Object.assign(Object.create(Object.prototype, Object.getOwnPropertyDescriptors(part)) as Part, {
    url: `redis://127.0.0.1:${port}`,
    flush,
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

export interface RunnerPlan {
  readonly kubeconfig: string;
  readonly redisUrl: string;
  /** Of the provider, as --plugins wants it. */
  readonly plugins: string;
  readonly folder: string;
  readonly schedulers: number;
  readonly workers: number;
}

/** Schedulers that share the runs, and workers that work for all of them. */
export async function createRunners(
  plan: RunnerPlan,
): Promise<{ readonly schedulers: readonly Part[]; readonly workers: readonly Part[] }> {
  const first = await freePorts(plan.schedulers);
  const addresses = Array.from({ length: plan.schedulers }, (_none, index) => `127.0.0.1:${first + index}`);
  // Short: one that was killed cannot give its Lease back, and its successor waits for the end of it.
  const leases = ['--lease-duration', '3s', '--lease-renew-deadline', '2s', '--lease-retry', '500ms', '--shards', '4'];
  const common = [
    ...[
      '--max-semi-space-size=4',
      path.join(root, 'apps/analysis-runner/src/main.ts'),
      '--kubeconfig',
      plan.kubeconfig,
    ],
    ...['--redis-url', plan.redisUrl, '--plugins', plan.plugins, '--http-host', '127.0.0.1', '--http-port', '0'],
    ...['--foreign-lease-namespace', 'none', '--announce'],
  ];
  const runner = (name: string, ...args: readonly string[]): Part =>
    createPart({
      name,
      command: process.execPath,
      args: [...common, ...args],
      log: path.join(plan.folder, `${name}.log`),
      async ready(child) {
        if (child.stdout === null) return;
        const ended = once(child, 'exit').then(() => {
          // One that is killed while it starts has ended as it should.
          if (child.signalCode === null) throw new Failure(`${name} did not start: see ${plan.folder}`);
        });
        await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
        ended.catch(() => undefined);
      },
    });
  return {
    schedulers: addresses.map((address, index) =>
      runner(
        `scheduler-${index + 1}`,
        ...['--role', 'scheduler', '--grpc-host', '127.0.0.1', '--grpc-port', address.split(':')[1] ?? '0', ...leases],
      ),
    ),
    workers: Array.from({ length: plan.workers }, (_none, index) =>
      runner(`worker-${index + 1}`, '--role', 'worker', '--scheduler', addresses.join(',')),
    ),
  };
}
