import { describe, expect, it } from 'vitest';
import { virtualClock } from '../clock.ts';
import { StatusError } from './status-error.ts';
import type { KubeObject, LocalStore, ResourceRef, WatchEvent } from './store.ts';
import { createStore } from './store.ts';

const replicaSets: ResourceRef = { group: 'apps', version: 'v1', resource: 'replicasets' };
const configMaps: ResourceRef = { group: '', version: 'v1', resource: 'configmaps' };
const pods: ResourceRef = { group: '', version: 'v1', resource: 'pods' };
const services: ResourceRef = { group: '', version: 'v1', resource: 'services' };
const namespaces: ResourceRef = { group: '', version: 'v1', resource: 'namespaces' };

const make = (more: object = {}, metadata: object = {}): KubeObject =>
  ({ metadata: { name: 'a', namespace: 'default', ...metadata }, ...more }) as KubeObject;
const empty = (): LocalStore => createStore({ clock: virtualClock(Date.UTC(2026, 0, 1)) });
const failure = (call: () => unknown): StatusError => {
  try {
    call();
  } catch (error) {
    if (error instanceof StatusError) return error;
  }
  throw new Error('it did not fail');
};

describe('creating', () => {
  it('gives identity, the first generation and no status of the caller’s', () => {
    const made = empty().create(
      replicaSets,
      make({ spec: { replicas: 1 }, status: { replicas: 7 } }, { uid: 'mine', generation: 9 }),
    );
    expect(made).toMatchObject({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' },
      status: { replicas: 0 },
    });
    expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(Object.isFrozen(made.spec)).toBe(true);
  });

  it('makes names up', () => {
    const store = empty();
    const names = Array.from(
      { length: 50 },
      () => store.create(configMaps, make({}, { name: '', generateName: 'x-' })).metadata.name,
    );
    expect(new Set(names).size).toBe(50);
    expect(names[0]).toMatch(/^x-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  it('fails for what exists, and in a namespace that is missing or going', () => {
    const store = empty();
    store.create(configMaps, make());
    expect(failure(() => store.create(configMaps, make()))).toMatchObject({ code: 409, reason: 'AlreadyExists' });
    expect(failure(() => store.create(configMaps, make({}, { namespace: 'nope' })))).toMatchObject({
      code: 404,
      message: 'namespaces "nope" not found',
    });
    store.remove(namespaces, undefined, 'default');
    expect(failure(() => store.create(configMaps, make({}, { name: 'b' })))).toMatchObject({
      code: 403,
      details: { causes: [{ reason: 'NamespaceTerminating' }] },
    });
  });
});

describe('updating', () => {
  it('raises the generation for the spec only', () => {
    const store = empty();
    store.create(replicaSets, make({ spec: { replicas: 1 } }));
    const generation = (): number | undefined => store.get(replicaSets, 'default', 'a')?.metadata.generation;
    store.modify(replicaSets, 'default', 'a', (d) => void (d.metadata.labels = { x: 'y' }));
    store.modify(replicaSets, 'default', 'a', (d) => void (d.status = { replicas: 1 }), { subresource: 'status' });
    expect(generation()).toBe(1);
    store.modify(replicaSets, 'default', 'a', (d) => void (d.spec.replicas = 2));
    expect(generation()).toBe(2);
  });

  it('keeps status and spec apart', () => {
    const store = empty();
    store.create(replicaSets, make({ spec: { replicas: 1 } }));
    store.modify(replicaSets, 'default', 'a', (d) => void ((d.status = { replicas: 5 }), (d.spec.replicas = 9)), {
      subresource: 'status',
    });
    store.modify(replicaSets, 'default', 'a', (d) => void ((d.status = { replicas: 6 }), (d.spec.replicas = 2)));
    expect(store.get(replicaSets, 'default', 'a')).toMatchObject({ spec: { replicas: 2 }, status: { replicas: 5 } });
  });

  it('writes nothing when nothing changes', () => {
    const store = empty();
    const made = store.create(replicaSets, make({ spec: { replicas: 1, selector: { matchLabels: { a: 'b' } } } }));
    const events: WatchEvent[] = [];
    store.subscribe(replicaSets, (e) => events.push(e));
    expect(store.update(replicaSets, structuredClone(made))).toBe(made);
    expect(store.modify(replicaSets, 'default', 'a', (d) => void (d.spec.replicas = 1))).toBe(made);
    expect(events).toEqual([]);
  });

  it('shares what did not change with the version before', () => {
    const store = empty();
    const made = store.create(replicaSets, make({ spec: { replicas: 1, template: { spec: {} } } }));
    const next = store.modify(replicaSets, 'default', 'a', (d) => void (d.spec.replicas = 2));
    expect(next?.spec.template).toBe(made.spec.template);
  });

  it('conflicts on an old version, and on another object of the same name', () => {
    const store = empty();
    const made = store.create(configMaps, make());
    store.modify(configMaps, 'default', 'a', (d) => void (d.data = { x: '1' }));
    expect(failure(() => store.update(configMaps, made))).toMatchObject({ code: 409, reason: 'Conflict' });
    expect(failure(() => store.update(configMaps, make({}, { uid: 'other' })))).toMatchObject({ code: 409 });
    expect(failure(() => store.update(configMaps, make({}, { name: 'nope' })))).toMatchObject({ code: 404 });
  });

  it('does not let a binding count as a change of a pod', () => {
    const store = empty();
    store.create(pods, make({ spec: { containers: [] } }));
    expect(store.modify(pods, 'default', 'a', (d) => void (d.spec.nodeName = 'node-1'))?.metadata.generation).toBe(1);
  });
});

describe('removing', () => {
  it('waits for finalizers', () => {
    const store = empty();
    store.create(replicaSets, make({ spec: {} }, { finalizers: ['x.io/y'] }));
    const waiting = store.remove(replicaSets, 'default', 'a');
    expect(waiting?.metadata).toMatchObject({
      deletionTimestamp: '2026-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 0,
      generation: 2,
    });
    store.modify(replicaSets, 'default', 'a', (d) => void (d.metadata.finalizers = []));
    expect(store.get(replicaSets, 'default', 'a')).toBeUndefined();
  });

  it.each([
    ['Foreground', ['foregroundDeletion']],
    ['Orphan', ['orphan']],
  ] as const)('leaves %s to the garbage collector', (propagationPolicy, finalizers) => {
    const store = empty();
    store.create(replicaSets, make({ spec: {} }));
    store.remove(replicaSets, 'default', 'a', { propagationPolicy });
    expect(store.get(replicaSets, 'default', 'a')?.metadata.finalizers).toEqual(finalizers);
  });

  it('gives a running pod its grace period, which may be cut short', () => {
    const store = empty();
    store.create(pods, make({ spec: { nodeName: 'node-1', terminationGracePeriodSeconds: 30, containers: [] } }));
    expect(store.remove(pods, 'default', 'a')?.metadata).toMatchObject({
      deletionTimestamp: '2026-01-01T00:00:30Z',
      deletionGracePeriodSeconds: 30,
    });
    expect(store.remove(pods, 'default', 'a', { gracePeriodSeconds: 60 })?.metadata.deletionGracePeriodSeconds).toBe(
      30,
    );
    store.remove(pods, 'default', 'a', { gracePeriodSeconds: 0 });
    expect(store.get(pods, 'default', 'a')).toBeUndefined();
  });

  it('takes a pod that runs nowhere at once', () => {
    const store = empty();
    store.create(pods, make({ spec: { containers: [] } }));
    store.remove(pods, 'default', 'a');
    expect(store.get(pods, 'default', 'a')).toBeUndefined();
  });

  it('checks preconditions, and changes nothing in a dry run', () => {
    const store = empty();
    store.create(services, make());
    expect(failure(() => store.remove(services, 'default', 'a', { preconditions: { uid: 'x' } }))).toMatchObject({
      code: 409,
    });
    store.remove(services, 'default', 'a', { dryRun: true });
    expect(store.get(services, 'default', 'a')).toBeDefined();
    expect(store.remove(services, 'default', 'nope')).toBeUndefined();
  });
});

describe('telling', () => {
  it('is in the order of writes, also of those that listeners make', () => {
    const store = empty();
    const seen: string[] = [];
    store.subscribe(configMaps, (e) => {
      if (e.type === 'ADDED') store.modify(configMaps, 'default', 'a', (d) => void (d.data = { seen: 'yes' }));
    });
    store.subscribe(configMaps, (e) => seen.push(`${e.type} ${e.object.metadata.resourceVersion}`));
    const made = store.create(configMaps, make());
    const version = Number(made.metadata.resourceVersion);
    expect(seen).toEqual([`ADDED ${version}`, `MODIFIED ${version + 1}`]);
  });

  it('lists by namespace and name, as they are in etcd', () => {
    const store = empty();
    for (const name of ['b', 'b-c']) store.create(namespaces, { metadata: { name } } as KubeObject);
    for (const [namespace, name] of [
      ['b', 'z'],
      ['b-c', 'a'],
      ['b', 'a'],
    ])
      store.create(configMaps, make({}, { namespace, name }));
    expect(store.list(configMaps).map((o) => `${o.metadata.namespace}/${o.metadata.name}`)).toEqual([
      'b-c/a',
      'b/a',
      'b/z',
    ]);
    expect(store.list(configMaps, 'b')).toHaveLength(2);
  });

  it('remembers as much as it was told to', () => {
    const store = createStore({ clock: virtualClock(), watchWindow: 3 });
    store.create(configMaps, make());
    const before = store.revision();
    for (let i = 0; i < 3; i++) store.modify(configMaps, 'default', 'a', (d) => void (d.data = { i: String(i) }));
    expect(store.eventsAfter(configMaps, before)).toHaveLength(3);
    store.modify(configMaps, 'default', 'a', (d) => void (d.data = {}));
    expect(store.eventsAfter(configMaps, before)).toBe('expired');
    expect(store.listAt(configMaps, 'default', before + 1)).toMatchObject([{ data: { i: '0' } }]);
  });
});
