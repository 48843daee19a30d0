import { json, startServer } from '@sluice/metric-http/testing';
import type { JsonObject } from '@sluice/plugin-sdk';
import { describe, expect, test } from 'vitest';
import { measuring, succeed, vector } from './measuring.ts';

const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const serving = (...values: readonly string[]) => startServer((_, response) => succeed(response, vector(...values)));

test('a query is asked for as a form, of this moment', async () => {
  const server = await serving('0.97');
  const answer = await measuring({ now: () => nowMs })({ address: `${server.url}/prom/`, query: 'up{a="b"} > 1' });
  expect(answer).toEqual({
    result: [0.97],
    value: '[0.97]',
    metricMetadata: { ResolvedPrometheusQuery: 'up{a="b"} > 1' },
  });
  const [{ method, path, body, headers } = expect.fail()] = server.seen;
  expect({ method, path }).toEqual({ method: 'POST', path: '/prom/api/v1/query' });
  expect(headers['content-type']).toBe('application/x-www-form-urlencoded');
  expect(Object.fromEntries(new URLSearchParams(body))).toEqual({ query: 'up{a="b"} > 1', time: '1767323045.678' });
});

test('a range is asked for from its first to its last moment', async () => {
  const server = await serving('1');
  const rangeQuery = { start: 'now() - duration("1h")', end: 'now()', step: '1m' };
  await measuring({ now: () => nowMs })({ address: server.url, query: 'q', rangeQuery });
  expect(server.seen[0]?.path).toBe('/api/v1/query_range');
  expect(Object.fromEntries(new URLSearchParams(server.seen[0]?.body))).toEqual({
    query: 'q',
    start: '1767319445.678',
    end: '1767323045.678',
    step: '60',
  });
});

