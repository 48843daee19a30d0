import { noCapabilities } from '@sluice/engine';
import { silentLogger } from '@sluice/kube';
import type { Rollout } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import { assembleFromApi } from '../src/assemble/api-sources.ts';
import { cachedSources } from '../src/assemble/cached-sources.ts';
import type { CachedWorkload } from '../src/assemble/workloads.ts';
import { assembleSnapshot, isIncomplete } from '../src/assemble/snapshot.ts';
import { fixedCaches } from './fixed-caches.ts';
import { namespace, ownerOf, replicaSet, rollout, service } from './objects.ts';
import { recordedClient } from './recorded-client.ts';
import type { Failure, RecordedCall } from './recorded-client.ts';

type Contents = Parameters<typeof fixedCaches>[0];

async function assemble(
  subject: Rollout,
  contents: Contents,
  objects: Parameters<typeof recordedClient>[0] = [],
  fail?: (call: RecordedCall) => Failure | undefined,
) {
  const { client, calls } = recordedClient(objects, fail);
  const { caches } = fixedCaches(contents);
  const snapshot = await assembleSnapshot(cachedSources(caches, client, silentLogger), subject, {
    now: 5,
    capabilities: noCapabilities,
  });
  return { snapshot, calls };
}

const named = rollout('web', {
  spec: { strategy: { canary: { stableService: 'web-stable', canaryService: 'web-canary' } } },
});
const migrating = rollout('web', { spec: { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'old' } } });
delete migrating.spec.selector;
const deployment: CachedWorkload = {
  metadata: { name: 'old', generation: 4 },
  template: { spec: { containers: [{ name: 'main' }] } },
  selector: { matchLabels: { app: 'old' } },
};

