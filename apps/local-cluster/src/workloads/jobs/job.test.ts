import { expect, test } from 'vitest';
import type { KubeObject } from '../../storage/store.ts';
import type { PodSpec } from '../base/pod.ts';
import { jobs, pods } from '../base/resources.ts';
import { behaviour } from '../node/behaviour.ts';
import type { World } from '../testing.ts';
import { ns, testWorld } from '../testing.ts';

interface Asked {
  spec?: object;
  exitAfter?: string;
  exitCode?: string;
  restartPolicy?: PodSpec['restartPolicy'];
}

function run(
  w: World,
  { spec = {}, exitAfter = '2s', exitCode = '0', restartPolicy = 'Never' }: Asked = {},
): KubeObject {
  const annotations = { [behaviour.exitAfter]: exitAfter, [behaviour.exitCode]: exitCode };
  const template = {
    metadata: { annotations },
    spec: { restartPolicy, containers: [{ name: 'main', image: 'job:1' }] },
  };
  return w.create(jobs, 'task', { spec: { ...spec, template } });
}
const status = (w: World) => w.get(jobs, 'task')?.status;

test('a Job runs one pod to its end, labelled as its own, and is Complete', () => {
  const w = testWorld();
  const job = run(w);
  w.pass(1);
  const [pod] = w.pods();
  expect(pod!.metadata.labels).toEqual({
    'batch.kubernetes.io/controller-uid': job.metadata.uid,
    'batch.kubernetes.io/job-name': 'task',
    'controller-uid': job.metadata.uid,
    'job-name': 'task',
  });
  expect(status(w)).toMatchObject({ active: 1, ready: 1, terminating: 0 });
  w.pass(3);
  expect(w.conditions(jobs, 'task')).toEqual({
    SuccessCriteriaMet: 'True CompletionsReached',
    Complete: 'True CompletionsReached',
  });
  expect(status(w)).toMatchObject({ succeeded: 1, ready: 0 });
  expect(status(w).completionTime).toBe('2026-01-01T00:00:02Z');
  expect(w.pods()[0]).toMatchObject({ status: { phase: 'Succeeded' } });
  expect(w.pods()[0]!.metadata.finalizers).toBeUndefined();
  expect(w.errors).toEqual([]);
});

test('completions are reached with parallelism pods at a time', () => {
  const w = testWorld();
  run(w, { spec: { completions: 5, parallelism: 2 } });
  w.pass(1);
  expect(status(w).active).toBe(2);
  w.pass(20);
  expect(status(w)).toMatchObject({ succeeded: 5 });
  expect(w.pods()).toHaveLength(5);
  expect(w.conditions(jobs, 'task').Complete).toBe('True CompletionsReached');
});

test('failures are tried again after 10, 20, 40 seconds, until the back-off limit', () => {
  const w = testWorld();
  run(w, { exitCode: '3', exitAfter: '1s', spec: { backoffLimit: 2 } });
  w.pass(5);
  expect(status(w)).toMatchObject({ failed: 1 });
  w.pass(10);
  expect(status(w)).toMatchObject({ failed: 2 });
  expect(w.conditions(jobs, 'task').Failed).toBeUndefined();
  w.pass(25);
  expect(status(w)).toMatchObject({ failed: 3 });
  expect(w.conditions(jobs, 'task')).toEqual({
    FailureTarget: 'True BackoffLimitExceeded',
    Failed: 'True BackoffLimitExceeded',
  });
  expect(w.pods()[0]!.status!.containerStatuses![0]!.state.terminated).toMatchObject({ exitCode: 3, reason: 'Error' });
});

test('with OnFailure the container is restarted in its pod, and restarts count against the limit', () => {
  const w = testWorld();
  run(w, { exitCode: '1', exitAfter: '1s', restartPolicy: 'OnFailure', spec: { backoffLimit: 2 } });
  w.pass(4);
  expect(w.pods()).toHaveLength(1);
  expect(w.pods()[0]!.status!.containerStatuses![0]!.restartCount).toBe(1);
  w.pass(60);
  expect(w.conditions(jobs, 'task').Failed).toBe('True BackoffLimitExceeded');
  expect(w.pods()).toHaveLength(0);
});

test('a Job that is active too long fails with DeadlineExceeded and its pods are stopped', () => {
  const w = testWorld();
  run(w, { exitAfter: '1h', spec: { activeDeadlineSeconds: 30, parallelism: 2, completions: 2 } });
  w.pass(29);
  expect(status(w).active).toBe(2);
  w.pass(3);
  expect(w.conditions(jobs, 'task').Failed).toBe('True DeadlineExceeded');
  expect(status(w)).toMatchObject({ failed: 2, terminating: 0 });
  expect(w.pods()).toHaveLength(0);
});

test('a suspended Job runs nothing, and what ran when it was suspended does not count as failed', () => {
  const w = testWorld();
  run(w, { exitAfter: '30s' });
  w.pass(2);
  w.edit(jobs, 'task', (j) => void (j.spec.suspend = true));
  w.pass(5);
  expect(w.pods()).toHaveLength(0);
  expect(w.conditions(jobs, 'task')).toEqual({ Suspended: 'True JobSuspended' });
  expect(status(w).failed).toBeUndefined();
  expect(status(w).startTime).toBeUndefined();
  w.edit(jobs, 'task', (j) => void (j.spec.suspend = false));
  w.pass(60);
  expect(w.conditions(jobs, 'task')).toMatchObject({
    Suspended: 'False JobResumed',
    Complete: 'True CompletionsReached',
  });
});

test('a finished Job goes with its pods after its time to live', () => {
  const w = testWorld();
  run(w, { spec: { ttlSecondsAfterFinished: 60 } });
  w.pass(30);
  expect(w.get(jobs, 'task')).toBeDefined();
  w.pass(60);
  expect(w.get(jobs, 'task')).toBeUndefined();
  expect(w.pods()).toHaveLength(0);
});

test('a pod that someone deletes counts as failed and is replaced', () => {
  const w = testWorld();
  run(w, { exitAfter: '30s' });
  w.pass(5);
  const [pod] = w.pods();
  w.store.remove(pods, ns, pod!.metadata.name);
  w.pass(60);
  expect(status(w)).toMatchObject({ failed: 1, succeeded: 1 });
});

test.each(['Background', 'Foreground'] as const)(
  'a running Job that is deleted (%s) goes, and its pods are not kept by their finalizer',
  (propagationPolicy) => {
    const w = testWorld();
    run(w, { exitAfter: '1h' });
    w.pass(5);
    w.store.remove(jobs, ns, 'task', { propagationPolicy });
    w.pass(5);
    expect(w.pods()).toHaveLength(0);
    expect(w.get(jobs, 'task')).toBeUndefined();
  },
);
