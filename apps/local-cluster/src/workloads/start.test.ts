import { expect, test } from 'vitest';
import { deployments, services } from './base/resources.ts';
import { ns, selecting, template, testWorld } from './testing.ts';

test('ten minutes of updates, crashes and scaling pass under the virtual clock without waiting for any of it', () => {
  const w = testWorld();
  w.create(deployments, 'shop', {
    spec: { replicas: 8, minReadySeconds: 10, ...selecting('shop'), template: template('shop') },
  });
  w.create(services, 'shop', { spec: { selector: { app: 'shop' }, ports: [{ port: 80 }] } });
  const start = w.clock.now();
  for (let minute = 1; minute <= 10; minute++) {
    w.edit(deployments, 'shop', (d) => {
      d.spec.template.spec.containers[0].image = `shop:${minute}`;
      d.spec.replicas = 5 + (minute % 4);
    });
    w.pass(20);
    w.workloads.podControls.fail(ns, w.readyPods()[0]!.metadata.name);
    w.pass(40);
  }
  expect(w.clock.now() - start).toBe(600_000);
  expect(w.readyPods().every((p) => p.spec.containers[0]!.image === 'shop:10')).toBe(true);
  expect(w.readyPods()).toHaveLength(7);
  expect(w.conditions(deployments, 'shop').Progressing).toBe('True NewReplicaSetAvailable');
  expect(w.errors).toEqual([]);
});

test('what is stopped leaves no timer behind', () => {
  const w = testWorld();
  w.create(deployments, 'shop', {
    spec: { replicas: 2, minReadySeconds: 60, ...selecting('shop'), template: template('shop') },
  });
  w.pass(1);
  expect(w.clock.nextAt()).toBeDefined();
  w.workloads.stop();
  expect(w.clock.nextAt()).toBeUndefined();
});

test('after a restart everything goes on from what the store holds', () => {
  const w = testWorld();
  w.create(deployments, 'shop', { spec: { replicas: 4, ...selecting('shop'), template: template('shop') } });
  w.pass(1);
  w.edit(deployments, 'shop', (d) => void (d.spec.template.spec.containers[0].image = 'shop:2'));
  w.clock.advance(150);
  w.restart();
  w.pass(10);
  expect(w.readyPods().map((p) => p.spec.containers[0]!.image)).toEqual(Array(4).fill('shop:2'));
});
