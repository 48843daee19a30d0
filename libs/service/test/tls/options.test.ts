import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authority, certificate, pemDirectory } from '../../src/testing/certificates.ts';
import { clientTlsOf, serverTlsOf, warnOfPlaintext } from '../../src/tls/index.ts';
import type { TlsSettings } from '../../src/tls/index.ts';

const files = pemDirectory();
let tlsCa: string;
let own: { tlsCert: string; tlsKey: string };

beforeAll(async () => {
  const ours = await authority('ours');
  tlsCa = files.write('ca', ours).certFile;
  const { certFile, keyFile } = files.write('own', await certificate('runner', ours));
  own = { tlsCert: certFile, tlsKey: keyFile };
});
afterAll(() => files.remove());

const known = { callers: 'known' } as const;
const anyone = { callers: 'anyone' } as const;

describe('the --tls flags', () => {
  test('say nothing: no TLS', () => {
    expect(clientTlsOf({})).toBeUndefined();
    expect(serverTlsOf({}, known)).toBeUndefined();
  });

  test('name one authority for both directions', () => {
    const settings = { ...own, tlsCa };
    expect(clientTlsOf(settings)).toEqual({ caFile: tlsCa, certFile: own.tlsCert, keyFile: own.tlsKey });
    expect(serverTlsOf(settings, known)).toEqual({ clientCaFile: tlsCa, certFile: own.tlsCert, keyFile: own.tlsKey });
  });

  test('let a plugin serve anyone, as it has no secrets of its own', () => {
    expect(serverTlsOf(own, anyone)).toEqual({ certFile: own.tlsCert, keyFile: own.tlsKey });
  });

  const broken: readonly [string, () => unknown, string][] = [
    [
      'a certificate without its key',
      () => clientTlsOf({ tlsCert: own.tlsCert }),
      '--tls-cert and --tls-key go together',
    ],
    ['a certificate for calls, and no authority', () => clientTlsOf(own), '--tls-cert without --tls-ca'],
    ['a service that would serve anyone', () => serverTlsOf(own, known), 'say whose callers are served'],
    [
      'a service that calls with TLS and serves without',
      () => serverTlsOf({ tlsCa }, known),
      'no certificate to serve with',
    ],
    [
      'an authority for callers alone',
      () => serverTlsOf({ tlsClientCa: tlsCa }, anyone),
      'take a certificate of this side',
    ],
    [
      'names that nobody vouches for',
      () => serverTlsOf({ ...own, tlsClientNames: ['a'] }, anyone),
      '--tls-client-names without',
    ],
    ['a file that is not there', () => clientTlsOf({ tlsCa: '/nowhere' }), '/nowhere cannot be read (ENOENT). Look at'],
    [
      'a key of another certificate',
      () => clientTlsOf({ tlsCa, tlsCert: tlsCa, tlsKey: own.tlsKey }),
      'is not that of the certificate',
    ],
    ['a file that is no certificate', () => clientTlsOf({ tlsCa: own.tlsKey }), 'holds no certificate'],
  ];
  test.each(broken)('are refused for %s', (_what, read, message) => {
    expect(read).toThrow(message);
  });
});

test('serving without TLS to other machines is said once, and not where only this machine can call', () => {
  const told: string[] = [];
  const logger = { warn: (_fields: object, message: string) => void told.push(message) };
  const settings: TlsSettings = { ...own, tlsCa };
  for (const host of ['127.0.0.1', 'localhost', '::1']) warnOfPlaintext(undefined, { host, holds: 'x', logger });
  warnOfPlaintext(serverTlsOf(settings, known), { host: '0.0.0.0', holds: 'x', logger });
  expect(told).toEqual([]);
  warnOfPlaintext(undefined, { host: '0.0.0.0', holds: 'workers get secret values there', logger });
  expect(told.join()).toContain('workers get secret values there. Give --tls-cert');
});
