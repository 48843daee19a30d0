import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { AnalysisServiceService } from '@sluice/contracts';
import type { EnsureRunRequest } from '@sluice/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { createAnalysisPeer } from '../src/index.ts';
import type { AnalysisPeer } from '../src/index.ts';

const run = {
  metadata: {
    name: 'shop-1',
    namespace: 'team',
    ownerReferences: [
      { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'shop', uid: 'u1', controller: true },
    ],
  },
  spec: { metrics: [] },
};
const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

async function peerOf(answers: UntypedServiceImplementation, deadlineMs?: number): Promise<AnalysisPeer> {
  const server = new Server();
  server.addService(AnalysisServiceService, answers);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const peer = createAnalysisPeer({ address: `127.0.0.1:${port}`, ...(deadlineMs !== undefined && { deadlineMs }) });
  ends.push(() => server.forceShutdown(), peer.close);
  return peer;
}

describe('a wish', () => {
  it('carries the whole object, its owner and its key, and is answered with what exists', async () => {
    const requests: EnsureRunRequest[] = [];
    const peer = await peerOf({
      ensureRun(call: { request: EnsureRunRequest }, done: (error: null, answer: object) => void) {
        requests.push(call.request);
        done(null, { run: { namespace: 'team', name: 'shop-1.1', uid: 'u2' }, created: true });
      },
    });
    expect(await peer.ensureRun(run, { idempotencyKey: 'u1/shop-1' })).toEqual({
      namespace: 'team',
      name: 'shop-1.1',
      uid: 'u2',
    });
    expect(requests[0]).toMatchObject({ idempotencyKey: 'u1/shop-1', owner: { kind: 'Rollout', uid: 'u1' } });
    expect(JSON.parse(requests[0]!.analysisRunJson)).toEqual(run);
  });

  it.each([
    [status.ALREADY_EXISTS, 'Conflict'],
    [status.INVALID_ARGUMENT, 'Invalid'],
  ])('that is refused with %s ends in an error that says why', async (code, expected) => {
    const peer = await peerOf({
      ensureRun: (_call: unknown, done: (error: object) => void) => done({ code, details: 'no metrics specified' }),
    });
    await expect(peer.ensureRun(run, { idempotencyKey: 'k' })).rejects.toMatchObject({ code: expected });
    await expect(peer.ensureRun(run, { idempotencyKey: 'k' })).rejects.toThrow('no metrics specified');
  });

  it('to a peer that is away or hangs ends in time, as Unavailable', async () => {
    const nobody = createAnalysisPeer({ address: '127.0.0.1:1', deadlineMs: 2_000 });
    ends.push(nobody.close);
    await expect(nobody.ensureRun(run, { idempotencyKey: 'k' })).rejects.toMatchObject({ code: 'Unavailable' });
    const hanging = await peerOf({ terminateRun: () => undefined }, 50);
    const ended = hanging.terminateRun({ namespace: 'team', name: 'shop-1', uid: 'u2' });
    await expect(ended).rejects.toThrow('did not answer in time');
  });
});
