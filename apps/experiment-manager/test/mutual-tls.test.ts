import { ExperimentServiceService } from '@sluice/contracts';
import { createExperimentPeer, isPeerError } from '@sluice/peers';
import { authority, certificate, pemDirectory } from '@sluice/service/testing';
import type { ClientTls, ServerTls } from '@sluice/service/tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answering, callsPart } from '../src/calls/serve.ts';

// The calls of other services, without a cluster behind them: what counts here is who is answered.

const files = pemDirectory();
let address: string;
let server: ServerTls;
let clientOf: (name: string) => Promise<ClientTls>;
const part = () =>
  callsPart(
    {
      definition: ExperimentServiceService,
      implementation: { ensure: answering(async () => ({})), terminate: answering(async () => ({})) },
    },
    { host: '127.0.0.1', port: 0, tls: server },
  );
let calls: ReturnType<typeof part>;

beforeAll(async () => {
  const ours = await authority('ours');
  const caFile = files.write('ca', ours).certFile;
  const own = files.write('manager', await certificate('experiment-manager', ours));
  server = { ...own, clientCaFile: caFile, clientNames: ['rollout-controller'] };
  clientOf = async (name) => ({
    caFile,
    ...files.write(name, await certificate(name, ours)),
    serverName: 'experiment-manager',
  });
  calls = part();
  address = String(await calls.start());
});
afterAll(async () => {
  await calls.stop?.();
  files.remove();
});

async function terminate(tls: ClientTls | undefined): Promise<string> {
  const peer = createExperimentPeer({ address, tls });
  try {
    await peer.terminate({ namespace: 'shop', name: 'a', uid: '' });
    return 'done';
  } catch (error) {
    return isPeerError(error) ? error.message : String(error);
  } finally {
    peer.close();
  }
}

describe('with certificates, the experiment-manager', { timeout: 240_000 }, () => {
  it('answers the services whose names it was given', async () => {
    expect(await terminate(await clientOf('rollout-controller'))).toBe('done');
  });

  it('refuses everybody else, and says why', async () => {
    expect(await terminate(await clientOf('router-nginx'))).toContain(
      'callers whose certificate is for router-nginx are not served here',
    );
    expect(await terminate(undefined)).toContain(`experiment-manager at ${address} is served with TLS only`);
  });
});
