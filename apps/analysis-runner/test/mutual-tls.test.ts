import { createAnalysisPeer } from '@sluice/peers';
import { authority, certificate, pemDirectory } from '@sluice/service/testing';
import type { KeyPair } from '@sluice/service/testing';
import type { ClientTls, ServerTls } from '@sluice/service/tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MeasuringWorld } from './measuring-world.ts';

// Schedulers hand out secret values: with certificates, only to workers.

const files = pemDirectory();
const schedulerName = 'schedulers.sluice-system.svc';
let world: MeasuringWorld;
let ours: KeyPair;
let server: ServerTls;
let clientOf: (name: string) => Promise<ClientTls>;

beforeAll(async () => {
  world = await MeasuringWorld.open();
  ours = await authority('ours');
  const caFile = files.write('ca', ours).certFile;
  server = { ...files.write('scheduler', await certificate(schedulerName, ours)), clientCaFile: caFile };
  clientOf = async (name) => ({
    caFile,
    ...files.write(name, await certificate(name, ours)),
    serverName: schedulerName,
  });
});
afterEach(() => world.tidy());
afterAll(async () => {
  await world.close();
  files.remove();
});

describe('with certificates', { timeout: 240_000 }, () => {
  const grpc = () => ({ host: '127.0.0.1', port: 0, tls: server, workerNames: ['worker'] });

  test('a worker measures, and another service asks for what it may ask for', async () => {
    const scheduler = await world.startScheduler({ grpc: grpc() });
    await world.startSecureWorker(await clientOf('worker'), scheduler);
    await world.createRun('measured', {});
    await world.phase('measured', 'Successful');
    const peer = createAnalysisPeer({ address: scheduler.address(), tls: await clientOf('rollout-controller') });
    const named = { namespace: world.namespace, name: 'measured', uid: '' };
    await expect(peer.terminateRun(named)).resolves.toBeUndefined();
    peer.close();
  });

  test('another service of the same authority gets no measurement, and neither does a caller without a certificate', async () => {
    const scheduler = await world.startScheduler({ grpc: grpc() });
    const said: string[] = [];
    const refused = await world.startSecureWorker(await clientOf('metric-web'), scheduler, said);
    const plain = await world.startSecureWorker(undefined, scheduler, said);
    await expect
      .poll(() => said.join('\n'), { timeout: 60_000 })
      .toContain('callers whose certificate is for metric-web are not served here');
    await expect.poll(() => said.join('\n'), { timeout: 60_000 }).toContain('is served with TLS only');
    await Promise.all([refused.stop(), plain.stop()]);
    const peer = createAnalysisPeer({ address: scheduler.address() });
    const named = { namespace: world.namespace, name: 'measured', uid: '' };
    await expect(peer.terminateRun(named)).rejects.toThrow(
      /^the analysis-runner at 127\.0\.0\.1:\d+ is served with TLS only: name the authority .* with --tls-ca/,
    );
    peer.close();
  });
});
