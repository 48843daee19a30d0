import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { checkRedis } from './redis.ts';

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
