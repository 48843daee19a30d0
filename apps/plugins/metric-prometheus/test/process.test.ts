// The process as services call it.
import path from 'node:path';
import { json, startProviderProcess, startServer } from '@sluice/metric-http/testing';
import { expect, test } from 'vitest';
import { succeed, vector } from './measuring.ts';

const main = path.resolve(import.meta.dirname, '../src/main.ts');

test('the process measures, keeps secrets to itself, refuses denied destinations, and ends well on SIGTERM', async () => {
  const server = await startServer(({ body, headers }, response) =>
    body.includes('bad')
      ? json(response, { status: 'error', errorType: 'bad_data', error: `who is ${headers.authorization}?` }, 400)
      : succeed(response, vector('NaN', '0.5'), { warnings: [`seen ${headers.authorization}`] }),
  );
  const flags = ['--address', server.url, '--log-level', 'debug'];
  const prometheus = await startProviderProcess('prometheus', main, flags);
  const headers = [{ key: 'Authorization', value: 'Bearer geheim-1' }];
  const secrets = ['geheim-1'];

  expect(await prometheus.measure({ query: 'good{a="geheim-1"}', headers }, secrets)).toMatchObject({
    result: [NaN, 0.5],
    value: '[NaN,0.5]',
    metadata: { warnings: '"seen Bearer *****"' },
  });
  expect(await prometheus.measure({ query: 'bad', headers }, secrets)).toMatchObject({
    result: undefined,
    message: 'bad_data: who is Bearer *****?',
  });
  const denied = await prometheus.measure({ query: 'q', address: 'http://169.254.169.254' });
  expect(denied.message).toContain('is a denied destination');
  expect(await prometheus.stop()).toBe(0);
  expect(prometheus.log()).not.toContain('geheim');
});
