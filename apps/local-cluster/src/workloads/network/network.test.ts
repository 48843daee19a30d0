import { expect, test } from 'vitest';
import type { Pod } from '../base/pod.ts';
import {
  deployments,
  disruptionBudgets,
  endpointSlices,
  endpoints,
  pods,
  replicaSets,
  services,
} from '../base/resources.ts';
import type { World } from '../testing.ts';
import { ns, selecting, template, testWorld } from '../testing.ts';
import type { EndpointSlice } from './kinds.ts';

const slices = (w: World): EndpointSlice[] => w.store.list(endpointSlices, ns) as EndpointSlice[];
const backends = (w: World) =>
  slices(w).flatMap((s) => s.endpoints.map((e) => [e.targetRef.name, e.conditions] as const));
const set = (w: World, replicas: number, podTemplate = template('web')) =>
  w.create(replicaSets, 'web', { spec: { replicas, ...selecting('web'), template: podTemplate } });
const service = (w: World, more: object = {}) =>
  w.create(services, 'web', { spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }], ...more } });

test('the ready pods behind a Service are its endpoints, in an EndpointSlice and in Endpoints', () => {
  const w = testWorld();
  service(w);
  w.pass(1);
  expect(slices(w)[0]).toMatchObject({ endpoints: [], ports: null, addressType: 'IPv4' });
  set(w, 2);
  w.pass(1);
  const [slice] = slices(w);
  expect(slice!.metadata.labels).toEqual({
    'kubernetes.io/service-name': 'web',
    'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
  });
  expect(slice!.ports).toEqual([{ name: '', port: 8080, protocol: 'TCP' }]);
  expect(slice!.endpoints.map((e) => [e.addresses, e.conditions])).toEqual(
    ['10.100.0.1', '10.100.0.2'].map((ip) => [[ip], { ready: true, serving: true, terminating: false }]),
  );
  expect(w.get(endpoints, 'web')?.subsets).toMatchObject([
    { addresses: [{ ip: '10.100.0.1' }, { ip: '10.100.0.2' }], ports: [{ port: 8080, protocol: 'TCP' }] },
  ]);
});

test('a pod that stops is still served while it terminates, and no longer ready', () => {
  const w = testWorld();
  service(w);
  set(w, 1, template('web', { containers: [{ name: 'main', lifecycle: { preStop: { sleep: { seconds: 10 } } } }] }));
  w.pass(1);
  const [old] = w.pods();
  w.store.remove(pods, ns, old!.metadata.name);
  w.pass(2);
  expect(Object.fromEntries(backends(w))[old!.metadata.name]).toEqual({
    ready: false,
    serving: true,
    terminating: true,
  });
  expect(w.get(endpoints, 'web')?.subsets[0].addresses).toHaveLength(1);
  w.pass(10);
  expect(backends(w).map(([name]) => name)).not.toContain(old!.metadata.name);
});

test('a pod that is not ready is listed as such, unless the Service asks to have it all the same', () => {
  const w = testWorld();
  service(w);
  set(w, 1);
  w.pass(1);
  w.workloads.podControls.setReady(ns, w.pods()[0]!.metadata.name, false);
  w.pass(1);
  expect(backends(w)[0]![1]).toEqual({ ready: false, serving: false, terminating: false });
  expect(w.get(endpoints, 'web')?.subsets[0]).toMatchObject({ notReadyAddresses: [{ ip: '10.100.0.1' }] });
  w.edit(services, 'web', (s) => void (s.spec.publishNotReadyAddresses = true));
  w.pass(1);
  expect(backends(w)[0]![1].ready).toBe(true);
});

test('a named target port may be another number in each version of a pod', () => {
  const w = testWorld();
  service(w, { ports: [{ name: 'http', port: 80, targetPort: 'web' }] });
  const at = (port: number) => ({ containers: [{ name: 'main', ports: [{ name: 'web', containerPort: port }] }] });
  w.create(pods, 'a', { spec: at(8080) }, { labels: { app: 'web' } });
  w.create(pods, 'b', { spec: at(9090) }, { labels: { app: 'web' } });
  w.pass(1);
  expect(
    slices(w)
      .map((s) => [s.ports, s.endpoints[0]!.targetRef.name])
      .sort(),
  ).toEqual([
    [[{ name: 'http', port: 8080, protocol: 'TCP' }], 'a'],
    [[{ name: 'http', port: 9090, protocol: 'TCP' }], 'b'],
  ]);
});

test('endpoints follow a change of the selector at once, and go with the Service', () => {
  const w = testWorld();
  service(w);
  for (const [name, version] of [
    ['a', '1'],
    ['b', '2'],
  ] as const)
    w.create(pods, name, { spec: { containers: [{ name: 'main' }] } }, { labels: { app: 'web', version } });
  w.pass(1);
  w.edit(services, 'web', (s) => void (s.spec.selector.version = '2'));
  w.clock.advance(0);
  expect(backends(w).map(([name]) => name)).toEqual(['b']);
  w.store.remove(services, ns, 'web');
  w.pass(1);
  expect([slices(w), w.store.list(endpoints, ns)]).toEqual([[], []]);
});

test('a Service without a selector is left to its owner', () => {
  const w = testWorld();
  w.create(services, 'manual', { spec: { ports: [{ port: 80 }] } });
  w.pass(1);
  expect([slices(w), w.store.list(endpoints, ns)]).toEqual([[], []]);
});

test('250 pods are spread over slices of at most 100, and one that changes rewrites one slice', () => {
  const w = testWorld({ recordEvents: false });
  service(w);
  set(w, 250);
  w.pass(2);
  expect(
    slices(w)
      .map((s) => s.endpoints.length)
      .sort(),
  ).toEqual([100, 100, 50]);
  const writes = w.writes(endpointSlices);
  w.workloads.podControls.setReady(ns, w.pods()[120]!.metadata.name, false);
  w.pass(1);
  expect(writes()).toBe(1);
});

test('a disruption budget allows what readiness and its bound leave', () => {
  const w = testWorld();
  w.create(deployments, 'web', { spec: { replicas: 4, ...selecting('web'), template: template('web') } });
  w.create(disruptionBudgets, 'min', { spec: { ...selecting('web'), minAvailable: 3 } });
  w.create(disruptionBudgets, 'max', { spec: { ...selecting('web'), maxUnavailable: '50%' } });
  w.pass(1);
  expect(w.get(disruptionBudgets, 'min')?.status).toMatchObject({
    expectedPods: 4,
    currentHealthy: 4,
    desiredHealthy: 3,
    disruptionsAllowed: 1,
  });
  expect(w.get(disruptionBudgets, 'max')?.status).toMatchObject({
    expectedPods: 4,
    desiredHealthy: 2,
    disruptionsAllowed: 2,
  });
  w.workloads.podControls.setReady(ns, (w.pods()[0] as Pod).metadata.name, false);
  w.pass(1);
  expect(w.get(disruptionBudgets, 'min')?.status.disruptionsAllowed).toBe(0);
  expect(w.conditions(disruptionBudgets, 'min')).toEqual({ DisruptionAllowed: 'False InsufficientPods' });
  expect(w.get(disruptionBudgets, 'max')?.status.disruptionsAllowed).toBe(1);
});
