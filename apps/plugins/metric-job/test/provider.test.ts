// Against a cluster that runs the commands of Jobs.
import { resources } from '@sluice/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJobProvider } from '../src/index.ts';
import { call, jobsOf, measure, query, shell, startCluster, underWay, until } from './cluster.ts';
import type { TestCluster } from './cluster.ts';

let cluster: TestCluster;
let provider: ReturnType<typeof createJobProvider>;
beforeAll(async () => {
  cluster = await startCluster();
  provider = createJobProvider({ client: cluster.client });
});
afterAll(() => cluster.stop());

describe('a measurement', () => {
  it('is Successful when its Job completes, and names the Job', async () => {
    const asked = query(shell('exit 0'));
    const name = `${asked.run.uid}.job.1`;
    const metadata = { 'job-name': name, 'job-namespace': 'default' };
    expect(await provider.start(asked, call())).toEqual({ pending: { pollAfterMs: 500 }, metadata });
    expect(await measure(provider, asked)).toEqual({ verdict: 'Successful', metadata });
  });

  it('is Failed without a word when its Job fails without one', async () => {
    expect(await measure(provider, query(shell('exit 1')))).toMatchObject({ verdict: 'Failed', message: '' });
  });

  it('is Failed with the exit code and the end of the log of the container that failed', async () => {
    const lines = 'for i in $(seq 1 50); do echo line $i; done; echo "checkout answers 500" >&2; exit 3';
    const answer = await measure(provider, query(shell(lines)));
    expect(answer).toMatchObject({ verdict: 'Failed' });
    expect(answer.message).toMatch(
      /^Job ".*\.job\.1" failed: container "check" ended with exit code 3: line 42 \|.*line 50 \| checkout answers 500$/,
    );
  });

  it('takes a log that looks like JSON for text', async () => {
    const answer = await measure(provider, query(shell(`echo '{"status": 500}'; exit 1`)));
    expect(answer.message).toMatch(/exit code 1: \{"status": 500\}$/);
  });

  it('says why the Job controller gave up where that was no exit code', async () => {
    const answer = await measure(provider, query(shell('sleep 60', { activeDeadlineSeconds: 1 })));
    expect(answer).toMatchObject({ verdict: 'Failed' });
    expect(answer.message).toMatch(/failed: DeadlineExceeded: Job was active longer than specified deadline/);
  });

  it('is Inconclusive when an image cannot be had, for good, and its Job is held', async () => {
    const containers = [{ name: 'check', image: 'does-not-exist:1', command: ['true'] }];
    const asked = query(shell('', {}, { containers }));
    const answer = await measure(provider, asked);
    expect(answer).toMatchObject({ verdict: 'Inconclusive' });
    expect(answer.message).toMatch(
      /^Job ".*": container "check" of pod ".*" cannot start: its image does-not-exist:1 gives (ErrImagePull|ImagePullBackOff)/,
    );
    expect((await jobsOf(cluster.client, asked.run.uid))[0]?.['spec'].suspend).toBe(true);
    expect(await provider.poll?.(underWay(asked, answer), call())).toEqual(answer);
  });

  it('that no API server takes is refused with its words', async () => {
    const start = provider.start(query(shell('true', {}, { containers: [] })), call());
    await expect(start).rejects.toThrow(/spec\.template\.spec\.containers: Required value/);
  });

  it('whose Job somebody deletes is not found', async () => {
    const asked = query(shell('sleep 60'));
    const answer = await provider.start(asked, call());
    const [job] = await jobsOf(cluster.client, asked.run.uid);
    await cluster.client.remove(resources.jobs, job!.metadata, { propagationPolicy: 'Background' });
    await until('the Job is gone', async () => (await jobsOf(cluster.client, asked.run.uid)).length === 0);
    const poll = provider.poll?.(underWay(asked, answer), call());
    await expect(poll).rejects.toMatchObject({ code: 'NotFound', message: expect.stringMatching(/ not found$/) });
  });
});

