import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Client, Metadata, Server, credentials, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authority, certificate, pemDirectory } from '../../src/testing/certificates.ts';
import type { KeyPair } from '../../src/testing/certificates.ts';
import {
  channelCredentials,
  channelTlsOptions,
  onlyCallers,
  serverCredentials,
  whyUnreachable,
} from '../../src/tls/index.ts';
import type { AllowedCallers, ClientTls, ServerTls } from '../../src/tls/index.ts';

const files = pemDirectory();
const refreshMs = 50;
const ends: (() => void)[] = [];
let ours: KeyPair;
let others: KeyPair;
let ca: string;
let othersCa: string;
let client: { certFile: string; keyFile: string };

beforeAll(async () => {
  [ours, others] = await Promise.all([authority('ours'), authority('others')]);
  ca = files.write('ca', ours).certFile;
  othersCa = files.write('others', others).certFile;
  client = files.write('client', await certificate('worker', ours));
});
afterAll(() => {
  ends.forEach((end) => end());
  files.remove();
});

const text = { serialize: (value: string) => Buffer.from(value), deserialize: (bytes: Buffer) => bytes.toString() };
const echo = {
  path: '/test.Echo/Say',
  requestStream: false,
  responseStream: false,
  requestSerialize: text.serialize,
  requestDeserialize: text.deserialize,
  responseSerialize: text.serialize,
  responseDeserialize: text.deserialize,
} as const;

