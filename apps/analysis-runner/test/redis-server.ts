import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** A real Redis of this test, on a free loopback port; it keeps nothing over a restart. */
export interface RedisServer {
  readonly url: string;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again where it was, empty. */
  restart(): Promise<void>;
  /** It keeps its connections and answers nothing, until `thaw`. */
  freeze(): void;
  thaw(): void;
}

/** With arguments for TLS it speaks nothing else. */
export async function startRedis(more: readonly string[] = []): Promise<RedisServer> {
  const isTls = more.some((argument) => argument.startsWith('--tls'));
  const port = await freePort();
  let child: ChildProcess | undefined;
  async function start(): Promise<void> {
    const args = [
      ...(isTls ? ['--port', '0', '--tls-port'] : ['--port']),
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--daemonize',
      'no',
      ...more,
    ];
    child = spawn('redis-server', args, { stdio: 'ignore' });
    for (let tries = 0; tries < 600; tries += 1) {
      if (await answers(port)) return;
      if (child.exitCode !== null) break;
      await sleep(50);
    }
    throw new Error(`redis-server did not start on port ${port}: is it installed (apt-get install redis-server)?`);
  }
  await start();
  return {
    url: `${isTls ? 'rediss' : 'redis'}://127.0.0.1:${port}`,
    async kill() {
      const running = child;
      child = undefined;
      if (running === undefined || running.exitCode !== null) return;
      const ended = once(running, 'exit');
      running.kill('SIGKILL');
      await ended;
    },
    restart: start,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
  };
}

/** A sentinel that knows the master `hints`. */
export interface Sentinel {
  readonly address: string;
  /** From now on the master is this one. */
  watch(master: RedisServer): Promise<void>;
  kill(): Promise<void>;
}

export async function startSentinel(folder: string, master: RedisServer): Promise<Sentinel> {
  const port = await freePort();
  const file = path.join(folder, 'sentinel.conf');
  writeFileSync(file, `port ${port}\nbind 127.0.0.1\nsentinel monitor hints 127.0.0.1 ${portOf(master)} 1\n`);
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
  for (let tries = 0; tries < 600 && !(await answers(port)); tries += 1) await sleep(50);
  return {
    address: `127.0.0.1:${port}`,
    async watch(next) {
      const control = new Redis(port, '127.0.0.1');
      await control.call('SENTINEL', 'REMOVE', 'hints');
      await control.call('SENTINEL', 'MONITOR', 'hints', '127.0.0.1', String(portOf(next)), '1');
      control.disconnect();
    },
    async kill() {
      const ended = once(child, 'exit');
      if (child.exitCode === null && child.kill('SIGKILL')) await ended;
    },
  };
}

const portOf = ({ url }: RedisServer): number => Number(new URL(url).port);

async function freePort(): Promise<number> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
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
