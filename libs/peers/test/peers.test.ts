import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { AnalysisServiceService, TryTemplateResponse } from '@sluice/contracts';
import type { EnsureRunRequest } from '@sluice/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { createAnalysisPeer } from '../src/index.ts';
import type { AnalysisTrialPeer } from '../src/index.ts';

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

async function peerOf(answers: UntypedServiceImplementation, deadlineMs?: number): Promise<AnalysisTrialPeer> {
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

describe('a trial', () => {
  const request = {
    namespace: 'team',
    templates: [{ name: 'checks', clusterScope: false }],
    templateJson: [],
    args: { limit: '5' },
    metrics: [],
    withSideEffects: false,
  };

  it('is answered with what came of each metric, however long after the deadline of other calls', async () => {
    const requests: unknown[] = [];
    const peer = await peerOf(
      {
        tryTemplate(call: { request: unknown }, done: (error: null, answer: object) => void) {
          requests.push(call.request);
          const answer = TryTemplateResponse.fromPartial({ metrics: [{ name: 'm', phase: 'Successful' }] });
          setTimeout(() => done(null, answer), 60);
        },
      },
      20,
    );
    expect(await peer.tryTemplate(request)).toMatchObject({ metrics: [{ name: 'm', phase: 'Successful' }] });
    expect(requests).toEqual([request]);
  });

  it('ends when the caller has had enough, here and there', async () => {
    const stop = new AbortController();
    let cancelled: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (cancelled = resolve));
    const peer = await peerOf({
      tryTemplate(call: { on(event: 'cancelled', listener: () => void): void }) {
        call.on('cancelled', cancelled);
        stop.abort();
      },
    });
    await expect(peer.tryTemplate(request, { signal: stop.signal })).rejects.toMatchObject({ name: 'PeerError' });
    await ended;
  });
});