test('a server that takes no POST is asked by GET, and remembered', async () => {
  const server = await startServer(({ method }, response) =>
    method === 'POST' ? void response.writeHead(405).end() : succeed(response, vector('1')),
  );
  const measure = measuring({ now: () => nowMs });
  for (let round = 0; round < 2; round++)
    expect(await measure({ address: `${server.url}?tenant=a`, query: 'a + b' })).toMatchObject({ result: [1] });
  expect(server.seen.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET']);
  expect(server.seen[1]?.path).toBe('/api/v1/query?tenant=a&query=a+%2B+b&time=1767323045.678');
});

test('warnings are kept with the measurement', async () => {
  const server = await startServer((_, response) => succeed(response, vector('1'), { warnings: ['one', 'tw"o'] }));
  expect(await measuring()({ address: server.url, query: 'q' })).toMatchObject({
    metadata: { warnings: '"one", "tw\\"o"' },
  });
});

test('headers, basic authentication and tokens are sent', async () => {
  const server = await startServer(({ path }, response) =>
    path === '/token' ? json(response, { access_token: 'given' }) : succeed(response, vector('1')),
  );
  const measure = measuring();
  const base = { address: server.url, query: 'q' };
  await measure({ ...base, headers: [{ key: 'X-Scope-OrgID', value: 'team' }] });
  await measure({ ...base, authentication: { basicAuth: { username: 'me', password: 'geheim' } } });
  const oauth2 = { tokenUrl: `${server.url}/token`, clientId: 'me', clientSecret: 'geheim', scopes: ['a'] };
  await measure({ ...base, authentication: { oauth2 } });
  const asked = server.seen.filter(({ path }) => path !== '/token').map(({ headers }) => headers);
  expect(asked[0]?.['x-scope-orgid']).toBe('team');
  expect(asked[1]?.authorization).toBe(`Basic ${Buffer.from('me:geheim').toString('base64')}`);
  expect(asked[2]?.authorization).toBe('Bearer given');
});

test.each<[number, unknown, string]>([
  [400, { status: 'error', errorType: 'bad_data', error: 'parse error' }, 'bad_data: parse error'],
  [422, { status: 'error', errorType: 'execution', error: 'too many' }, 'execution: too many'],
  [400, { status: 'success' }, 'bad_response: inconsistent body for response code'],
  [200, { status: 'error', errorType: 'x', error: 'y' }, 'bad_response: inconsistent body for response code'],
  [503, 'x', 'server_error: server error: 503'],
  [404, 'x', 'client_error: client error: 404'],
  [401, 'x', 'client_error: client error: 401'],
  [200, 'x', 'bad_response: the answer is not a JSON object'],
  [304, '', 'bad_response: bad response code 304'],
])('an error is what the server says: %s', async (status, body, message) => {
  const server = await startServer((_, response) => json(response, body, status));
  await expect(measuring()({ address: server.url, query: 'q' })).rejects.toThrow(new RegExp(`^${message}$`));
});

test('time that is over, as people know the words', async () => {
  const server = await startServer(() => undefined);
  const message = `Post "${server.url}/api/v1/query": context deadline exceeded`;
  await expect(measuring()({ address: server.url, query: 'q', timeout: 0 })).rejects.toThrow(message);
  await expect(measuring()({ address: server.url, query: 'q', timeout: 0.05 })).rejects.toThrow(message);
});

describe('several addresses', () => {
  test('one that refuses, fails or hangs leaves the question to the next, which is asked first from then on', async () => {
    const failing = await startServer((_, response) => void response.writeHead(502).end());
    const hanging = await startServer(() => undefined);
    const good = await serving('1');
    const measure = measuring();
    const address = ['http://127.0.0.1:1', failing.url, hanging.url, good.url].join(', ');
    expect(await measure({ address, query: 'q', timeout: 4 })).toMatchObject({ result: [1] });
    expect(await measure({ address, query: 'q' })).toMatchObject({ result: [1] });
    expect([failing, hanging, good].map(({ seen }) => seen.length)).toEqual([1, 1, 2]);
  });

  test('an error of the query is asked of nobody else', async () => {
    const one = await startServer((_, response) =>
      json(response, { status: 'error', errorType: 'bad_data', error: 'no' }, 400),
    );
    const other = await serving('1');
    await expect(measuring()({ address: `${one.url},${other.url}`, query: 'q' })).rejects.toThrow('bad_data: no');
    expect(other.seen).toEqual([]);
  });

  test('where none answers, it is said of each why', async () => {
    const failing = await startServer((_, response) => void response.writeHead(502).end());
    await expect(measuring()({ address: `${failing.url},http://127.0.0.1:1`, query: 'q' })).rejects.toThrow(
      'no address answered: server_error: server error: 502; Post "http://127.0.0.1:1/api/v1/query": dial tcp 127.0.0.1:1: connect: connection refused',
    );
  });
});

test('without an address the plugin has one', async () => {
  const server = await serving('1');
  expect(await measuring({ addresses: [server.url] })({ query: 'q' })).toMatchObject({ result: [1] });
});

test.each<[JsonObject, string]>([
  [{ query: 'q' }, 'prometheus address is not configured'],
  [{ address: 'prometheus:9090' }, 'prometheus address is not is url format'],
  [{ address: 'http://a,b' }, 'prometheus address is not is url format'],
  [{ address: 'http://a', timeout: -1 }, 'prometheus timeout should not be negative'],
  [
    { address: 'http://a', authentication: { basicAuth: { username: 'x' } } },
    'missing mandatory parameter in metric for basic auth setup',
  ],
  [
    { address: 'http://a', authentication: { oauth2: { tokenUrl: 'http://t' } } },
    'missing mandatory parameter in metric for OAuth2 setup',
  ],
  [
    { address: 'https://aps-workspaces.eu-west-1.amazonaws.com/x', authentication: { sigv4: { region: 'eu-west-1' } } },
    'signing proxy',
  ],
  [
    { address: 'http://a', rangeQuery: { start: 'yesterday', end: 'now()', step: '1m' } },
    'failed to parse rangeQuery.start as time: ',
  ],
  [
    { address: 'http://a', rangeQuery: { start: 'now()', end: '1', step: '1m' } },
    'failed to parse rangeQuery.end as time: expected time.Time, but got int',
  ],
  [{ address: 'http://a', rangeQuery: { start: 'now()', end: 'now()', step: 'x' } }, 'failed to parse rangeQuery.step'],
])('the manifest is wrong: %j', async (raw, message) => {
  await expect(measuring()(raw)).rejects.toThrow(message);
});
