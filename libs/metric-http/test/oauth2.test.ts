import { expect, onTestFinished, test } from 'vitest';
import { createMetricHttp } from '../src/index.ts';
import type { MetricRequest } from '../src/index.ts';
import { createTokens } from '../src/oauth2.ts';
import { json, startServer } from '../src/testing/index.ts';

const client = () => {
  const made = createMetricHttp({ userAgent: 'test', env: {} });
  onTestFinished(() => made.close());
  return made;
};
const credentials = (tokenUrl: string, clientSecret = 'geheim & so') => ({
  tokenUrl,
  clientId: 'me',
  clientSecret,
  scopes: ['read', 'write'],
});
const asked = (url: string, tokenUrl: string): MetricRequest => ({
  method: 'GET',
  url,
  timeoutMs: 30_000,
  oauth2: credentials(tokenUrl),
});

test('a token is asked for once, by the client credentials grant, and sent with each request', async () => {
  const tokens = await startServer((_, response) => json(response, { access_token: 'token-1', expires_in: 3600 }));
  const metrics = await startServer(({ headers }, response) => json(response, headers.authorization));
  const http = client();
  const answers = await Promise.all(Array.from({ length: 10 }, () => http.ask(asked(metrics.url, tokens.url))));
  expect(new Set(metrics.seen.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer token-1']));
  expect(tokens.seen).toHaveLength(1);
  expect(tokens.seen[0]).toMatchObject({
    method: 'POST',
    body: 'grant_type=client_credentials&scope=read+write',
    headers: { authorization: `Basic ${Buffer.from('me:geheim+%26+so').toString('base64')}` },
  });
  // What the server said of it is hidden.
  expect(answers[0]?.text).toBe('"Bearer *****"');
});

test('a server that wants the secret in the body gets it there, and is remembered', async () => {
  const tokens = await startServer(({ body }, response) =>
    body.includes('client_secret=geheim+%26+so') && body.includes('client_id=me')
      ? json(response, { access_token: body.length.toString(), expires_in: '1' })
      : json(response, { error: 'invalid_client' }, 401),
  );
  const metrics = await startServer((_, response) => json(response, 1));
  const http = client();
  await http.ask(asked(metrics.url, tokens.url));
  await http.ask(asked(metrics.url, tokens.url));
  // Two for the first (one refused), and another for the second, since the token ends within the margin.
  expect(tokens.seen).toHaveLength(3);
});

test('a token that is not taken any more is asked for again, once', async () => {
  let given = 0;
  const tokens = await startServer((_, response) => json(response, { access_token: `token-${++given}` }));
  const metrics = await startServer(({ headers }, response) =>
    json(response, 1, headers.authorization === 'Bearer token-2' ? 200 : 401),
  );
  const http = client();
  expect((await http.ask(asked(metrics.url, tokens.url))).status).toBe(200);
  expect((await http.ask(asked(metrics.url, tokens.url))).status).toBe(200);
  expect(given).toBe(2);
});

test('a token is used until shortly before its end', async () => {
  let nowMs = 0;
  let given = 0;
  const tokens = createTokens(
    () =>
      Promise.resolve({
        status: 200,
        url: new URL('http://x'),
        text: JSON.stringify({ access_token: `token-${++given}`, expires_in: 60 }),
      }),
    () => nowMs,
  );
  const next = () => tokens.of(credentials('http://x'), { timeoutMs: 60_000, insecure: false });
  expect(await next()).toBe('token-1');
  nowMs = 49_000;
  expect(await next()).toBe('token-1');
  nowMs = 50_000;
  expect(await next()).toBe('token-2');
});

test.each([
  [401, { error: 'invalid_client', error_description: 'who?' }, 'oauth2: cannot fetch token: "invalid_client" "who?"'],
  [500, 'geheim & so', 'oauth2: cannot fetch token: the server answered 500'],
  [200, { token: 'x' }, 'oauth2: server response missing access_token'],
])('a server that gives no token (%s): the metric is not asked', async (status, answer, why) => {
  const tokens = await startServer((_, response) => json(response, answer, status));
  const metrics = await startServer((_, response) => json(response, 1));
  await expect(client().ask(asked(`${metrics.url}/m`, tokens.url))).rejects.toMatchObject({
    kind: 'token',
    message: `Get "${metrics.url}/m": Post "${tokens.url}/": ${why}`,
  });
  expect(metrics.seen).toEqual([]);
});

test('the token goes to no other host', async () => {
  const tokens = await startServer((_, response) => json(response, { access_token: 'token-1' }));
  const other = await startServer((_, response) => json(response, 1));
  const metrics = await startServer((_, response) => void response.writeHead(302, { location: other.url }).end());
  await client().ask(asked(metrics.url, tokens.url));
  expect(other.seen[0]?.headers.authorization).toBeUndefined();
});

test('the credentials go to no denied destination', async () => {
  await expect(client().ask(asked('http://127.0.0.1:1/', 'http://169.254.169.254/token'))).rejects.toThrow(
    'denied destination',
  );
});

test('one who waits for a token waits no longer than its own time', async () => {
  const tokens = await startServer(() => undefined);
  const http = client();
  const slow = http.ask(asked('http://127.0.0.1:1/', tokens.url)).catch(() => 'closed');
  await expect.poll(() => tokens.seen.length, { timeout: 60_000 }).toBe(1);
  await expect(http.ask({ ...asked('http://127.0.0.1:1/', tokens.url), timeoutMs: 50 })).rejects.toMatchObject({
    kind: 'timeout',
  });
  await http.close();
  expect(await slow).toBe('closed');
});
