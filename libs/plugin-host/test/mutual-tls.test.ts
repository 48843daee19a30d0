import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { authority, certificate, pemDirectory } from '@sluice/service/testing';
import { intentOf, startHost, startRouter, stopAll } from './plugins.ts';

const files = { current: pemDirectory() };

beforeEach(() => void (files.current = pemDirectory()));
afterEach(async () => {
  await stopAll();
  files.current.remove();
});

const refreshMs = 50;
const patient = { timeout: 60_000 };

async function world() {
  const ours = await authority('ours');
  const { write } = files.current;
  const ca = write('ca', ours);
  const plugin = write('plugin', await certificate('router.sluice-system.svc', ours));
  const host = write('host', await certificate('controller', ours));
  return { ours, write, ca, plugin, host };
}

describe('with mutual TLS', { timeout: 240_000 }, () => {
  test('both sides show certificates of the authority, and calls go through', async () => {
    const { ca, plugin, host } = await world();
    const served = await startRouter({ tls: { ...plugin, clientCaFile: ca.certFile, refreshMs } });
    const tls = { ...host, caFile: ca.certFile, serverName: 'router.sluice-system.svc', refreshMs };
    const calls = startHost({ configured: [{ type: 'router', name: 'r', address: served.address }], tls });
    await calls.start();
    await expect.poll(() => calls.stateOf('router', 'r', 'shop'), patient).toBe('ready');
    await calls.router('r', 'shop')?.apply(intentOf(20), { epoch: 0 });
    expect(served.applied).toEqual([20]);
  });

  test.each([
    [
      'a caller without a certificate',
      { certificate: 'none', name: 'router.sluice-system.svc', why: 'serves only callers that show a certificate' },
    ],
    [
      'a caller with a certificate of somebody else',
      { certificate: 'foreign', name: 'router.sluice-system.svc', why: 'refuses the certificate of this side' },
    ],
    [
      'a plugin whose certificate is for another name',
      { certificate: 'ours', name: 'other.sluice-system.svc', why: 'not for "other.sluice-system.svc"' },
    ],
  ])('%s gets no connection, and is told why, also by its calls', async (_what, { certificate: shown, name, why }) => {
    const { ca, plugin, host, write } = await world();
    const served = await startRouter({ tls: { ...plugin, clientCaFile: ca.certFile, refreshMs } });
    const foreign = write('foreign', await certificate('controller', await authority('somebody else')));
    const own = shown === 'none' ? {} : shown === 'foreign' ? foreign : host;
    const calls = startHost({
      configured: [{ type: 'router', name: 'r', address: served.address }],
      tls: { ...own, caFile: ca.certFile, serverName: name, refreshMs },
      timings: { restartMs: 0 },
    });
    await calls.start();
    await expect.poll(() => calls.router('r', 'shop')?.problem, patient).toContain(why);
    expect(calls.stateOf('router', 'r', 'shop')).toBe('connecting');
    await expect(calls.router('r', 'shop')?.apply(intentOf(20), { epoch: 0 })).rejects.toThrow(why);
    expect(served.applied).toEqual([]);
  });

  test('certificates that are renewed in their files count from then on, without a restart', async () => {
    const { ca, plugin, host, write } = await world();
    const tls = { ...plugin, clientCaFile: ca.certFile, refreshMs };
    const served = await startRouter({ tls });
    // The host knows another authority: the plugin's certificate is renewed by it, then the two meet.
    const next = await authority('next');
    write('next-ca', next);
    write('host', await certificate('controller', next));
    const calls = startHost({
      configured: [{ type: 'router', name: 'r', address: served.address }],
      tls: {
        ...host,
        caFile: host.certFile.replace('host.crt', 'next-ca.crt'),
        serverName: 'router.sluice-system.svc',
        refreshMs,
      },
    });
    await calls.start();
    await expect.poll(() => calls.router('r', 'shop')?.problem, patient).toContain('add that authority to --tls-ca');
    write('plugin', await certificate('router.sluice-system.svc', next));
    write('ca', next);
    await expect.poll(() => calls.stateOf('router', 'r', 'shop'), patient).toBe('ready');
    await calls.router('r', 'shop')?.apply(intentOf(20), { epoch: 0 });
    expect(served.applied).toEqual([20]);
  });
});
