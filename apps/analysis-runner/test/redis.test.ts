import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authority, certificate, pemDirectory } from '@sluice/service/testing';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkRedis, connectRedis, redisProblem } from '../src/redis.ts';
import type { RedisFiles } from '../src/redis.ts';
import { startRedis, startSentinel } from './redis-server.ts';
import type { RedisServer } from './redis-server.ts';

const certificates = { current: pemDirectory() };
const folder = { current: '' };
const connections: Redis[] = [];
let server: RedisServer | undefined;

beforeEach(() => {
  certificates.current = pemDirectory();
  folder.current = mkdtempSync(join(tmpdir(), 'sluice-redis-'));
});
afterEach(async () => {
  for (const connection of connections.splice(0)) connection.disconnect();
  await server?.kill();
  certificates.current.remove();
  rmSync(folder.current, { recursive: true });
});

function passwordFile(password: string): string {
  const file = join(folder.current, 'password');
  writeFileSync(file, `${password}\n`);
  return file;
}

/** A Redis with TLS and a password, as managed ones are. */
async function startSecured(password: string): Promise<{ url: string; caFile: string }> {
  const ours = await authority('redis authority');
  const ca = certificates.current.write('ca', ours);
  const { certFile, keyFile } = certificates.current.write('redis', await certificate('localhost', ours));
  const tls = ['--tls-cert-file', certFile, '--tls-key-file', keyFile, '--tls-ca-cert-file', ca.certFile];
  server = await startRedis(['--tls-auth-clients', 'no', ...tls, '--requirepass', password]);
  return { url: server.url.replace('127.0.0.1', 'localhost'), caFile: ca.certFile };
}

function connect(url: string, files: RedisFiles): { redis: Redis; problems: string[] } {
  const problems: string[] = [];
  const redis = connectRedis({ url, files });
  redis.on('error', (error: Error) => problems.push(redisProblem(error)));
  connections.push(redis);
  return { redis, problems };
}

const patient = { timeout: 60_000 };

describe('a Redis with TLS and a password', { timeout: 240_000 }, () => {
  test('is reached by files, and by the connection that BullMQ makes for waiting', async () => {
    const { url, caFile } = await startSecured('first');
    const { redis } = connect(url, { caFile, passwordFile: passwordFile('first') });
    expect(await redis.set('a', '1')).toBe('OK');
    const second = redis.duplicate();
    connections.push(second);
    expect(await second.get('a')).toBe('1');
  });

  test('is reached again when its password was changed in the file, without a restart', async () => {
    const { url, caFile } = await startSecured('first');
    const { redis, problems } = connect(url, { caFile, passwordFile: passwordFile('first') });
    expect(await redis.ping()).toBe('PONG');
    await redis.config('SET', 'requirepass', 'second');
    redis.stream.destroy();
    await expect.poll(() => problems.join(), patient).toContain('(look at --redis-password-file)');
    passwordFile('second');
    expect(await redis.ping()).toBe('PONG');
  });

  test('that shows a certificate of nobody we know is not used, and the reason says where to look', async () => {
    const { url } = await startSecured('first');
    const { problems } = connect(url, { passwordFile: passwordFile('first') });
    await expect.poll(() => problems.join(), patient).toContain('(look at --redis-ca, and at the host in --redis-url)');
  });
});

test(
  'a Redis behind sentinels is found through any of them, and found again when it has moved',
  { timeout: 240_000 },
  async () => {
    const first = await startRedis();
    const second = await startRedis();
    server = first;
    try {
      const sentinel = await startSentinel(folder.current, first);
      try {
        const { redis } = connect(`redis-sentinel://127.0.0.1:1,${sentinel.address}/hints`, {});
        await redis.set('where', 'first');
        await sentinel.watch(second);
        await first.kill();
        await expect.poll(() => redis.set('where', 'second').catch(String), patient).toBe('OK');
      } finally {
        await sentinel.kill();
      }
    } finally {
      await second.kill();
    }
  },
);

test.each([
  ['sluice-redis:6379', 'write redis://HOST:PORT'],
  ['http://redis', 'write redis://HOST:PORT'],
  ['redis-sentinel://a:26379', 'names no master: write redis-sentinel://HOST:PORT,HOST:PORT/MASTER'],
])('the address %s ends the start with a line that shows the right form', (url, words) => {
  expect(() => checkRedis(url, {})).toThrow(words);
});

test('files that cannot be read end the start with a line that names the flags', () => {
  expect(() => checkRedis('redis://r', { passwordFile: '/nowhere' })).toThrow(/ENOENT.*--redis-password-file/);
  expect(() => checkRedis('redis://r', { caFile: '/nowhere' })).toThrow('write rediss:// in --redis-url');
});
