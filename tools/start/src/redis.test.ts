import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createChildren } from './children.ts';
import { checkRedis, findOrStartRedis } from './redis.ts';
import type { Session } from './session.ts';

const servers: net.Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

function listen(answer: string | undefined): Promise<number> {
  const server = net.createServer((socket) =>
    socket.on('data', () => (answer === undefined ? socket.end() : socket.write(answer))),
  );
  servers.push(server);
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as net.AddressInfo).port)),
  );
}

describe('a Redis that somebody named', () => {
  it('is taken when it answers, also when it wants a password first', async () => {
    await checkRedis(`redis://127.0.0.1:${await listen('+PONG\r\n')}`);
    await checkRedis(`redis://127.0.0.1:${await listen('-NOAUTH Authentication required.\r\n')}`);
  });

  it('is refused in one line when it is dead', async () => {
    const port = await listen('x');
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const message = `no Redis answers at redis://127.0.0.1:${port} (ECONNREFUSED): start it, or unset REDIS_URL`;
    await expect(checkRedis(`redis://:secret@127.0.0.1:${port}`)).rejects.toThrow(message);
  });

  it('is refused when it is something else', async () => {
    await expect(checkRedis(`redis://127.0.0.1:${await listen('HTTP/1.1 400\r\n')}`)).rejects.toThrow('not a Redis');
    await expect(checkRedis(`redis://127.0.0.1:${await listen(undefined)}`)).rejects.toThrow('closed the connection');
    await expect(checkRedis('http://127.0.0.1:1')).rejects.toThrow('does not start with redis://');
    await expect(checkRedis('nowhere')).rejects.toThrow('REDIS_URL is not a URL: nowhere');
  });
});

describe('a Redis of our own', () => {
  it('answers on loopback, keeps nothing, and ends with the session', async () => {
    const temp = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-redis-'));
    const children = createChildren({ folder: temp });
    const session: Session = { children, temp, signal: new AbortController().signal, atEnd: () => {} };
    try {
      const url = await findOrStartRedis(session, undefined);
      expect(url).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
      await checkRedis(url);
      await children.stop();
      await expect(checkRedis(url)).rejects.toThrow('ECONNREFUSED');
      expect(fs.readdirSync(path.join(temp, 'redis'))).toEqual([]);
    } finally {
      await children.stop();
      fs.rmSync(temp, { recursive: true });
    }
  });

  it('is not started when somebody named one', async () => {
    const port = await listen('+PONG\r\n');
    const children = { start: () => Promise.reject(new Error('started')) } as unknown as Session['children'];
    const session: Session = { children, temp: '/none', signal: new AbortController().signal, atEnd: () => {} };
    expect(await findOrStartRedis(session, `redis://127.0.0.1:${port}`)).toBe(`redis://127.0.0.1:${port}`);
  });
});
