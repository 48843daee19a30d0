import net from 'node:net';
import zlib from 'node:zlib';
import { generate } from 'selfsigned';
import { expect, onTestFinished, test } from 'vitest';
import { createMetricHttp } from '../src/index.ts';
import type { ExchangeError, HttpRequest, MetricHttpOptions } from '../src/index.ts';
import { json, startServer } from '../src/testing/index.ts';

const client = (options: Partial<MetricHttpOptions> = {}) => {
  const made = createMetricHttp({ userAgent: 'test', env: {}, ...options });
  onTestFinished(() => made.close());
  return made;
};
const get = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  url,
  timeoutMs: 30_000,
  ...more,
});
const failureOf = (asked: Promise<unknown>): Promise<ExchangeError> =>
  asked.then(
    () => expect.fail('it was answered'),
    (error: ExchangeError) => error,
  );

test('method, headers and body arrive; of two headers with one name the last; none that belongs to the connection', async () => {
  const server = await startServer((_, response) => json(response, { a: 1 }));
  const headers = [
    { name: 'X-One', value: 'a' },
    { name: 'x-one', value: 'b' },
    { name: 'Host', value: 'elsewhere' },
    { name: 'Transfer-Encoding', value: 'chunked' },
  ];
  const answer = await client().ask({
    ...get(`${server.url}/a%20b?c=d#e`),
    method: 'PUT',
    headers,
    body: 'text',
  });
  expect(answer).toMatchObject({ status: 200, text: '{"a":1}' });
  expect(server.seen).toMatchObject([
    {
      method: 'PUT',
      path: '/a%20b?c=d',
      body: 'text',
      headers: { 'x-one': 'b', host: `127.0.0.1:${server.port}`, 'user-agent': 'test', 'content-length': '4' },
    },
  ]);
});

test('connections are kept between measurements', async () => {
  const server = await startServer((_, response) => json(response, 1));
  const http = client();
  for (let round = 0; round < 20; round++) await http.ask(get(server.url));
  expect(server.connections()).toBeLessThan(5);
});

