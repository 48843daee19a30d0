import type { Rollout } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import { watchChanges } from '../src/triggers.ts';
import { fixedCaches } from './fixed-caches.ts';
import { replicaSet, rollout, service } from './objects.ts';

function watch(contents: Parameters<typeof fixedCaches>[0] = {}) {
  const { caches, change } = fixedCaches(contents);
  const seen: string[] = [];
  watchChanges(caches, {
    enqueue: (key, priority) => void seen.push(`${key} ${priority}`),
    gone: (gone) => void seen.push(`gone ${gone.metadata.uid ?? ''}`),
    checkService: (key, why) => void seen.push(`service ${key} ${why}`),
  });
  return { change, seen };
}

const blueGreen = (activeService: string): Rollout =>
  rollout('web', { spec: { strategy: { blueGreen: { activeService } } } });
const changed = (object: Rollout, fields: Partial<Rollout>): Rollout => ({ ...object, ...fields });

describe('a change concerns', () => {
  it('the Rollout that changed', () => {
    const { change, seen } = watch();
    change.rollout(undefined, rollout());
    expect(seen).toEqual(['shop/web normal']);
  });

  it('the Rollout that controls a ReplicaSet, when it is still the same one', () => {
    const earlier = { ...rollout(), metadata: { ...rollout().metadata, uid: 'earlier' } };
    const { change, seen } = watch({ rollouts: [rollout()] });
    change.replicaSet(undefined, replicaSet('web-a', earlier));
    expect(seen).toEqual([]);
    change.replicaSet(undefined, replicaSet('web-b', rollout()));
    expect(seen).toEqual(['shop/web normal']);
  });

  it('both the old and the new controller of a ReplicaSet, and those that could adopt it', () => {
    const { change, seen } = watch({ rollouts: [rollout(), rollout('other')] });
    change.replicaSet(replicaSet('web-a', rollout('other')), replicaSet('web-a', undefined));
    expect(seen).toEqual(['shop/other normal', 'shop/web normal']);
  });

  it('the Rollouts that name a Service', () => {
    const { change, seen } = watch({ rollouts: [blueGreen('web-active'), rollout('other')] });
    change.service(undefined, service('web-active'));
    expect(seen).toEqual(['shop/web normal']);
  });

  it('the Rollouts that take their template from a workload, and all of its kind once that is known', () => {
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'old' };
    const { change, seen } = watch({ rollouts: [rollout('web', { spec: { workloadRef } }), rollout('other')] });
    change.workload('Deployment', 'shop', 'old');
    change.workload('Deployment', 'shop', 'unrelated');
    change.workload('Deployment', undefined, undefined);
    expect(seen).toEqual(['shop/web normal', 'shop/web normal']);
  });
});

describe('goes first', () => {
  const updating = rollout('web', { status: { stableRS: 'a', currentPodHash: 'b' } });

  it('an abort that was asked for and not yet seen to', () => {
    const { change, seen } = watch();
    change.rollout(updating, changed(updating, { status: { ...updating.status, abort: true } }));
    change.rollout(
      updating,
      changed(updating, { status: { ...updating.status, abort: true, abortedAt: '2026-01-01T00:00:00Z' } }),
    );
    expect(seen).toEqual(['shop/web safety', 'shop/web normal']);
  });

  it('another spec in the middle of an update: it may be the way back', () => {
    const { change, seen } = watch();
    change.rollout(updating, changed(updating, { spec: { ...updating.spec, replicas: 5 } }));
    change.rollout(rollout(), changed(rollout(), { spec: { ...rollout().spec, replicas: 5 } }));
    expect(seen).toEqual(['shop/web safety', 'shop/web normal']);
  });
});

describe('Services are looked at', () => {
  it('when a Rollout lets go of them or goes', () => {
    const { change, seen } = watch();
    change.rollout(blueGreen('one'), blueGreen('two'));
    change.rollout(blueGreen('two'), undefined);
    expect(seen).toEqual([
      'shop/web normal',
      'service shop/one dropped',
      'shop/web normal',
      'gone uid-web',
      'service shop/two dropped',
    ]);
  });

  it('when they select one version', () => {
    const { change, seen } = watch();
    change.service(undefined, service('one', { hash: 'a' }));
    change.service(undefined, service('two'));
    expect(seen).toEqual(['service shop/one changed']);
  });
});

it('a Rollout that was replaced by one of the same name is gone', () => {
  const { change, seen } = watch();
  change.rollout({ ...rollout(), metadata: { ...rollout().metadata, uid: 'earlier' } }, rollout());
  expect(seen).toEqual(['shop/web normal', 'gone earlier']);
});
