import { expect, test } from 'vitest';
import type { KubeObject } from '../../storage/store.ts';
import { deployments, pods, replicaSets } from '../base/resources.ts';
import type { World } from '../testing.ts';
import { ns, selecting, template, testWorld } from '../testing.ts';
import type { DeploymentSpec } from './kinds.ts';

const revisionKey = 'deployment.kubernetes.io/revision';

const deploy = (w: World, replicas: number, more: Partial<DeploymentSpec> = {}): KubeObject =>
  w.create(deployments, 'shop', { spec: { replicas, ...selecting('shop'), template: template('shop'), ...more } });
const setImage = (w: World, image: string) =>
  w.edit(deployments, 'shop', (d) => void (d.spec.template.spec.containers[0].image = image));
const sets = (w: World): KubeObject[] => [...w.store.list(replicaSets, ns)].sort((a, b) => revision(a) - revision(b));
const revision = (o: KubeObject | undefined): number => Number(o?.metadata.annotations?.[revisionKey]);
const images = (w: World): string[] =>
  w
    .pods()
    .map((p) => p.spec.containers[0]!.image!)
    .sort();

test('a Deployment becomes complete: counts, conditions, revision 1 and a hash on everything it made', () => {
  const w = testWorld();
  deploy(w, 3);
  w.pass(1);
  const [set] = sets(w);
  const hash = set!.metadata.labels?.['pod-template-hash'];
  expect(set!.metadata.name).toBe(`shop-${hash}`);
  expect(set!.spec.selector.matchLabels).toEqual({ app: 'shop', 'pod-template-hash': hash });
  expect(set!.metadata.annotations).toEqual({
    [revisionKey]: '1',
    'deployment.kubernetes.io/desired-replicas': '3',
    'deployment.kubernetes.io/max-replicas': '4',
  });
  expect(w.pods({ app: 'shop', 'pod-template-hash': hash! })).toHaveLength(3);
  expect(w.get(deployments, 'shop')?.status).toMatchObject({
    observedGeneration: 1,
    replicas: 3,
    updatedReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
  });
  expect(w.get(deployments, 'shop')?.status.unavailableReplicas).toBeUndefined();
  expect(w.conditions(deployments, 'shop')).toEqual({
    Available: 'True MinimumReplicasAvailable',
    Progressing: 'True NewReplicaSetAvailable',
  });
  expect(w.errors).toEqual([]);
});

test('a rolling update replaces every pod and never leaves the bounds of surge and unavailability', () => {
  const w = testWorld();
  deploy(w, 10, {
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 1 } },
    minReadySeconds: 5,
  });
  w.pass(20);
  setImage(w, 'shop:2');
  let steps = 0;
  while (w.conditions(deployments, 'shop').Progressing !== 'True NewReplicaSetAvailable' || steps === 0) {
    w.clock.step();
    const specs = sets(w).reduce((n, s) => n + s.spec.replicas, 0);
    const available = sets(w).reduce((n, s) => n + (s.status?.availableReplicas ?? 0), 0);
    expect(specs).toBeLessThanOrEqual(12);
    expect(available).toBeGreaterThanOrEqual(9);
    if (++steps > 5000) throw new Error('the update does not end');
  }
  w.pass(5);
  expect(images(w)).toEqual(Array(10).fill('shop:2'));
  expect(sets(w).map((s) => [revision(s), s.spec.replicas])).toEqual([
    [1, 0],
    [2, 10],
  ]);
});

test('going back to an earlier template uses its ReplicaSet again, under a new revision that remembers the old one', () => {
  const w = testWorld();
  deploy(w, 2);
  w.pass(2);
  setImage(w, 'shop:2');
  w.pass(5);
  setImage(w, 'shop:1');
  w.pass(5);
  expect(sets(w).map((s) => [revision(s), s.spec.template.spec.containers[0].image, s.spec.replicas])).toEqual([
    [2, 'shop:2', 0],
    [3, 'shop:1', 2],
  ]);
  expect(sets(w)[1]!.metadata.annotations?.['deployment.kubernetes.io/revision-history']).toBe('1');
  expect(w.get(deployments, 'shop')?.metadata.annotations?.[revisionKey]).toBe('3');
});

test('a template that came back with nulls and empty maps, as clients send them, is the same template', () => {
  const w = testWorld();
  deploy(w, 1);
  w.pass(2);
  w.edit(deployments, 'shop', (d) => {
    d.spec.template.metadata.creationTimestamp = null;
    d.spec.template.spec.containers[0].resources = {};
  });
  w.pass(2);
  expect(sets(w)).toHaveLength(1);
});

