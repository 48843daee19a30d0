import { afterEach, beforeEach, expect, it } from 'vitest';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { runLoad } from './load.ts';

let server: http.Server;
let url: string;
const seen: string[] = [];

beforeEach(async () => {
  seen.length = 0;
  server = http.createServer((request, response) => {
    seen.push(`${request.method} ${request.headers.host}${request.url}`);
    response.writeHead(request.url === '/bad' ? 503 : 200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const target = (path: string, method = 'GET') => ({ method, path, headers: { host: 'shop' } });

it('Load sends what was asked for, to each target in turn, and then ends', async () => {
  const targets = [target('/'), target('/bad', 'POST')];
  const { sent, byStatus, skipped } = await runLoad({ url, targets, ratePerSecond: 400, durationMs: 250 });
  expect({ sent, byStatus, skipped }).toEqual({ sent: 100, byStatus: { 200: 50, 503: 50 }, skipped: 0 });
  expect(new Set(seen)).toEqual(new Set(['GET shop/', 'POST shop/bad']));
});

it('Load asks for its targets again after each round', async () => {
  let rounds = 0;
  const targets = () => Array.from({ length: ++rounds }, () => target(`/${rounds}`));
  await runLoad({ url, targets, ratePerSecond: 100, durationMs: 60 });
  expect(seen.toSorted()).toEqual(['GET shop/1', 'GET shop/2', 'GET shop/2', 'GET shop/3', 'GET shop/3', 'GET shop/3']);
});

it('Load ends when it is told to', async () => {
  const stop = new AbortController();
  const load = { url, targets: [target('/')], ratePerSecond: 100, durationMs: 3_600_000, signal: stop.signal };
  const result = await runLoad({ ...load, onAnswer: () => stop.abort() });
  expect(result.sent).toBeGreaterThan(0);
});

it('Load counts requests that nobody answers', async () => {
  const dead = http.createServer();
  await new Promise<void>((resolve) => dead.listen(0, '127.0.0.1', resolve));
  const { port } = dead.address() as AddressInfo;
  await new Promise((resolve) => dead.close(resolve));
  const load = { url: `http://127.0.0.1:${port}`, targets: [target('/')], ratePerSecond: 100, durationMs: 50 };
  expect(await runLoad(load)).toMatchObject({ sent: 5, byStatus: { 0: 5 } });
});

it.each([
  [
    { url: 'http://example.com' },
    'http://example.com: load is only sent to http addresses on loopback, such as http://127.0.0.1:8080',
  ],
  [
    { url: 'http://10.0.0.1:80' },
    'http://10.0.0.1:80: load is only sent to http addresses on loopback, such as http://127.0.0.1:8080',
  ],
  [{ ratePerSecond: 100_000 }, 'a rate of 100000 requests a second: use 1 to 2000'],
  [{ ratePerSecond: NaN }, 'a rate of NaN requests a second: use 1 to 2000'],
  [{ durationMs: Infinity }, 'a duration of Infinity ms: use 1 to 3600000'],
])('Load is refused with %j', async (change, message) => {
  const load = { url, targets: [target('/')], ratePerSecond: 10, durationMs: 10 };
  await expect(runLoad({ ...load, ...change })).rejects.toThrow(new RangeError(message));
});