async function serve(tls: ServerTls | undefined, callers: AllowedCallers = () => undefined): Promise<string> {
  const server = new Server({ interceptors: [onlyCallers(callers)] });
  server.addService(
    { say: echo },
    { say: (call: { request: string }, done: (e: null, a: string) => void) => done(null, call.request) },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', serverCredentials(tls), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  ends.push(() => server.forceShutdown());
  return `localhost:${port}`;
}

/** What a call gets: the answer, or the error. */
function say(address: string, tls: ClientTls | undefined): Promise<string | ServiceError> {
  const channel = new Client(
    address,
    tls ? channelCredentials(tls) : credentials.createInsecure(),
    channelTlsOptions(tls),
  );
  return new Promise((resolve) => {
    channel.makeUnaryRequest(
      echo.path,
      text.serialize,
      text.deserialize,
      'hello',
      new Metadata(),
      { deadline: Date.now() + 30_000 },
      (error, answer) => {
        channel.close();
        resolve(error ?? answer ?? '');
      },
    );
  });
}

const serverOf = (pair: { certFile: string; keyFile: string }): ServerTls => ({ ...pair, clientCaFile: ca, refreshMs });
const trusting = (more: Partial<ClientTls> = {}): ClientTls => ({ caFile: ca, refreshMs, ...more });

describe('a call with certificates', { timeout: 240_000 }, () => {
  test('goes through where both sides show one of the right authority, and then there is no reason why not', async () => {
    const address = await serve(serverOf(files.write('good', await certificate('localhost', ours))));
    expect(await say(address, trusting(client))).toBe('hello');
    expect(await whyUnreachable('the runner', address, trusting(client))).toBeUndefined();
  });

  test('is served by a name that its address does not show', async () => {
    const address = await serve(serverOf(files.write('named', await certificate('runner.system.svc', ours))));
    expect(await say(address, trusting({ ...client, serverName: 'runner.system.svc' }))).toBe('hello');
  });

  test('counts renewed files from then on, and goes on with the old ones while the new ones do not fit together', async () => {
    const first = await certificate('localhost', ours);
    const pair = files.write('renewed', first);
    const told: string[] = [];
    const logger = { warn: (_fields: object, message: string) => void told.push(message) };
    const address = await serve({ ...serverOf(pair), logger });
    const next = await certificate('localhost', others);
    files.write('renewed', { key: next.key, cert: first.cert });
    await expect.poll(() => told.join(), { timeout: 60_000 }).toContain('those from before go on counting');
    expect(told.join()).toContain(`the key in ${pair.keyFile} is not that of the certificate in ${pair.certFile}`);
    expect(await say(address, trusting(client))).toBe('hello');
    files.write('renewed', next);
    await expect.poll(() => say(address, trusting({ ...client, caFile: othersCa })), { timeout: 60_000 }).toBe('hello');
  });
});

describe('a call that is not served says what, where and how to mend it', { timeout: 240_000 }, () => {
  async function refusal(tls: ClientTls | undefined, server: ServerTls | undefined): Promise<string | undefined> {
    const address = await serve(server);
    expect(await say(address, tls)).toMatchObject({ code: status.UNAVAILABLE });
    return await whyUnreachable('the runner', address, tls);
  }
  const good = async (): Promise<ServerTls> => serverOf(files.write('server', await certificate('localhost', ours)));

  test('without a certificate', async () => {
    expect(await refusal(trusting(), await good())).toBe(
      'the runner serves only callers that show a certificate: give this side one with --tls-cert and --tls-key',
    );
  });

  test('with a certificate of another authority', async () => {
    const own = files.write('foreign', await certificate('worker', others));
    expect(await refusal(trusting(own), await good())).toBe(
      `the runner refuses the certificate of this side: ${own.certFile} was signed by "CN=others", which must be in the --tls-client-ca of the runner, and must be meant for clients`,
    );
  });

  test('with a certificate that is meant for servers', async () => {
    const own = files.write('server-only', await certificate('worker', ours, { serverOnly: true }));
    expect(await refusal(trusting(own), await good())).toContain('must be meant for clients');
  });

  test('with a certificate that has run out', async () => {
    const own = files.write('old', await certificate('worker', ours, { until: new Date('2020-01-02') }));
    expect(await refusal(trusting(own), await good())).toBe(
      `the runner refuses the certificate of this side: ${own.certFile} ended at Jan  2 00:00:00 2020 GMT, renew it`,
    );
  });

  test('to a server whose authority is unknown', async () => {
    const server = serverOf(files.write('unknown', await certificate('localhost', others)));
    expect(await refusal(trusting(client), server)).toMatch(
      /^the certificate of the runner was signed by "CN=others", which is not in .*ca\.crt \(.*\): add that authority to --tls-ca, or give the runner a certificate of one that is there$/,
    );
  });

  test('to a server with another name', async () => {
    const server = serverOf(files.write('misnamed', await certificate('runner.system.svc', ours)));
    expect(await refusal(trusting(client), server)).toBe(
      'the certificate of the runner is for runner.system.svc, not for "localhost": call it by one of its names, or add this one to its certificate',
    );
  });

  test('to a server whose certificate has run out', async () => {
    const until = new Date('2020-01-02');
    const server = serverOf(files.write('ended', await certificate('localhost', ours, { until })));
    expect(await refusal(trusting(client), server)).toBe(
      'the certificate of the runner ended at Jan  2 00:00:00 2020 GMT: renew it there',
    );
  });

  test('with TLS to a server without, and the other way round', async () => {
    expect(await refusal(trusting(client), undefined)).toContain('is served without TLS, and is not called so');
    expect(await refusal(undefined, await good())).toContain('is served with TLS only: name the authority');
  });

  test('with files that are not there', async () => {
    const tls = trusting({ caFile: '/nowhere/ca.crt' });
    expect(await refusal(tls, await good())).toBe(
      'the runner is not called, for lack of certificates: /nowhere/ca.crt cannot be read (ENOENT)',
    );
  });

  test('and nothing is said about certificates where nobody listens', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => free.once('listening', resolve));
    const address = `127.0.0.1:${(free.address() as AddressInfo).port}`;
    await new Promise((resolve) => free.close(resolve));
    expect(await whyUnreachable('the runner', address, trusting(client))).toBeUndefined();
    expect(await whyUnreachable('the runner', address, undefined)).toBeUndefined();
  });
});

describe('who is served', { timeout: 240_000 }, () => {
  test('can be some of those whom the authority knows, by the names of their certificates', async () => {
    const server = serverOf(files.write('choosy', await certificate('localhost', ours)));
    const address = await serve(server, (path) => (path === echo.path ? ['controller', 'worker'] : []));
    expect(await say(address, trusting(client))).toBe('hello');
    const plugin = files.write('plugin', await certificate('plugin', ours));
    expect(await say(address, trusting(plugin))).toMatchObject({
      code: status.PERMISSION_DENIED,
      details: expect.stringContaining('callers whose certificate is for plugin are not served here') as string,
    });
  });

  test('is nobody without a certificate, where names are asked for', async () => {
    expect(await say(await serve(undefined, () => ['worker']), undefined)).toMatchObject({
      code: status.PERMISSION_DENIED,
    });
  });
});
