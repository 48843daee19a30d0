import { describe, expect, test } from 'vitest';
import { guardOf, isLoopback } from '../../src/identity/index.ts';

const settings = { callersNamespace: 'sluice-system', callersPrefix: 'sluice-' };
const surroundings = {
  audiences: ['sluice.dev/experiment-manager'],
  get: () => Promise.reject(new Error('not asked')),
  logger: { warn: () => undefined },
};

describe('a service that would answer other machines', () => {
  test('does not start when nothing checks who calls, and names the flags', () => {
    expect(() => guardOf({ ...settings, authKeys: 'none' }, { ...surroundings, host: '0.0.0.0' })).toThrow(
      /0\.0\.0\.0 can be reached from other machines.*--auth-keys cluster.*--grpc-host 127\.0\.0\.1/,
    );
    expect(() => guardOf(settings, { ...surroundings, host: '::' })).toThrow('can be reached from other machines');
  });

  test('does not start with certificates of callers whose names do not matter', () => {
    const tls = { certFile: 'c', keyFile: 'k', clientCaFile: 'a' };
    expect(() => guardOf(settings, { ...surroundings, host: '0.0.0.0', tls })).toThrow('--tls-client-names');
    const named = { ...tls, clientNames: ['sluice-rollout-controller.sluice-system.svc'] };
    expect(guardOf(settings, { ...surroundings, host: '0.0.0.0', tls: named })).toBeUndefined();
  });

  test('is guarded by keys, and starts also while they cannot be read yet', () => {
    expect(guardOf({ ...settings, authKeys: 'cluster' }, { ...surroundings, host: '0.0.0.0' })).toBeTypeOf('function');
    expect(guardOf({ ...settings, authKeys: '/keys' }, { ...surroundings, host: '0.0.0.0' })).toBeTypeOf('function');
  });
});

test('a service that answers this machine alone needs no keys', () => {
  expect(guardOf(settings, { ...surroundings, host: '127.0.0.1' })).toBeUndefined();
});

test.each([
  ['127.0.0.1', true],
  ['127.8.0.1', true],
  ['localhost', true],
  ['::1', true],
  ['[::1]', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['127.0.0.1.example.com', false],
  ['1270.0.0.1', false],
])('%s is this machine: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
