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
const moved = (to: string, status = 302) =>
  startServer((_, response) => void response.writeHead(status, { location: to }).end());

test('a denied address is not asked, whoever names it: the author, a redirect, DNS', async () => {
  const inner = await startServer((_, response) => json(response, 'secret'));
  const http = client({
    deny: ['127.0.0.2'],
    resolve: (name) =>
      Promise.resolve(
        name === 'mixed.test'
          ? [
              { address: '127.0.0.1', family: 4 },
              { address: '::ffff:127.0.0.2', family: 6 },
            ]
          : [{ address: '127.0.0.2', family: 4 }],
      ),
  });
  const outer = await moved(`http://127.0.0.2:${inner.port}/`);
  const named = await moved(`http://named.test:${inner.port}/`);
  for (const url of [
    `http://127.0.0.2:${inner.port}/`,
    `http://named.test:${inner.port}/`,
    `http://mixed.test:${inner.port}/`,
    outer.url,
    named.url,
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:a9fe:a9fe]/',
  ])
    expect((await failureOf(http.ask(get(url)))).kind, url).toBe('denied');
  expect(inner.seen).toEqual([]);
});

test('the connection goes to the very address that was checked, however DNS answers the next time', async () => {
  const server = await startServer((_, response) => json(response, 1));
  const answers = ['127.0.0.1', '127.0.0.2'];
  let asked = 0;
  const http = client({
    deny: ['127.0.0.2'],
    resolve: () => Promise.resolve([{ address: answers[asked++] ?? '127.0.0.2', family: 4 }]),
  });
  expect((await http.ask(get(`http://changing.test:${server.port}/`))).status).toBe(200);
  expect(asked).toBe(1);
});

test('through a proxy the destination is checked as well', async () => {
  const proxy = await startServer((_, response) => json(response, 'through the proxy'));
  const http = client({
    env: { HTTP_PROXY: proxy.url },
    resolve: (name) => Promise.resolve([{ address: name === 'bad.test' ? '169.254.1.1' : '10.0.0.1', family: 4 }]),
  });
  expect((await http.ask(get('http://good.test/x'))).text).toContain('through the proxy');
  for (const url of ['http://169.254.169.254/', 'http://bad.test/', 'http://metadata.google.internal/'])
    expect((await failureOf(http.ask(get(url)))).kind, url).toBe('denied');
  expect(proxy.seen.map(({ headers }) => headers.host)).toEqual(['good.test']);
});

test('redirects are followed, ten at most, and become GET where they should', async () => {
  const server = await startServer(({ path }, response) => {
    const left = Number(path.slice(1));
    if (left === 0) json(response, 'there');
    else response.writeHead(303, { location: `/${left - 1}` }).end();
  });
  const posted = { method: 'POST', body: '{}', headers: [{ name: 'Content-Type', value: 'a/b' }] } as const;
  expect((await client().ask(get(`${server.url}/10`, posted))).text).toBe('"there"');
  expect(server.seen.at(-1)).toMatchObject({ method: 'GET', body: '' });
  expect(server.seen.at(-1)?.headers['content-type']).toBeUndefined();
  expect(await failureOf(client().ask(get(`${server.url}/11`)))).toMatchObject({
    kind: 'redirect',
    detail: 'stopped after 10 redirects',
  });
});

test('to another host go no credentials; to the same one they do', async () => {
  const other = await startServer((_, response) => json(response, 1));
  const first = await moved(`${other.url}/x`);
  const headers = ['Authorization', 'X-Api-Key', 'Cookie', 'Accept'].map((name) => ({ name, value: 'secret' }));
  await client().ask(get(first.url.replace('//', '//user:password@'), { headers: headers.slice(1) }));
  await client().ask(get(first.url, { headers }));
  for (const seen of other.seen) {
    expect(seen.headers).toMatchObject({ accept: 'secret', 'user-agent': 'test' });
    expect(Object.keys(seen.headers)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/authorization|api-key|cookie/)]),
    );
  }

  const same = await startServer(({ path }, response) =>
    path === '/a' ? void response.writeHead(307, { location: '/b' }).end() : json(response, 1),
  );
  await client().ask(get(`${same.url}/a`, { method: 'POST', body: 'kept', headers }));
  expect(same.seen[1]).toMatchObject({ method: 'POST', body: 'kept', headers: { 'x-api-key': 'secret' } });
});

test('to another host goes no body', async () => {
  const other = await startServer((_, response) => json(response, 1));
  const first = await moved(other.url, 308);
  const failure = await failureOf(client().ask(get(first.url, { method: 'PUT', body: 'secret' })));
  expect(failure).toMatchObject({ kind: 'redirect', detail: expect.stringContaining('redirected to another host') });
  expect(other.seen).toEqual([]);
});

test.each(['file:///etc/passwd', 'gopher://127.0.0.1/', 'http://[broken'])('no redirect leads to %s', async (to) => {
  expect((await failureOf(client().ask(get((await moved(to)).url)))).kind).toBe('redirect');
});