test('user and password of a URL are sent as such, and hidden in errors', async () => {
  const server = await startServer((_, response) => json(response, 1));
  await client().ask(get(`http://me:p%40ss@127.0.0.1:${server.port}/`));
  expect(server.seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
  const { message } = await failureOf(client().ask(get('http://me:pass@127.0.0.1:1/x')));
  expect(message).toBe('Get "http://me:***@127.0.0.1:1/x": dial tcp 127.0.0.1:1: connect: connection refused');
});

test('a server that does not answer costs no more than the time that is given', async () => {
  const server = await startServer(() => undefined);
  const failure = await failureOf(client().ask(get(`${server.url}/slow`, { timeoutMs: 50 })));
  expect(failure.kind).toBe('timeout');
  expect(failure.message).toBe(
    `Get "${server.url}/slow": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
  );
  expect((await failureOf(client().ask(get(server.url, { timeoutMs: 0 })))).kind).toBe('timeout');
});

test('nor does one that goes on and on', async () => {
  const server = await startServer((_, response) => {
    const timer = setInterval(() => response.write('x'), 5);
    response.on('close', () => clearInterval(timer));
  });
  const failure = await failureOf(client().ask(get(server.url, { timeoutMs: 200 })));
  expect(failure).toMatchObject({ kind: 'timeout', detail: expect.stringContaining('while reading body') });
});

test('the caller can give up', async () => {
  const server = await startServer(() => undefined);
  const controller = new AbortController();
  const asked = failureOf(client().ask(get(server.url, { signal: controller.signal })));
  await expect.poll(() => server.seen.length, { timeout: 60_000 }).toBe(1);
  controller.abort();
  expect((await asked).kind).toBe('aborted');
});

test('an answer that is too large is cut off, however well it is compressed', async () => {
  const huge = 'x'.repeat(100_000);
  const server = await startServer(({ path }, response) => {
    if (path === '/endless') {
      const more = () => response.write(huge) && setImmediate(more);
      response.on('drain', more).on('close', () => response.removeAllListeners('drain'));
      more();
    } else response.writeHead(200, { 'content-encoding': path.slice(1) }).end(packed[path]);
  });
  const packed: Record<string, Buffer> = {
    '/gzip': zlib.gzipSync(huge),
    '/deflate': zlib.deflateSync(huge),
    '/br': zlib.brotliCompressSync(huge),
  };
  const http = client({ maxAnswerBytes: 50_000 });
  for (const path of ['/endless', '/gzip', '/deflate', '/br'])
    expect((await failureOf(http.ask(get(server.url + path)))).kind, path).toBe('too-large');
  for (const path of Object.keys(packed)) expect((await client().ask(get(server.url + path))).text).toBe(huge);
  packed['/gzip'] = Buffer.from('not gzip');
  expect((await failureOf(http.ask(get(`${server.url}/gzip`)))).kind).toBe('invalid');
});

test('a connection that the server has closed while it was idle is no failure', async () => {
  const server = await startServer(({ path }, response) => {
    response.writeHead(200).end('1');
    if (path === '/then-close') response.on('finish', () => response.socket?.destroy());
  });
  const http = client();
  for (let round = 0; round < 10; round++) {
    await http.ask(get(`${server.url}/then-close`));
    expect((await http.ask(get(server.url))).status).toBe(200);
  }
});

test.each([
  ['ftp://x/', 'unsupported protocol scheme "ftp"'],
  ['file:///etc/passwd', 'unsupported protocol scheme "file"'],
  ['/only/a/path', 'no URL'],
  ['', 'no URL'],
])('only http and https are asked: %s', async (url, detail) => {
  expect(await failureOf(client().ask(get(url)))).toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining(detail),
  });
});

test('a header that cannot be sent is named, without its value', async () => {
  const headers = [{ name: 'Authorization', value: 'Bearer secret\n' }];
  const { kind, message } = await failureOf(client().ask(get('http://127.0.0.1:1/', { headers })));
  expect(kind).toBe('invalid');
  expect(message).toContain('invalid header field value for "Authorization"');
  expect(message).not.toContain('secret');
});

test('names are resolved by the system, and one that is unknown is said to be', async () => {
  const server = await startServer((_, response) => json(response, 1));
  expect((await client().ask(get(`http://localhost:${server.port}/`))).status).toBe(200);
  const unknown = (hostname: string) => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND', hostname }));
  expect(await failureOf(client({ resolve: unknown }).ask(get('http://nowhere.test/')))).toMatchObject({
    kind: 'unreachable',
    detail: 'dial tcp: lookup nowhere.test: no such host',
  });
});

test('a certificate is verified, unless it is not to be, or its authority is given', async () => {
  const names = { altNames: [{ type: 7 as const, ip: '127.0.0.1' }] };
  const made = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', ...names },
    ],
  });
  const server = await startServer((_, response) => json(response, 1), { key: made.private, cert: made.cert });
  expect(await failureOf(client().ask(get(server.url)))).toMatchObject({
    kind: 'tls',
    detail: expect.stringMatching(/^tls: failed to verify certificate: .*--ca-file.*`insecure: true`/),
  });
  const plain = await startServer((_, response) => json(response, 1));
  expect(await failureOf(client().ask(get(plain.url.replace('http:', 'https:'))))).toMatchObject({
    kind: 'tls',
    detail: expect.stringMatching(/write http:\/\//),
  });
  expect((await client().ask(get(server.url, { insecure: true }))).status).toBe(200);
  expect((await client({ ca: made.cert }).ask(get(server.url))).status).toBe(200);
});

test('what is not HTTP is no answer', async () => {
  const server = net.createServer((socket) => void socket.on('error', () => undefined).end('SSH-2.0-x\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as net.AddressInfo;
  expect((await failureOf(client().ask(get(`http://127.0.0.1:${port}/`)))).kind).toBe('unreachable');
});
