import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Failure } from '../first-stage/failure.mjs';
import { howToInstallRedis } from '../first-stage/redis.mjs';
import { findTool } from '../first-stage/tools.mjs';
import { freePorts } from './ports.ts';
import type { Session } from './session.ts';

const ANSWER_WITHIN_MS = 3_000;

/**
 * The URL of a Redis that answers: the one that is `named` (REDIS_URL), else a child of this session on a free loopback port that
 * keeps nothing. Throws a Failure when there is none.
 */
export async function findOrStartRedis(session: Session, named: string | undefined): Promise<string> {
  if (named) {
    await checkRedis(named);
    return named;
  }
  const command = findTool('redis-server');
  if (!command) throw new Failure(`redis-server is missing: type "${howToInstallRedis()}"`);
  const dir = path.join(session.temp, 'redis');
  fs.mkdirSync(dir, { recursive: true });
  for (let attempt = 1; ; attempt++) {
    const port = await freePorts();
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no'];
    try {
      await session.children.start({
        name: 'redis',
        command,
        args,
        quiet: true,
        ready: (line) => (line.includes('Ready to accept connections') ? true : undefined),
      });
      return `redis://127.0.0.1:${port}`;
    } catch (error) {
      // Somebody took the port in between.
      if (attempt === 5 || !/address already in use/i.test((error as Error).message)) throw error;
    }
  }
}

/** Throws a Failure unless a Redis answers at `url` (redis:// or rediss://, the latter by its port only). */
export async function checkRedis(url: string): Promise<void> {
  let target: URL;
  try {
    target = new URL(url);
  } catch {
    throw new Failure(`REDIS_URL is not a URL: ${url} (write redis://HOST:PORT)`);
  }
  if (!/^rediss?:$/.test(target.protocol))
    throw new Failure(`REDIS_URL does not start with redis://: ${redacted(target)}`);
  const problem = await ping(target);
  if (problem) throw new Failure(`no Redis answers at ${redacted(target)} (${problem}): start it, or unset REDIS_URL`);
}

function redacted(url: URL): string {
  return `${url.protocol}//${url.host}`;
}

function ping(url: URL): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect(Number(url.port || 6379), url.hostname);
    const settle = (problem?: string) => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(ANSWER_WITHIN_MS, () => settle(`silent for ${ANSWER_WITHIN_MS / 1000} s`));
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
    socket.once('close', () => settle('it closed the connection'));
    socket.once('connect', () => (url.protocol === 'rediss:' ? settle() : socket.write('PING\r\n')));
    // -NOAUTH and the like are answers of a living Redis too; the password is for the services to use.
    socket.once('data', (data) => settle(/^[+-]/.test(data.toString()) ? undefined : 'that is not a Redis'));
  });
}
