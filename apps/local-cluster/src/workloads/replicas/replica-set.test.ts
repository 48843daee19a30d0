import { expect, test } from 'vitest';
import { isReady } from '../base/pod.ts';
import { pods, replicaSets } from '../base/resources.ts';
import { behaviour } from '../node/behaviour.ts';
import { ns, selecting, template, testWorld } from '../testing.ts';

const spec = (replicas: number, more: object = {}) => ({
  spec: { replicas, ...selecting('web'), template: template('web'), ...more },
});

test('a ReplicaSet makes its pods, owned and named after it, and counts them when they are ready', () => {
  const w = testWorld();
  const set = w.create(replicaSets, 'web', spec(3));
  w.pass(1);
  expect(w.pods()).toHaveLength(3);
  for (const pod of w.pods()) {
    expect(pod.metadata.name).toMatch(/^web-[a-z0-9]{5}$/);
    expect(pod.metadata.ownerReferences).toEqual([
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: 'web',
        uid: set.metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
  }
  expect(w.get(replicaSets, 'web')?.status).toEqual({
    replicas: 3,
    fullyLabeledReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    observedGeneration: 1,
  });
  expect(w.errors).toEqual([]);
});

test('a pod that is deleted or fails is replaced', () => {
  const w = testWorld();
  w.create(replicaSets, 'web', spec(2));
  w.pass(1);
  const [first, second] = w.pods();
  w.store.remove(pods, ns, first!.metadata.name);
  w.workloads.podControls.fail(ns, second!.metadata.name);
  w.pass(1);
  expect(w.readyPods()).toHaveLength(2);
  expect(w.get(pods, first!.metadata.name)).toBeUndefined();
  expect(w.get(pods, second!.metadata.name)?.status.phase).toBe('Failed');
  expect(w.get(replicaSets, 'web')?.status.replicas).toBe(2);
});

test('scaling down takes pods that are not ready first, then cheap ones, then the youngest', () => {
  const w = testWorld();
  w.create(replicaSets, 'web', spec(2));
  w.pass(5);
  w.edit(replicaSets, 'web', (s) => void (s.spec.replicas = 5));
  w.pass(5);
  const [a, b, ...young] = w
    .pods()
    .sort((x, y) => (x.metadata.creationTimestamp < y.metadata.creationTimestamp ? -1 : 1));
  w.workloads.podControls.setReady(ns, a!.metadata.name, false);
  w.edit(
    pods,
    young[0]!.metadata.name,
    (p) => void (p.metadata.annotations = { 'controller.kubernetes.io/pod-deletion-cost': '-5' }),
  );
  w.pass(5);
  w.edit(replicaSets, 'web', (s) => void (s.spec.replicas = 4));
  w.pass(1);
  expect(w.get(pods, a!.metadata.name)).toBeUndefined();
  w.edit(replicaSets, 'web', (s) => void (s.spec.replicas = 3));
  w.pass(1);
  expect(w.get(pods, young[0]!.metadata.name)).toBeUndefined();
  w.edit(replicaSets, 'web', (s) => void (s.spec.replicas = 1));
  w.pass(1);
  expect(w.pods().map((p) => p.metadata.name)).toEqual([b!.metadata.name]);
});

test('pods count as available only after minReadySeconds, and the status says so without being asked again', () => {
  const w = testWorld();
  w.create(replicaSets, 'web', spec(1, { minReadySeconds: 30 }));
  w.pass(2);
  expect(w.get(replicaSets, 'web')?.status).toMatchObject({ readyReplicas: 1 });
  expect(w.get(replicaSets, 'web')?.status.availableReplicas).toBeUndefined();
  w.pass(30);
  expect(w.get(replicaSets, 'web')?.status.availableReplicas).toBe(1);
});

test('an orphan with matching labels is adopted, and one whose labels stop matching is let go and replaced', () => {
  const w = testWorld();
  w.create(pods, 'stray', { spec: template('web').spec }, { labels: { app: 'web' } });
  w.pass(1);
  const set = w.create(replicaSets, 'web', spec(2));
  w.pass(1);
  expect(w.get(pods, 'stray')?.metadata.ownerReferences?.[0]?.uid).toBe(set.metadata.uid);
  expect(w.pods()).toHaveLength(2);
  w.edit(pods, 'stray', (p) => void (p.metadata.labels = { app: 'debug' }));
  w.pass(1);
  expect(w.get(pods, 'stray')?.metadata.ownerReferences).toBeUndefined();
  expect(w.pods({ app: 'web' })).toHaveLength(2);
});

test('a pod that the API refuses is told as ReplicaFailure, and tried again until it is taken', () => {
  const w = testWorld();
  const { create } = w.store;
  w.store.create = (r, object, options) => {
    if (r.resource === 'pods') throw new Error('the quota is used up');
    return create(r, object, options);
  };
  w.create(replicaSets, 'web', spec(1));
  w.pass(1);
  expect(w.conditions(replicaSets, 'web')).toEqual({ ReplicaFailure: 'True FailedCreate' });
  w.store.create = create;
  w.pass(120);
  expect(w.conditions(replicaSets, 'web')).toEqual({});
  expect(w.readyPods()).toHaveLength(1);
});

test('a ReplicaSet at rest writes nothing', () => {
  const w = testWorld();
  w.create(replicaSets, 'web', spec(3));
  w.pass(10);
  const before = w.store.revision();
  w.pass(3000);
  expect(w.store.revision()).toBe(before);
});

test('400 pods at once take few status writes of their ReplicaSet, however many they are', () => {
  const w = testWorld({ recordEvents: false });
  const writes = w.writes(replicaSets);
  w.create(replicaSets, 'web', spec(400));
  w.pass(2);
  expect(w.readyPods()).toHaveLength(400);
  w.edit(replicaSets, 'web', (s) => void (s.spec.replicas = 0));
  w.pass(2);
  expect(w.pods()).toHaveLength(0);
  expect(writes()).toBeLessThan(25);
});

test('a pod of a template that is asked to be never ready keeps its ReplicaSet short', () => {
  const w = testWorld();
  w.create(replicaSets, 'web', {
    spec: { replicas: 1, ...selecting('web'), template: template('web', {}, { [behaviour.readyAfter]: 'never' }) },
  });
  w.pass(600);
  expect(w.pods()[0]?.status?.phase).toBe('Running');
  expect(w.pods().some(isReady)).toBe(false);
  expect(w.get(replicaSets, 'web')?.status.readyReplicas).toBeUndefined();
});
