import { silentLogger } from '@sluice/kube';
import type { KubeObject } from '@sluice/kube';
import type { Rollout, Service } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import { createServiceRelease } from '../src/service-release.ts';
import { fixedCaches } from './fixed-caches.ts';
import { ownerOf, rollout, service } from './objects.ts';
import { recordedClient } from './recorded-client.ts';
import type { Failure, RecordedCall } from './recorded-client.ts';

interface Setup {
  readonly service: Service;
  readonly cached?: readonly Rollout[];
  readonly stored?: readonly KubeObject[];
  readonly fail?: (call: RecordedCall) => Failure | undefined;
  readonly mayWrite?: boolean;
}

async function check(setup: Setup, { dropped = false } = {}) {
  const { client, calls } = recordedClient(setup.stored ?? [], setup.fail);
  const { caches } = fixedCaches({ services: [setup.service], rollouts: setup.cached ?? [] });
  const release = createServiceRelease({
    caches,
    client,
    logger: silentLogger,
    mayWrite: () => setup.mayWrite ?? true,
  });
  const key = `shop/${setup.service.metadata.name}`;
  if (dropped) release.dropped(key);
  await release.check(key, new AbortController().signal);
  return calls
    .filter(({ verb }) => verb === 'patch')
    .map(({ body, options }) => ({ body, version: options?.['resourceVersion'] }));
}

const names = (serviceName: string) =>
  rollout('web', { spec: { strategy: { blueGreen: { activeService: serviceName } } } });
const managed = service('web-active', { hash: 'a', managedBy: 'web' });
const released = {
  body: {
    metadata: { annotations: { 'argo-rollouts.argoproj.io/managed-by-rollouts': null } },
    spec: { selector: { 'rollouts-pod-template-hash': null } },
  },
  version: '30',
};

describe('a Service that selects one version', () => {
  it('is given back when the Rollout that it names is gone', async () => {
    expect(await check({ service: managed })).toEqual([released]);
  });

  it('is given back when that Rollout exists and does not name it any more', async () => {
    expect(await check({ service: managed, stored: [names('another')] })).toEqual([released]);
  });

  it('is left alone while a Rollout names it, even one of another instance that is not cached here', async () => {
    expect(await check({ service: managed, cached: [names('web-active')] })).toEqual([]);
    expect(await check({ service: managed, stored: [names('web-active')] })).toEqual([]);
  });

  it('is released when that Rollout is gone, although another one names it and waits for it', async () => {
    const renamed = rollout('web-v2', { spec: { strategy: { blueGreen: { activeService: 'web-active' } } } });
    expect(await check({ service: managed, cached: [renamed] })).toEqual([released]);
    expect(await check({ service: managed, cached: [renamed], stored: [names('another')] })).toEqual([released]);
    expect(await check({ service: managed, cached: [renamed], stored: [names('web-active')] })).toEqual([]);
    expect(await check({ service: managed, cached: [renamed, names('web-active')] })).toEqual([]);
  });

  it('is released to the one that waits for it while its Rollout is being deleted, and kept when none waits', async () => {
    const renamed = rollout('web-v2', { spec: { strategy: { blueGreen: { activeService: 'web-active' } } } });
    const plain = names('web-active');
    const leaving = { ...plain, metadata: { ...plain.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    expect(await check({ service: managed, cached: [renamed, leaving], stored: [leaving] })).toEqual([released]);
    expect(await check({ service: managed, cached: [leaving], stored: [leaving] })).toEqual([]);
  });

  it('is looked at again where a Rollout that is not cached here keeps it from one of ours', async () => {
    const { client } = recordedClient([names('web-active')]);
    const renamed = rollout('web-v2', { spec: { strategy: { blueGreen: { activeService: 'web-active' } } } });
    const { caches } = fixedCaches({ services: [managed], rollouts: [renamed] });
    const release = createServiceRelease({ caches, client, logger: silentLogger, mayWrite: () => true });
    expect(await release.check('shop/web-active', new AbortController().signal)).toBe(30_000);
  });

  it('is left alone when the Rollout cannot be read: no answer is not "gone"', async () => {
    await expect(check({ service: managed, fail: () => ({ code: 'Unavailable' }) })).rejects.toThrow('Unavailable');
    await expect(check({ service: managed, fail: () => ({ code: 'Forbidden' }) })).rejects.toThrow('Forbidden');
  });

  it('is given back without an annotation only when a Rollout of ours has just let go of it', async () => {
    const plain = service('web-active', { hash: 'a' });
    expect(await check({ service: plain })).toEqual([]);
    expect(await check({ service: plain }, { dropped: true })).toEqual([
      { body: { spec: { selector: { 'rollouts-pod-template-hash': null } } }, version: '30' },
    ]);
    expect(await check({ service: plain, cached: [names('web-active')] }, { dropped: true })).toEqual([]);
  });

  it('of an Experiment is never touched', async () => {
    const owner = { ...ownerOf(rollout()), kind: 'Experiment' };
    expect(await check({ service: service('trial', { hash: 'a', owner }) }, { dropped: true })).toEqual([]);
  });

  it('is not touched by a replica that is not in charge', async () => {
    expect(await check({ service: managed, mayWrite: false })).toEqual([]);
  });

  it('that changed meanwhile is looked at again when the change arrives', async () => {
    const fail = (call: RecordedCall) => (call.verb === 'patch' ? { code: 'Conflict' as const } : undefined);
    await expect(check({ service: managed, fail })).resolves.toHaveLength(1);
  });
});

it('a Service without the hash label is nobody’s business', async () => {
  expect(await check({ service: service('web-active', { managedBy: 'web' }) }, { dropped: true })).toEqual([]);
});
