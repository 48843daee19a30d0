import { createMetricHttp } from '@sluice/metric-http';
import { json, startServer } from '@sluice/metric-http/testing';
import type { JsonObject, MetricValueAnswer } from '@sluice/plugin-sdk';
import { silentLogger } from '@sluice/plugin-sdk';
import { expect, onTestFinished, test } from 'vitest';
import { createWebProvider } from '../src/index.ts';
import { readWebSettings } from '../src/settings.ts';

const measure = async (raw: JsonObject): Promise<MetricValueAnswer> => {
  const http = createMetricHttp({ userAgent: 'test', env: {}, maxAnswerBytes: 100_000 });
  onTestFinished(() => http.close());
  const query = {
    id: 'u/m/1',
    run: { namespace: 'n', name: 'r', uid: 'u' },
    metricName: 'm',
    ordinal: 1,
    config: readWebSettings(raw),
    metric: {},
    secretValues: [],
  };
  const call = { signal: new AbortController().signal, logger: silentLogger };
  return (await createWebProvider(http).start(query, call as never)) as MetricValueAnswer;
};
const answering = (body: unknown, status = 200) => startServer((_, response) => json(response, body, status));
const answeringText = (text: string) => startServer((_, response) => void response.end(text));

// As the recordings of the reference have them (analysis-run-web), and more of the kind.
test.each<[string, unknown, string, unknown, string]>([
  ['an object', { data: { ok: true, n: 3 } }, '{$.data}', { ok: true, n: 3 }, '{"n":3,"ok":true}'],
  ['the whole body', { ok: true }, '', { ok: true }, '{"ok":true}'],
  ['the first of several', { items: [{ v: 1 }, { v: 2 }] }, '{$.items[*].v}', 1, '1'],
  ['a list', { items: [1, 2] }, '{$.items}', [1, 2], '[1,2]'],
  ['a text', { state: 'good' }, '{$.state}', 'good', '"good"'],
  ['a number as a text', { n: '4.5' }, '{$.n}', '4.5', '"4.5"'],
  ['null', { n: null }, '{$.n}', null, 'null'],
  ['a body that is null', null, '{$}', null, 'null'],
  ['true', true, '{$}', true, 'true'],
  ['keys in order', { b: 1, a: { 10: 1, 9: 2 } }, '{$}', { a: { 10: 1, 9: 2 }, b: 1 }, '{"a":{"10":1,"9":2},"b":1}'],
  ['large and small numbers', [1e21, 1e-7, 100, 0.1], '{$}', [1e21, 1e-7, 100, 0.1], '[1e+21,1e-7,100,0.1]'],
  ['signs of HTML', { a: '<&>\u2028' }, '{$.a}', '<&>\u2028', '"\\u003c\\u0026\\u003e\\u2028"'],
])('%s', async (_, body, jsonPath, result, value) => {
  const { url } = await answering(body);
  expect(await measure({ url, jsonPath })).toEqual({ result, value });
});

test('what is no JSON is a text, and its path does not matter', async () => {
  const { url } = await answeringText('up 1\n');
  expect(await measure({ url, jsonPath: '{$.a.b}' })).toEqual({ result: 'up 1\n', value: 'up 1\n' });
});

test('a key named __proto__ is only a key', async () => {
  const { url } = await answeringText('{"__proto__": {"a": 1}}');
  expect(await measure({ url })).toMatchObject({ value: '{"__proto__":{"a":1}}' });
  expect(await measure({ url, jsonPath: '{.__proto__.a}' })).toMatchObject({ result: 1 });
});

test.each<[string, unknown, number, string, string]>([
  ['404', {}, 404, '{$}', 'received non 2xx response code: 404'],
  ['500', {}, 500, '{$}', 'received non 2xx response code: 500'],
  ['304', {}, 304, '{$}', 'received non 2xx response code: 304'],
  [
    'a path that leads nowhere',
    { value: 1 },
    200,
    '{$.nothing.here}',
    'Could not find JSONPath in body: nothing is not found',
  ],
  ['a path that selects nothing', { list: [] }, 200, '{$.list[*]}', 'result of web metric produced no value'],
])('it is an error: %s', async (_, body, status, jsonPath, message) => {
  const { url } = await answering(body, status);
  await expect(measure({ url, jsonPath })).rejects.toThrow(message);
});

test('POST and PUT send a body: JSON with its type, or a text as it is', async () => {
  const server = await answering(1);
  await measure({ url: server.url, method: 'POST', jsonBody: { a: [1, '{{x}}'] } });
  await measure({ url: server.url, method: 'PUT', body: 'text', headers: [{ key: 'Content-Type', value: 'text/x' }] });
  expect(server.seen).toMatchObject([
    { method: 'POST', body: '{"a":[1,"{{x}}"]}', headers: { 'content-type': 'application/json' } },
    { method: 'PUT', body: 'text', headers: { 'content-type': 'text/x' } },
  ]);
});

test('time that is over, as people know the words', async () => {
  const server = await startServer(() => undefined);
  await expect(measure({ url: `${server.url}/slow`, timeoutSeconds: 0.05 })).rejects.toMatchObject({
    code: 'Unavailable',
    message: `Get "${server.url}/slow": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
  });
});

test('an answer that is too large, or nested too deeply, is an error', async () => {
  const large = await answeringText('x'.repeat(200_000));
  await expect(measure({ url: large.url })).rejects.toThrow('larger than 100000 bytes');
  const deep = await answeringText('['.repeat(40_000) + ']'.repeat(40_000));
  await expect(measure({ url: deep.url })).rejects.toThrow('nested');
});

test.each<[JsonObject, string]>([
  [{}, 'url is missing'],
  [{ url: 'x' }, 'url is no address'],
  [{ url: 'ftp://x/' }, 'url is no address'],
  [{ url: 'http://x', method: 'DELETE' }, 'write GET, POST, PUT'],
  [{ url: 'http://x', body: 'x' }, 'Body/JSONBody can only be used with POST or PUT WebMetric Method types'],
  [{ url: 'http://x', jsonBody: {} }, 'Body/JSONBody can only be used with POST or PUT WebMetric Method types'],
  [{ url: 'http://x', method: 'PUT', body: 'x', jsonBody: 1 }, 'use either Body or JSONBody'],
  [{ url: 'http://x', headers: [{ value: 'x' }] }, 'a header needs a name'],
  [{ url: 'http://x', jsonPath: '{.a' }, 'character 4 of the JSONPath'],
  [
    { url: 'http://x', authentication: { oauth2: { tokenUrl: 'http://t' } } },
    'missing mandatory parameter in metric for OAuth2 setup',
  ],
])('the manifest is wrong: %j', (raw, message) => expect(() => readWebSettings(raw)).toThrow(message));

test('without a time of its own a measurement has ten seconds', () => {
  for (const timeoutSeconds of [undefined, 0, -1])
    expect(
      readWebSettings({ url: 'http://x', ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) }).timeoutMs,
    ).toBe(10_000);
});
