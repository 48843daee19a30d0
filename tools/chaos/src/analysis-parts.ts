// What an analysis needs, each a process that can be killed and started again where it was: Redis, schedulers, workers.
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, findTool, freePorts, root } from '@sluice/tools-start';
import { announced, createPart, localService, shortLeases } from './part.ts';
import type { Part } from './part.ts';

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
export async function createRunners(plan: RunnerPlan): Promise<{
  readonly schedulers: readonly Part[];
  readonly workers: readonly Part[];
  /** Where the schedulers answer calls. */
  readonly addresses: readonly string[];
}> {
  const first = await freePorts(plan.schedulers);
  const addresses = Array.from({ length: plan.schedulers }, (_none, index) => `127.0.0.1:${first + index}`);
  const leases = [...shortLeases, '--shards', '4'];
  const common = [
    ...[
      '--max-semi-space-size=4',
      path.join(root, 'apps/analysis-runner/src/main.ts'),
      '--kubeconfig',
      plan.kubeconfig,
    ],
    ...['--redis-url', plan.redisUrl, '--plugins', plan.plugins, ...localService],
  ];
  const runner = (name: string, ...args: readonly string[]): Part =>
    createPart({
      name,
      command: process.execPath,
      args: [...common, ...args],
      log: path.join(plan.folder, `${name}.log`),
      ready: announced(name, plan.folder),
    });
  return {
    addresses,
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