test('an image that nobody has stops the update within its bounds, and is told after the progress deadline', () => {
  const w = testWorld();
  deploy(w, 4, { progressDeadlineSeconds: 60 });
  w.pass(2);
  setImage(w, 'shop:does-not-exist');
  w.pass(30);
  expect(w.conditions(deployments, 'shop').Progressing).toBe('True ReplicaSetUpdated');
  expect(w.readyPods()).toHaveLength(3);
  w.pass(40);
  expect(w.conditions(deployments, 'shop')).toEqual({
    Available: 'True MinimumReplicasAvailable',
    Progressing: 'False ProgressDeadlineExceeded',
  });
  const waiting = w.pods().find((p) => p.status?.phase === 'Pending')!.status!.containerStatuses![0]!.state.waiting;
  expect(waiting?.reason).toBe('ImagePullBackOff');
  setImage(w, 'shop:3');
  w.pass(10);
  expect(w.conditions(deployments, 'shop').Progressing).toBe('True NewReplicaSetAvailable');
});

test('a paused Deployment scales but does not roll, and rolls when it is resumed', () => {
  const w = testWorld();
  deploy(w, 2);
  w.pass(2);
  w.edit(deployments, 'shop', (d) => void (d.spec.paused = true));
  w.pass(1);
  expect(w.conditions(deployments, 'shop').Progressing).toBe('Unknown DeploymentPaused');
  setImage(w, 'shop:2');
  w.edit(deployments, 'shop', (d) => void (d.spec.replicas = 4));
  w.pass(3);
  expect(images(w)).toEqual(Array(4).fill('shop:1'));
  w.edit(deployments, 'shop', (d) => void (d.spec.paused = false));
  w.pass(5);
  expect(images(w)).toEqual(Array(4).fill('shop:2'));
  expect(w.conditions(deployments, 'shop').Progressing).toBe('True NewReplicaSetAvailable');
});

test('scaling in the middle of an update spreads the pods over both versions in proportion', () => {
  const w = testWorld();
  deploy(w, 10, { strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } });
  w.pass(2);
  setImage(w, 'shop:does-not-exist');
  w.pass(5);
  expect(sets(w).map((s) => s.spec.replicas)).toEqual([8, 5]);
  w.edit(deployments, 'shop', (d) => void (d.spec.replicas = 15));
  w.pass(5);
  expect(sets(w).map((s) => s.spec.replicas)).toEqual([11, 7]);
});

test('Recreate starts no new pod before the last old one is gone', () => {
  const w = testWorld();
  const slow = {
    containers: [{ name: 'main', image: 'shop:1', lifecycle: { preStop: { exec: { command: ['sleep', '8'] } } } }],
  };
  deploy(w, 2, { strategy: { type: 'Recreate' }, template: template('shop', slow) });
  w.pass(2);
  setImage(w, 'shop:2');
  w.pass(5);
  expect(images(w)).toEqual(['shop:1', 'shop:1']);
  w.pass(5);
  expect(images(w)).toEqual(['shop:2', 'shop:2']);
  expect(w.conditions(deployments, 'shop').Progressing).toBe('True NewReplicaSetAvailable');
});

test('old ReplicaSets beyond the history limit are deleted, the oldest first', () => {
  const w = testWorld();
  deploy(w, 1, { revisionHistoryLimit: 2 });
  for (let i = 2; i <= 6; i++) {
    w.pass(3);
    setImage(w, `shop:${i}`);
  }
  w.pass(5);
  expect(sets(w).map(revision)).toEqual([4, 5, 6]);
});

test('what describes a version is copied to its ReplicaSet, what describes the object is not', () => {
  const w = testWorld();
  w.create(
    deployments,
    'shop',
    { spec: { replicas: 0, ...selecting('shop'), template: template('shop') } },
    {
      annotations: { 'kubernetes.io/change-cause': 'first', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
    },
  );
  w.pass(1);
  expect(Object.keys(sets(w)[0]!.metadata.annotations!).sort()).toEqual([
    'deployment.kubernetes.io/desired-replicas',
    'deployment.kubernetes.io/max-replicas',
    revisionKey,
    'kubernetes.io/change-cause',
  ]);
});

test('a name that somebody else holds is avoided by another hash', () => {
  const w = testWorld();
  deploy(w, 1);
  w.pass(1);
  const { name } = sets(w)[0]!.metadata;
  w.store.remove(deployments, ns, 'shop', { propagationPolicy: 'Background' });
  w.pass(1);
  expect(w.store.list(replicaSets, ns)).toHaveLength(0);
  w.create(replicaSets, name, { spec: { replicas: 0, ...selecting('other'), template: template('other') } });
  deploy(w, 1);
  w.pass(2);
  expect(w.get(deployments, 'shop')?.status.collisionCount).toBe(1);
  expect(w.readyPods()).toHaveLength(1);
});

test('a Deployment at rest writes nothing', () => {
  const w = testWorld();
  deploy(w, 3);
  w.pass(10);
  const before = w.store.revision();
  w.pass(3000);
  expect(w.store.revision()).toBe(before);
  expect(w.store.list(pods, ns)).toHaveLength(3);
});
