import { expect, test } from 'vitest';
import type { KubeObject, ResourceRef } from '../../storage/store.ts';
import { controllerReference } from '../base/ownership.ts';
import {
  autoscalers,
  configMaps,
  customResourceDefinitions,
  deployments,
  namespaces,
  pods,
  replicaSets,
  serviceAccounts,
} from '../base/resources.ts';
import { behaviour } from '../node/behaviour.ts';
import type { World } from '../testing.ts';
import { ns, selecting, template, testWorld } from '../testing.ts';

const rollouts: ResourceRef = { group: 'argoproj.io', version: 'v1alpha1', resource: 'rollouts' };

/** As the API server does when a CustomResourceDefinition is established. */
function defineRollouts(w: World): void {
  w.store.registry.define({
    group: 'argoproj.io',
    versions: ['v1alpha1'],
    storageVersion: 'v1alpha1',
    resource: 'rollouts',
    singular: 'rollout',
    kind: 'Rollout',
    listKind: 'RolloutList',
    namespaced: true,
    shortNames: [],
    categories: [],
    status: true,
    scale: { specReplicas: '.spec.replicas', statusReplicas: '.status.HPAReplicas' },
    generation: 'all',
    definedBy: 'rollouts.argoproj.io',
  });
  w.store.create(customResourceDefinitions, { metadata: { name: 'rollouts.argoproj.io' }, spec: {} } as KubeObject);
  w.pass(0);
}
const deploy = (w: World) =>
  w.create(deployments, 'web', { spec: { replicas: 2, ...selecting('web'), template: template('web') } });
const everything = (w: World) => [deployments, replicaSets, pods].map((r) => w.store.list(r, ns).length);

test('what an object owns goes with it, and what that owns too', () => {
  const w = testWorld();
  deploy(w);
  w.pass(1);
  expect(everything(w)).toEqual([1, 1, 2]);
  w.store.remove(deployments, ns, 'web', { propagationPolicy: 'Background' });
  w.pass(1);
  expect(everything(w)).toEqual([0, 0, 0]);
  expect(w.errors).toEqual([]);
});

test('in the foreground the owner waits until the last dependent that blocks it is gone', () => {
  const w = testWorld();
  w.create(deployments, 'web', {
    spec: { replicas: 2, ...selecting('web'), template: template('web', {}, { [behaviour.stopAfter]: '10s' }) },
  });
  w.pass(1);
  w.store.remove(deployments, ns, 'web', { propagationPolicy: 'Foreground' });
  w.pass(5);
  expect(everything(w)).toEqual([1, 1, 2]);
  expect(w.get(deployments, 'web')?.metadata.finalizers).toEqual(['foregroundDeletion']);
  w.pass(6);
  expect(everything(w)).toEqual([0, 0, 0]);
});

test('orphans are set free and stay', () => {
  const w = testWorld();
  deploy(w);
  w.pass(1);
  w.store.remove(deployments, ns, 'web', { propagationPolicy: 'Orphan' });
  w.pass(1);
  expect(everything(w)).toEqual([0, 1, 2]);
  expect(w.store.list(replicaSets, ns)[0]!.metadata.ownerReferences).toBeUndefined();
  deploy(w);
  w.pass(1);
  expect(everything(w)).toEqual([1, 1, 2]);
});

test('an object goes with its last owner, and one whose owner never was goes at once', () => {
  const w = testWorld();
  const [a, b] = ['a', 'b'].map((name) => w.create(configMaps, name, {}));
  const owner = (o: KubeObject) => ({
    ...controllerReference({ ...o, apiVersion: 'v1', kind: 'ConfigMap' }),
    controller: false,
  });
  w.create(configMaps, 'owned', {}, { ownerReferences: [owner(a!), owner(b!)] });
  w.create(configMaps, 'lost', {}, { ownerReferences: [{ ...owner(a!), uid: '0-0-0' }] });
  w.pass(1);
  expect(w.get(configMaps, 'lost')).toBeUndefined();
  w.store.remove(configMaps, ns, 'a');
  w.pass(1);
  expect(w.get(configMaps, 'owned')?.metadata.ownerReferences?.map((r) => r.name)).toEqual(['b']);
  w.store.remove(configMaps, ns, 'b');
  w.pass(1);
  expect(w.get(configMaps, 'owned')).toBeUndefined();
});

test('custom resources own and are owned as soon as they are defined', () => {
  const w = testWorld();
  defineRollouts(w);
  const rollout = w.create(rollouts, 'shop', { spec: {} });
  w.create(
    replicaSets,
    'shop-1',
    { spec: { replicas: 1, ...selecting('shop'), template: template('shop') } },
    { ownerReferences: [controllerReference(rollout)] },
  );
  w.pass(1);
  expect(w.pods()).toHaveLength(1);
  w.store.remove(rollouts, ns, 'shop');
  w.pass(1);
  expect([w.store.list(replicaSets, ns), w.pods()]).toEqual([[], []]);
});

test('an owner of a kind that nobody defined is not taken for gone', () => {
  const w = testWorld();
  w.create(
    configMaps,
    'x',
    {},
    { ownerReferences: [{ apiVersion: 'example.com/v1', kind: 'Thing', name: 't', uid: 'u' }] },
  );
  w.pass(60);
  expect(w.get(configMaps, 'x')).toBeDefined();
});

test('a namespace that is deleted is emptied, waits for what stops slowly, and goes', () => {
  const w = testWorld();
  w.store.create(namespaces, { metadata: { name: 'team' } } as KubeObject);
  w.pass(1);
  expect(w.store.list(serviceAccounts, 'team').map((o) => o.metadata.name)).toEqual(['default']);
  const spec = { replicas: 3, ...selecting('web'), template: template('web', {}, { [behaviour.stopAfter]: '5s' }) };
  w.store.create(deployments, { metadata: { name: 'web', namespace: 'team' }, spec } as KubeObject);
  w.pass(1);
  w.store.remove(namespaces, undefined, 'team');
  w.pass(3);
  expect(w.store.get(namespaces, undefined, 'team')?.status.phase).toBe('Terminating');
  expect(w.store.list(pods, 'team')).toHaveLength(3);
  w.pass(5);
  expect(w.store.get(namespaces, undefined, 'team')).toBeUndefined();
  expect([deployments, replicaSets, pods].flatMap((r) => w.store.list(r, 'team'))).toEqual([]);
  expect(w.errors).toEqual([]);
});

test('an autoscaler holds its target, also a custom one, between its bounds and otherwise leaves it alone', () => {
  const w = testWorld();
  defineRollouts(w);
  w.create(rollouts, 'shop', { spec: { replicas: 1 } });
  const scaleTargetRef = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'shop' };
  w.create(autoscalers, 'shop', { spec: { scaleTargetRef, minReplicas: 3, maxReplicas: 5 } });
  const replicas = () => w.get(rollouts, 'shop')?.spec.replicas;
  w.pass(1);
  expect(replicas()).toBe(3);
  w.edit(rollouts, 'shop', (r) => void (r.spec.replicas = 9));
  w.pass(1);
  expect(replicas()).toBe(5);
  w.edit(rollouts, 'shop', (r) => void (r.spec.replicas = 4));
  w.pass(1);
  expect(replicas()).toBe(4);
  expect(w.get(autoscalers, 'shop')?.status).toMatchObject({ desiredReplicas: 4 });
  expect(w.conditions(autoscalers, 'shop').AbleToScale).toBe('True SucceededGetScale');
  w.edit(rollouts, 'shop', (r) => void (r.spec.replicas = 0));
  w.pass(1);
  expect(replicas()).toBe(0);
});
