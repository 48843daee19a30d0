// A Job stays until its verdict was read, whatever `ttlSecondsAfterFinished` its manifest has.
import { setTimeout as sleep } from 'node:timers/promises';
import { resources } from '@sluice/kube';
import type { RawObject } from '@sluice/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJobProvider } from '../src/index.ts';
import { keptUntilRead, releasedAfterRead } from '../src/retention.ts';
import { call, jobsOf, measure, query, shell, startCluster, underWay, until } from './cluster.ts';
import type { TestCluster } from './cluster.ts';

let cluster: TestCluster;
let provider: ReturnType<typeof createJobProvider>;
beforeAll(async () => {
  cluster = await startCluster();
  provider = createJobProvider({ client: cluster.client });
});
afterAll(() => cluster.stop());

const onlyJob = async (uid: string): Promise<RawObject | undefined> => (await jobsOf(cluster.client, uid))[0];
const isOver = async (uid: string): Promise<boolean> =>
  ((await onlyJob(uid))?.['status']?.conditions ?? []).some(({ type }: { type: string }) =>
    ['Complete', 'Failed'].includes(type),
  );

describe('a Job that would be deleted when it ends', () => {
  it.each([
    [0, 'exit 0', 'Successful'],
    [0, 'exit 1', 'Failed'],
    [1, 'exit 0', 'Successful'],
  ])('after %d s: %s is read long after the end, by a plugin that was started anew', async (ttl, command, verdict) => {
    const asked = query(shell(command, { ttlSecondsAfterFinished: ttl }));
    const { uid } = asked.run;
    const started = await provider.start(asked, call());
    await until('the Job is over', () => isOver(uid));
    await sleep(2_500);
    const anew = createJobProvider({ client: cluster.client });
    expect(await anew.start(asked, call())).toMatchObject({ verdict });
    expect(await anew.poll?.(underWay(asked, started), call())).toMatchObject({ verdict });
    const [job, ...others] = await jobsOf(cluster.client, uid);
    expect(others).toEqual([]);
    expect(job?.['spec'].ttlSecondsAfterFinished).toBeGreaterThanOrEqual(300);
  });

  it('goes after its verdict was read', async () => {
    const clock = { now: Date.now() };
    const long = createJobProvider({ client: cluster.client, now: () => clock.now });
    const asked = query(shell('exit 0', { ttlSecondsAfterFinished: 0 }));
    await provider.start(asked, call());
    await until('the Job is over', () => isOver(asked.run.uid));
    // A clock that is behind: what is left of the time has passed for the cluster.
    clock.now -= 400_000;
    const waits = releasedAfterRead((await onlyJob(asked.run.uid)) as never, clock.now);
    expect(waits).toEqual({ spec: { ttlSecondsAfterFinished: 300 } });
    expect(await measure(long, asked)).toMatchObject({ verdict: 'Successful' });
    const job = await onlyJob(asked.run.uid);
    await cluster.client.patch(resources.jobs, job!.metadata, 'merge', { spec: { ttlSecondsAfterFinished: 0 } });
    await until('the Job is gone', async () => (await jobsOf(cluster.client, asked.run.uid)).length === 0);
  });

  it('is kept also when another controller made it with that time', async () => {
    const asked = query(shell('sleep 1'));
    const { uid } = asked.run;
    await provider.start(asked, call());
    const [job] = await jobsOf(cluster.client, uid);
    await cluster.client.patch(resources.jobs, job!.metadata, 'merge', { spec: { ttlSecondsAfterFinished: 0 } });
    const anew = createJobProvider({ client: cluster.client });
    expect(await anew.start(asked, call())).toHaveProperty('pending');
    expect((await onlyJob(uid))?.['spec'].ttlSecondsAfterFinished ?? undefined).toBeUndefined();
    await until('the Job is over', () => isOver(uid));
    await sleep(1_500);
    expect(await measure(anew, asked)).toMatchObject({ verdict: 'Successful' });
  });

  it('has no time of its own where the manifest has none', async () => {
    const asked = query(shell('exit 0'));
    expect(await measure(provider, asked)).toMatchObject({ verdict: 'Successful' });
    expect((await onlyJob(asked.run.uid))?.['spec']).not.toHaveProperty('ttlSecondsAfterFinished');
  });
});

describe('a Job that was deleted by hand', () => {
  it('is an error that says so, and is not made a second time for the same measurement', async () => {
    const asked = query(shell('sleep 60'));
    const started = await provider.start(asked, call());
    const [job] = await jobsOf(cluster.client, asked.run.uid);
    await cluster.client.remove(resources.jobs, job!.metadata, { propagationPolicy: 'Background' });
    await until('the Job is gone', async () => (await jobsOf(cluster.client, asked.run.uid)).length === 0);
    const refused = { code: 'NotFound', message: expect.stringMatching(/was deleted before its verdict was read/) };
    await expect(provider.poll?.(underWay(asked, started), call())).rejects.toMatchObject(refused);
    await expect(provider.start(asked, call())).rejects.toMatchObject(refused);
    expect(await jobsOf(cluster.client, asked.run.uid)).toEqual([]);
  });
});

describe('how long a Job is kept', () => {
  const mark = 'sluice.dev/ttl-seconds-after-finished';
  const end = '2026-01-01T00:00:00Z';
  const status = { conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: end }] };
  const job = (spec: object, annotations: Record<string, string> = {}, owned = true) => ({
    metadata: {
      annotations,
      ownerReferences: owned ? [{ apiVersion: 'v1', kind: 'AnalysisRun', name: 'r', uid: 'u' }] : [],
    },
    spec,
    status,
  });

  it('is what the manifest has, and at least five minutes after the verdict was read', () => {
    const readAt = Date.parse(end) + 10_000;
    const patch = (ttlSecondsAfterFinished: number) => ({ spec: { ttlSecondsAfterFinished } });
    expect(releasedAfterRead(job({}, { [mark]: '0' }), readAt)).toEqual(patch(310));
    expect(releasedAfterRead(job({}, { [mark]: '3600' }), readAt)).toEqual(patch(3600));
    expect(releasedAfterRead(job({ ttlSecondsAfterFinished: 310 }, { [mark]: '0' }), readAt)).toBeUndefined();
    expect(releasedAfterRead(job({ ttlSecondsAfterFinished: 86_400 }, { [mark]: '0' }, false), readAt)).toEqual(
      patch(310),
    );
    expect(releasedAfterRead(job({}), readAt)).toBeUndefined();
  });

  it('is a day at most where no run owns it', () => {
    const kept = keptUntilRead(job({ ttlSecondsAfterFinished: 3 }, {}, false));
    expect(kept).toEqual({ metadata: { annotations: { [mark]: '3' } }, spec: { ttlSecondsAfterFinished: 86_400 } });
    expect(keptUntilRead(job({ ttlSecondsAfterFinished: 86_400 }, {}, false))).toBeUndefined();
    expect(keptUntilRead(job({}))).toBeUndefined();
  });
});
