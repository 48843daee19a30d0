// The process as services call it.
import path from 'node:path';
import { json, startProviderProcess, startServer } from '@sluice/metric-http/testing';
import { expect, test } from 'vitest';

const main = path.resolve(import.meta.dirname, '../src/main.ts');

test('the process measures, keeps secrets to itself, refuses denied destinations, and ends well on SIGTERM', async () => {
  const secret = 'geheim?/x y';
  const server = await startServer(({ headers, path: asked }, response) =>
    asked.startsWith('/echo') ? json(response, { said: headers.authorization, path: asked }) : json(response, {}, 500),
  );
  const web = await startProviderProcess('web', main, ['--deny', '127.0.0.3', '--log-level', 'debug']);
  const headers = [{ key: 'Authorization', value: `Bearer ${secret}` }];

  const echoed = await web.measure({ url: `${server.url}/echo`, headers, jsonPath: '{$.said}' }, [secret]);
  // The condition judges what was said; what people see is masked.
  expect(echoed).toMatchObject({ result: `Bearer ${secret}`, value: '"Bearer *****"' });

  const url = `http://127.0.0.1:1/?token=${encodeURIComponent(secret)}`;
  const refused = await web.measure({ url, headers }, [secret]);
  expect(refused).toMatchObject({
    result: undefined,
    message: 'Get "http://127.0.0.1:1/?token=*****": dial tcp 127.0.0.1:1: connect: connection refused',
  });
  const failed = await web.measure({ url: `${server.url}/fails`, headers }, [secret]);
  expect(failed.message).toBe('received non 2xx response code: 500');
  for (const denied of ['127.0.0.3', '[::ffff:127.0.0.3]', '0x7f.3', '169.254.169.254'])
    expect((await web.measure({ url: `http://${denied}:${server.port}/echo`, headers }, [secret])).message).toContain(
      'is a denied destination',
    );
  expect((await web.measure({ url: server.url, body: 'x' })).message).toContain('POST or PUT');
  expect(await web.stop()).toBe(0);
  expect(web.log()).not.toContain('geheim');
});

test('flags that cannot be used end the process with a sentence', async () => {
  await expect(startProviderProcess('web', main, ['--deny', '10.0.0.0/99'])).rejects.toThrow(
    '"10.0.0.0/99" is no network: write a prefix length from 0 to 32. Look at --deny and --allow.',
  );
  await expect(startProviderProcess('web', main, ['--ca-file', '/nowhere.pem'])).rejects.toThrow('Look at --ca-file.');
});