describe('one measurement is one Job', () => {
  it('however often it is started, also by a provider that remembers nothing', async () => {
    const asked = query(shell('sleep 1'));
    const starts = Array.from({ length: 5 }, () => createJobProvider({ client: cluster.client }).start(asked, call()));
    const answers = await Promise.all(starts);
    expect(new Set(answers.map(({ metadata }) => JSON.stringify(metadata))).size).toBe(1);
    expect(await measure(provider, asked)).toMatchObject({ verdict: 'Successful' });
    expect(await provider.start(asked, call())).toMatchObject({ verdict: 'Successful' });
    expect(await jobsOf(cluster.client, asked.run.uid)).toHaveLength(1);
  });

  it('also where two metrics of a run are cut to the same name', async () => {
    const one = query(shell('exit 0'), { metricName: 'integration-tests-of-the-checkout' });
    const two = query(shell('exit 1'), { run: one.run, metricName: 'integration-tests-of-the-cart' });
    await provider.start(one, call());
    expect(await measure(provider, two)).toMatchObject({ verdict: 'Failed' });
    expect(await measure(provider, one)).toMatchObject({ verdict: 'Successful' });
    expect(await provider.poll?.({ ...two, handle: '', metadata: {} }, call())).toMatchObject({ verdict: 'Failed' });
  });

  it('and a Job of somebody else is never touched', async () => {
    const asked = query(shell('sleep 60'));
    const theirs = await cluster.client.create(resources.jobs, {
      metadata: { name: `${asked.run.uid}.job.1`, namespace: 'default' },
      spec: { suspend: true, ...asked.config.spec },
    });
    const other = await provider.start(asked, call());
    expect(other.metadata?.['job-name']).toMatch(/\.job-[0-9a-f]{8}\.1$/);
    const named = { ...other, metadata: { 'job-name': theirs.metadata.name!, 'job-namespace': 'default' } };
    expect(await provider.cancel?.(underWay(asked, named), call())).toMatchObject({ verdict: 'Inconclusive' });
    expect(await cluster.client.find(resources.jobs, theirs.metadata)).toBeDefined();
  });
});

describe('cancelling', () => {
  it('ends the Job with its pods and is Inconclusive, also a second time', async () => {
    const asked = query(shell('sleep 60'));
    const started = await provider.start(asked, call());
    const end = await provider.cancel?.(underWay(asked, started), call());
    expect(end).toEqual({ verdict: 'Inconclusive', metadata: started.metadata });
    await until('the Job is gone', async () => (await jobsOf(cluster.client, asked.run.uid)).length === 0);
    expect(await provider.cancel?.(underWay(asked, started), call())).toEqual(end);
  });

  it('leaves what was over as it was', async () => {
    const asked = query(shell('exit 1'));
    const answer = await measure(provider, asked);
    expect(await provider.cancel?.(underWay(asked, answer), call())).toEqual(answer);
    expect(await jobsOf(cluster.client, asked.run.uid)).toHaveLength(1);
  });
});

describe('collecting', () => {
  it('removes the oldest finished Jobs of the metric, and nothing else', async () => {
    const first = query(shell('exit 0'));
    const { run } = first;
    await measure(provider, first);
    for (const ordinal of [2, 3]) await measure(provider, query(shell('exit 0'), { run, ordinal }));
    await measure(provider, query(shell('exit 0'), { run, metricName: 'other' }));
    await provider.start(query(shell('sleep 60'), { run, ordinal: 4 }), call());
    const collection = { run, metricName: 'job', config: shell('exit 0'), keep: 1 };
    expect(await provider.collect?.(collection, call())).toBe(2);
    const names = async () => (await jobsOf(cluster.client, run.uid)).map(({ metadata }) => metadata.name).sort();
    const left = ['job.3', 'job.4', 'other.1'].map((end) => `${run.uid}.${end}`);
    await until('the old ones are gone', async () => (await names()).length === 3);
    expect(await names()).toEqual(left);
    expect(await provider.collect?.({ ...collection, metricName: undefined, keep: 0 }, call())).toBe(2);
    await until('only the running one is left', async () => (await names()).join() === left[1]);
  });
});

it('polling a Job whose pod runs is one request', async () => {
  const asked = query(shell('sleep 60'));
  const started = await provider.start(asked, call());
  await until(
    'its pod is ready',
    async () => (await jobsOf(cluster.client, asked.run.uid))[0]?.['status']?.ready === 1,
  );
  const before = cluster.requests().length;
  await provider.poll?.(underWay(asked, started), call());
  expect(cluster.requests().slice(before)).toEqual([expect.stringMatching(/^GET namespaces\/default\/jobs\/.* 200$/)]);
});

it('Jobs go into the namespace that is set for all, and nobody owns them there', async () => {
  await cluster.client.create(resources.namespaces, { metadata: { name: 'jobs' } });
  const elsewhere = createJobProvider({ client: cluster.client, namespace: 'jobs' });
  const asked = query(shell('exit 0'));
  expect(await measure(elsewhere, asked)).toMatchObject({
    verdict: 'Successful',
    metadata: { 'job-namespace': 'jobs' },
  });
  const job = await cluster.client.get(resources.jobs, { namespace: 'jobs', name: `${asked.run.uid}.job.1` });
  expect(job.metadata.ownerReferences).toBeUndefined();
  expect(await elsewhere.collect?.({ run: asked.run, metricName: 'job', config: asked.config, keep: 0 }, call())).toBe(
    1,
  );
});