describe('the snapshot', () => {
  it('holds the ReplicaSets that the Rollout controls, by uid, and the orphans that match its selector', async () => {
    const own = replicaSet('web-a', rollout());
    const namesake = replicaSet('web-b', { ...rollout(), metadata: { ...rollout().metadata, uid: 'earlier' } });
    const orphan = replicaSet('web-c', undefined);
    const stranger = replicaSet('other-d', undefined, { app: 'other' });
    const { snapshot } = await assemble(rollout(), { replicaSets: [own, namesake, orphan, stranger] });
    expect(snapshot.replicaSets).toEqual([own]);
    expect(snapshot.orphans).toEqual([orphan]);
  });

  it('is frozen, lists included', async () => {
    const { snapshot } = await assemble(named, { services: [service('web-stable'), service('web-canary')] });
    for (const part of [snapshot, snapshot.services, snapshot.replicaSets, snapshot.orphans])
      expect(part).toSatisfy(Object.isFrozen);
  });

  it('asks the server before it calls a Service absent: another watch may be late', async () => {
    const late = service('web-canary');
    const { snapshot, calls } = await assemble(named, { services: [service('web-stable')] }, [late]);
    expect(snapshot.services['web-canary']).toEqual(late);
    expect(calls).toMatchObject([{ verb: 'get', plural: 'services', name: 'web-canary' }]);
    const missing = await assemble(named, { services: [service('web-stable')] });
    expect(missing.snapshot.services).toMatchObject({ 'web-canary': 'absent' });
  });

  it('says unknown of a Service that cannot be read, and is incomplete', async () => {
    const { snapshot } = await assemble(named, {}, [], () => ({ code: 'Forbidden' }));
    expect(snapshot.services).toEqual({ 'web-stable': 'unknown', 'web-canary': 'unknown' });
    expect(isIncomplete(snapshot)).toBe(true);
  });

  it('takes template, selector, generation and size from the workload', async () => {
    const { snapshot } = await assemble(migrating, {
      workload: deployment,
      replicaSets: [replicaSet('web-a', undefined, { app: 'old' })],
    });
    expect(snapshot.workload).toEqual({
      kind: 'found',
      template: deployment.template,
      selector: { matchLabels: { app: 'old' } },
      generation: 4,
      replicas: 1,
    });
    expect(snapshot.orphans.map(({ metadata }) => metadata.name)).toEqual(['web-a']);
  });

  it('holds while the kind of the workload is still being listed', async () => {
    const { snapshot } = await assemble(migrating, { workload: 'unknown' });
    expect(snapshot.workload).toEqual({ kind: 'unknown' });
    expect(isIncomplete(snapshot)).toBe(true);
  });

  it('says which workload is missing, in words like those of the server, and its own for a kind that cannot be', async () => {
    const { snapshot } = await assemble(migrating, { workload: 'absent' });
    expect(snapshot.workload).toEqual({ kind: 'missing', message: `deployments.apps "${namespace}/old" not found` });
    const strange = rollout('web', {
      spec: { workloadRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'old' } },
    });
    const unsupported = await assemble(strange, {});
    expect(unsupported.snapshot.workload).toMatchObject({
      kind: 'missing',
      message: expect.stringContaining('StatefulSet'),
    });
  });

  it('lists pods only while they are needed, and keeps those of its own ReplicaSets', async () => {
    const set = replicaSet('web-a', rollout());
    const podOf = (name: string, uid: string) => ({
      kind: 'Pod',
      metadata: { name, namespace, ownerReferences: [{ ...ownerOf(rollout()), kind: 'ReplicaSet', uid }] },
    });
    const pods = [podOf('mine', 'uid-web-a'), podOf('other', 'uid-other')];
    const quiet = await assemble(rollout(), { replicaSets: [set] }, pods);
    expect(quiet.snapshot.pods).toBeUndefined();
    expect(quiet.calls).toEqual([]);
    const restarting = rollout('web', { spec: { restartAt: '2026-01-01T00:00:00Z' } });
    const { snapshot, calls } = await assemble(restarting, { replicaSets: [set] }, pods);
    expect(snapshot.pods?.map(({ metadata }) => metadata.name)).toEqual(['mine']);
    expect(calls).toMatchObject([{ verb: 'list', plural: 'pods', options: { labelSelector: 'app=web' } }]);
  });

  it('goes on without pods that cannot be listed, and looks again soon', async () => {
    const restarting = rollout('web', { spec: { restartAt: '2026-01-01T00:00:00Z' } });
    const { snapshot } = await assemble(restarting, {}, [], () => ({ code: 'Unavailable' }));
    expect(snapshot.pods).toBeUndefined();
    expect(isIncomplete(snapshot)).toBe(true);
  });
});

describe('the snapshot from direct reads', () => {
  it('is the one that the caches give', async () => {
    const sets = [replicaSet('web-a', named), replicaSet('web-b', undefined)];
    const services = [service('web-stable', { hash: 'a' }), service('web-canary')];
    const { client } = recordedClient([named, ...sets, ...services]);
    const direct = await assembleFromApi(client, namespace, 'web', { now: 5 });
    const { snapshot } = await assemble(named, { replicaSets: sets, services });
    expect(direct).toMatchObject({
      rollout: snapshot.rollout,
      services: snapshot.services,
      workload: snapshot.workload,
    });
    expect(direct?.replicaSets.map(({ metadata }) => metadata.name)).toEqual(['web-a']);
    expect(direct?.orphans.map(({ metadata }) => metadata.name)).toEqual(['web-b']);
  });

  it('knows which names are taken without trying', async () => {
    const foreign = replicaSet('web-x', rollout('other'));
    const { client } = recordedClient([rollout(), foreign]);
    const direct = await assembleFromApi(client, namespace, 'web', { now: 5 });
    expect(direct?.takenNames).toEqual(['web-x']);
  });

  it('is undefined for a Rollout that is not there', async () => {
    expect(await assembleFromApi(recordedClient().client, namespace, 'web', { now: 5 })).toBeUndefined();
  });
});
