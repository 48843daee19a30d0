import { expect, test } from 'vitest';
import { virtualClock } from '../../clock.ts';
import { conflict } from '../../storage/status-error.ts';
import type { KubeObject } from '../../storage/store.ts';
import { createStore } from '../../storage/store.ts';
import { durationMs } from '../node/behaviour.ts';
import { createObjectCache } from './object-cache.ts';
import { createReconcileLoop } from './reconcile-loop.ts';
import { configMaps } from './resources.ts';
import { matchesSelector } from './selector.ts';

test('a key that is asked for many times is looked at once, and two controllers do not share keys', () => {
  const clock = virtualClock(0);
  const loop = createReconcileLoop(clock);
  const looks: string[] = [];
  const [a, b] = ['a', 'b'].map((name) => loop.controller('same name', (key) => void looks.push(name + key)));
  for (let i = 0; i < 5; i++) a!('x');
  b!('x');
  expect(looks).toEqual([]);
  clock.advance(0);
  expect(looks).toEqual(['ax', 'bx']);
});

test('a reconcile that asks to look again is looked at then, or earlier if something changes, and not twice', () => {
  const clock = virtualClock(0);
  const loop = createReconcileLoop(clock);
  const looks: number[] = [];
  const ask = loop.controller('c', () => (looks.push(clock.now()) < 3 ? 1000 : undefined));
  ask('x');
  clock.advance(400);
  ask('x');
  clock.advance(5000);
  expect(looks).toEqual([0, 400, 1400]);
});

test('a failure is tried again ever later, and told unless it is one that mends itself', () => {
  const clock = virtualClock(0);
  const told: string[] = [];
  const loop = createReconcileLoop(clock, {
    onError: (error, where) => told.push(`${where}: ${(error as Error).message}`),
  });
  const looks: number[] = [];
  loop.controller('c', () => {
    if (looks.push(clock.now()) === 1) throw conflict({ group: '', resource: 'pods' }, 'x');
    if (looks.length < 5) throw new Error('no luck');
    return undefined;
  })('ns/x');
  clock.advance(10_000);
  expect(looks).toEqual([0, 5, 15, 35, 75]);
  expect(told).toEqual(Array(3).fill('c ns/x: no luck'));
});

test('a cache finds objects by controller and by labels, also after these changed', () => {
  const clock = virtualClock(0);
  const store = createStore({ clock });
  const cache = createObjectCache(store, configMaps);
  const make = (name: string, labels: Record<string, string>, owner?: string): KubeObject =>
    store.create(configMaps, {
      metadata: {
        name,
        namespace: 'default',
        labels,
        ...(owner
          ? { ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: owner, controller: true }] }
          : {}),
      },
    } as KubeObject);
  make('early', { app: 'a', tier: 'web' }, 'u1');
  cache.start();
  make('z', { app: 'a', tier: 'web' }, 'u1');
  make('b', { app: 'a', tier: 'db' }, 'u2');
  const names = (list: KubeObject[]): string[] => list.map((o) => o.metadata.name);
  expect(names(cache.controlledBy('u1'))).toEqual(['early', 'z']);
  expect(names(cache.withLabels('default', { app: 'a', tier: 'web' }))).toEqual(['early', 'z']);
  expect(names(cache.withLabels('other', { app: 'a' }))).toEqual([]);
  expect(names(cache.withLabels('default', {}))).toEqual(['early', 'z', 'b']);
  store.modify(configMaps, 'default', 'early', (d) => {
    d.metadata.labels = { app: 'b' };
    delete d.metadata.ownerReferences;
  });
  store.remove(configMaps, 'default', 'b');
  expect(names(cache.controlledBy('u1'))).toEqual(['z']);
  expect(names(cache.controlledBy('u2'))).toEqual([]);
  expect(names(cache.withLabels('default', { app: 'b' }))).toEqual(['early']);
});

test('an absent selector selects nothing, an empty one everything, and expressions count', () => {
  const labels = { app: 'shop', track: 'canary' };
  expect(matchesSelector(undefined, labels)).toBe(false);
  expect(matchesSelector({}, labels)).toBe(true);
  expect(matchesSelector({ matchExpressions: [{ key: 'track', operator: 'In', values: ['canary'] }] }, labels)).toBe(
    true,
  );
  expect(matchesSelector({ matchExpressions: [{ key: 'track', operator: 'NotIn', values: ['canary'] }] }, labels)).toBe(
    false,
  );
  expect(matchesSelector({ matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] }, labels)).toBe(true);
  expect(matchesSelector({ matchExpressions: [{ key: 'zone', operator: 'Exists' }] }, labels)).toBe(false);
  expect(matchesSelector({ matchExpressions: [{ key: 'zone', operator: 'DoesNotExist' }] }, undefined)).toBe(true);
});

test.each([
  ['200ms', 200],
  ['5s', 5000],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['7', 7000],
  ['never', undefined],
  ['', undefined],
  [undefined, undefined],
])('the duration %s is %s ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});
