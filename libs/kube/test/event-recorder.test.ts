import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEventRecorder } from '../src/index.ts';
import type { EventRecorder, EventRecorderOptions, RawObject } from '../src/index.ts';
import { createFakeCluster, kubeError } from './fake-cluster.ts';
import type { FakeCluster } from './fake-cluster.ts';

let cluster: FakeCluster;
let recorder: EventRecorder;
const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

const rollout: RawObject = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'web', namespace: 'team', uid: 'u-1', resourceVersion: '42' },
};

function recording(options: Partial<EventRecorderOptions> = {}): EventRecorder {
  recorder = createEventRecorder({ client: cluster.client, component: 'rollouts-controller', ...options });
  return recorder;
}

const note = (message: string) => ({ type: 'Normal', reason: 'RolloutPaused', message }) as const;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-01-02T03:04:05.678Z') });
  cluster = createFakeCluster();
});
afterEach(async () => {
  const stopping = recorder.stop(0);
  await settle(10_000);
  await stopping;
  vi.useRealTimers();
});

describe('the event recorder', () => {
  it('writes an Event that names its object by uid and its source', async () => {
    recording().record(rollout, note('paused at 20 %'));
    await settle();
    expect(cluster.objects()).toHaveLength(1);
    expect(cluster.objects()[0]).toMatchObject({
      metadata: { namespace: 'team', name: expect.stringMatching(/^web\.[0-9a-f]+$/) as string },
      involvedObject: {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Rollout',
        name: 'web',
        namespace: 'team',
        uid: 'u-1',
        resourceVersion: '42',
      },
      type: 'Normal',
      reason: 'RolloutPaused',
      message: 'paused at 20 %',
      source: { component: 'rollouts-controller' },
      reportingComponent: 'rollouts-controller',
      count: 1,
      firstTimestamp: '2026-01-02T03:04:05Z',
      lastTimestamp: '2026-01-02T03:04:05Z',
    });
  });

  it('raises the count of a repeated event instead of writing another', async () => {
    recording();
    for (let count = 0; count < 3; count += 1) {
      recorder.record(rollout, note('paused'));
      await settle(60_000);
    }
    expect(cluster.objects()).toHaveLength(1);
    expect(cluster.objects()[0]).toMatchObject({
      count: 3,
      firstTimestamp: '2026-01-02T03:04:05Z',
      lastTimestamp: '2026-01-02T03:06:05Z',
    });
  });

  it('folds repeats that wait in the queue into one write', async () => {
    recording();
    for (let count = 0; count < 50; count += 1) recorder.record(rollout, note('paused'));
    await settle(1_000);
    expect(cluster.calls.writes).toBe(1);
    expect(cluster.objects()[0]).toMatchObject({ count: 50 });
  });

  it('writes a new Event when the old one has expired, here or at the server', async () => {
    recording();
    recorder.record(rollout, note('paused'));
    await settle();
    cluster.remove(cluster.objects()[0]?.metadata.name ?? '');
    recorder.record(rollout, note('paused'));
    await settle(601_000);
    recorder.record(rollout, note('paused'));
    await settle();
    expect(cluster.objects()).toHaveLength(2);
  });

  it('names events in the order in which they were recorded, also within one millisecond', async () => {
    const { record } = recording();
    for (let i = 0; i < 200; i++) record(rollout, note(`step ${i}`));
    await settle();
    const byName = cluster.objects().toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
    expect(byName.map((event) => event['message'] as string)).toEqual(
      Array.from({ length: 200 }, (_, i) => `step ${i}`),
    );
  });

  it('writes a Normal event that comes again after others as another one, so that a list reads in order', async () => {
    const { record } = recording();
    for (const message of ['paused', 'resumed', 'paused', 'paused']) record(rollout, note(message));
    await settle();
    const told = cluster.objects().map((event) => `${String(event['message'])} ${String(event['count'])}`);
    expect(told).toEqual(['paused 1', 'resumed 1', 'paused 2']);
  });

  it('raises the count of a Normal event that comes again and again between others', async () => {
    const { record } = recording();
    for (let i = 0; i < 40; i++) record(rollout, note(i % 2 === 0 ? 'paused' : 'resumed'));
    await settle();
    expect(cluster.objects()).toHaveLength(20);
  });

  it('keeps to its rate after a burst', async () => {
    recording({ qps: 10, burst: 5 });
    for (let count = 0; count < 50; count += 1) recorder.record(rollout, note(`n ${count}`));
    await settle(0);
    expect(cluster.objects().length).toBeLessThanOrEqual(6);
    await settle(1_000);
    expect(cluster.objects().length).toBeLessThanOrEqual(16);
    await settle(5_000);
    expect(cluster.objects()).toHaveLength(50);
  });

  it('drops the oldest when the queue is full', async () => {
    let dropped = 0;
    recording({ queueSize: 3, onDropped: () => (dropped += 1) });
    for (let count = 0; count < 5; count += 1) recorder.record(rollout, note(`n ${count}`));
    await settle(1_000);
    expect(dropped).toBe(2);
    expect(cluster.objects().map((event) => event['message'] as string)).toEqual(['n 2', 'n 3', 'n 4']);
  });

  it('tries again after passing trouble and gives up on what is refused, and never throws', async () => {
    let dropped = 0;
    recording({ onDropped: () => (dropped += 1) });
    cluster.faults.write.push(kubeError('Unavailable'), kubeError('Network'));
    recorder.record(rollout, note('first'));
    await settle(10_000);
    expect(cluster.objects()).toHaveLength(1);
    cluster.faults.write.push(kubeError('Forbidden'));
    recorder.record(rollout, note('second'));
    recorder.record(rollout, note('third'));
    await settle(10_000);
    expect([dropped, cluster.objects().length]).toEqual([1, 2]);
  });

  it('sends what is queued when it stops, without keeping to the rate, and takes nothing more', async () => {
    recording({ qps: 1, burst: 1 });
    for (let count = 0; count < 5; count += 1) recorder.record(rollout, note(`n ${count}`));
    const stopping = recorder.stop();
    await settle(1_000);
    await stopping;
    recorder.record(rollout, note('late'));
    await settle(1_000);
    expect(cluster.objects()).toHaveLength(5);
  });

  it('puts events of cluster-wide objects into the default namespace and cuts long messages', async () => {
    recording().record(
      { kind: 'ClusterAnalysisTemplate', metadata: { name: 'errors', uid: 'u' } },
      note('x'.repeat(3_000)),
    );
    await settle();
    const event = cluster.objects()[0];
    expect(event?.metadata.namespace).toBe('default');
    expect(event?.['message']).toHaveLength(1_024);
  });
});
