import { createPeerAnswers } from '../src/peers/peer-answers.ts';
import type { Action, EventIntent, RolloutSnapshot } from '@sluice/engine';
import type { KubeObject } from '@sluice/kube';
import { describe, expect, it } from 'vitest';
import { createWriteRefusals } from '../src/assemble/write-refusals.ts';
import { createCreationAnswers } from '../src/assemble/creation-answers.ts';
import { execute } from '../src/execute/execute.ts';
import type { Execution } from '../src/execute/execution.ts';
import { noRouters } from '../src/execute/no-routers.ts';
import { createTurnEvents } from '../src/turn-events.ts';
import { createSet, decision, ownerOf, replicaSet, rollout, snapshot, updateSet } from './objects.ts';
import { recordedClient } from './recorded-client.ts';
import type { Failure, RecordedCall } from './recorded-client.ts';

interface Setup {
  readonly snapshot?: Partial<RolloutSnapshot>;
  readonly objects?: readonly KubeObject[];
  readonly fail?: (call: RecordedCall) => Failure | undefined;
  readonly mayWrite?: () => boolean;
  readonly routers?: Execution['routers'];
}

function setUp({
  snapshot: fields,
  objects = [rollout()],
  fail,
  mayWrite = () => true,
  routers = noRouters,
}: Setup = {}) {
  const { client, calls } = recordedClient(objects, fail);
  const events: EventIntent[] = [];
  const turnEvents = createTurnEvents((event) => void events.push(event));
  const wrote: string[] = [];
  const creations = createCreationAnswers();
  const assembled = snapshot(fields);
  const execution: Execution = {
    client,
    snapshot: assembled,
    stored: assembled.rollout,
    signal: new AbortController().signal,
    mayWrite,
    now: () => 1_000_000,
    wrote: (kind, object) =>
      void wrote.push(`${kind} ${object.metadata.name ?? ''} ${object.metadata.resourceVersion ?? ''}`),
    removed: (kind, object) => void wrote.push(`${kind} ${object.metadata.name ?? ''} removed`),
    record: (event) => turnEvents.happened(event),
    events: turnEvents,
    creations,
    refusals: createWriteRefusals(),
    routers,
    peers: { answers: createPeerAnswers() },
  };
  const run = (actions: readonly Action[], over: Parameters<typeof decision>[1] = {}, deferStatus = false) =>
    execute(execution, decision(actions, over), { deferStatus, mayDecideAgain: false });
  return { calls, events, wrote, creations, run };
}

const failOn = (verb: RecordedCall['verb'], plural: string, failure: Failure) => (call: RecordedCall) =>
  call.verb === verb && call.plural === plural ? failure : undefined;
const sent = (calls: readonly RecordedCall[]) =>
  calls.map(({ verb, plural, name }) => `${verb} ${plural} ${name ?? ''}`);

describe('execute', () => {
  it('carries the actions out in order, then stores the status, then records the events', async () => {
    const { calls, events, run } = setUp();
    const completed: EventIntent = { type: 'Normal', reason: 'RolloutCompleted', message: 'done' };
    const outcome = await run([createSet('web-b'), updateSet('web-a', { replicas: 0 })], { events: [completed] });
    expect(outcome).toEqual({ kind: 'done' });
    expect(sent(calls)).toEqual(['create replicasets web-b', 'patch replicasets web-a', 'patch rollouts web']);
    expect(events.map(({ reason }) => reason)).toEqual([
      'NewReplicaSetCreated',
      'ScalingReplicaSet',
      'RolloutCompleted',
    ]);
  });

  it('gives each write the version that was decided on', async () => {
    const { calls, run } = setUp();
    await run([updateSet('web-a', { replicas: 3, annotations: { note: null }, podLabels: { role: 'canary' } })]);
    expect(calls[0]?.options).toMatchObject({ resourceVersion: '20' });
    expect(calls[0]?.body).toEqual({
      metadata: { annotations: { note: null } },
      spec: { replicas: 3, template: { metadata: { labels: { role: 'canary' } } } },
    });
    expect(calls[1]?.options).toMatchObject({ resourceVersion: '10', subresource: 'status' });
  });

  it('stores the status against the version that its own patch of the Rollout left behind', async () => {
    const { calls, run } = setUp();
    await run([{ kind: 'PatchRollout', annotations: { a: 'b' }, replicas: 1, events: [] }]);
    expect(calls[0]).toMatchObject({ body: { metadata: { annotations: { a: 'b' } }, spec: { replicas: 1 } } });
    expect(calls[1]?.options).toMatchObject({ resourceVersion: '100', subresource: 'status' });
  });

  it('sends only what differs in the status', async () => {
    const stored = rollout('web', { status: { phase: 'Progressing', replicas: 2, message: 'old' } });
    const { calls, run } = setUp({ snapshot: { rollout: stored } });
    await run([], { status: { phase: 'Progressing', replicas: 3 } });
    expect(calls[0]?.body).toEqual({ status: { replicas: 3, message: null } });
  });

  it('writes no status that did not change, and none that may wait', async () => {
    const { calls, run } = setUp();
    expect(await run([], { statusUrgency: 'unchanged' })).toEqual({ kind: 'done' });
    expect(await run([], { statusUrgency: 'soon' }, true)).toEqual({ kind: 'held', asked: false });
    expect(calls).toEqual([]);
  });

  it('keeps a status back that may wait, also where a router was asked after another write', async () => {
    const { calls, run } = setUp({ routers: { ...noRouters, release: () => Promise.resolve('asked') } });
    const release = { kind: 'ReleaseTraffic', routers: ['nginx'], events: [] } as const;
    const actions = [updateSet('web-a', { replicas: 3 }), release, createSet('web-b')];
    expect(await run(actions, { statusUrgency: 'soon' }, true)).toEqual({ kind: 'held', asked: true });
    expect(sent(calls)).toEqual(['patch replicasets web-a']);
  });

  it('stores the status while a router takes long to answer', async () => {
    let answers = (): void => undefined;
    const apply = (): Promise<'asked'> => new Promise((resolve) => (answers = () => resolve('asked')));
    const fail = ({ plural }: RecordedCall): undefined => void (plural === 'rollouts' && setImmediate(answers));
    const { calls, run } = setUp({ fail, routers: { ...noRouters, release: apply } });
    const release = { kind: 'ReleaseTraffic', routers: ['nginx'], events: [] } as const;
    // The router answers only once the status has been written.
    expect(await run([release, updateSet('web-a', { replicas: 3 })])).toEqual({ kind: 'asked' });
    expect(sent(calls)).toEqual(['patch rollouts web']);
  });

  it('discards the decision, but only after the slow router has answered, when the status cannot be stored', async () => {
    let hasAnswered = false;
    let answers = (): void => undefined;
    const answer = new Promise<'asked'>((resolve) => (answers = () => resolve('asked')));
    const fail = (call: RecordedCall): Failure | undefined => {
      setTimeout(() => {
        hasAnswered = true;
        answers();
      }, 20);
      return failOn('patch', 'rollouts', { code: 'Conflict' })(call);
    };
    const { run } = setUp({ fail, routers: { ...noRouters, release: () => answer } });
    const release = { kind: 'ReleaseTraffic', routers: ['nginx'], events: [] } as const;
    expect(await run([release])).toEqual({ kind: 'stale', why: 'Conflict' });
    expect(hasAnswered).toBe(true);
  });

  it('stops at the first failure: no later action, no status, no event of what did not happen', async () => {
    const { calls, events, run } = setUp({ fail: failOn('patch', 'replicasets', { code: 'Unavailable' }) });
    await expect(run([updateSet('web-a', { replicas: 1 }), createSet('web-b')])).rejects.toThrow('Unavailable');
    expect(sent(calls)).toEqual(['patch replicasets web-a']);
    expect(events).toEqual([]);
  });

  it.each(['Conflict', 'NotFound'] as const)('throws the decision away on %s', async (code) => {
    const { run } = setUp({ fail: failOn('patch', 'replicasets', { code }) });
    expect(await run([updateSet('web-a', { replicas: 1 })])).toEqual({ kind: 'stale', why: code });
  });

  it('asks before each write whether it is still in charge', async () => {
    let allowed = 1;
    const { calls, run } = setUp({ mayWrite: () => allowed-- > 0 });
    expect(await run([updateSet('web-a', { replicas: 1 }), createSet('web-b')])).toEqual({ kind: 'not in charge' });
    expect(sent(calls)).toEqual(['patch replicasets web-a']);
  });

  it('remembers of a refused template which field is wrong, and nothing about the ReplicaSet that was never made', async () => {
    const message = 'ReplicaSet.apps "web-b" is invalid: spec.template.spec.containers[0].image: Required value';
    const causes = [{ field: 'spec.template.spec.containers[0].image', message: 'Required value' }];
    const fail = failOn('create', 'replicasets', { code: 'Invalid', message, details: { causes } });
    const { creations, run } = setUp({ fail });
    await run([createSet('web-b')]);
    expect(creations.of('uid-web', 1_000_000).templateRefusal?.message).toBe(
      'spec.template.spec.containers[0].image: Required value',
    );
  });

  it('remembers that the server refused a template, and does not send it again', async () => {
    const fail = failOn('create', 'replicasets', { code: 'Invalid', message: 'spec.template: no' });
    const { creations, run } = setUp({ fail });
    expect(await run([createSet('web-b')])).toEqual({ kind: 'answered', why: 'spec.template: no' });
    const known = creations.of('uid-web', 1_000_000);
    expect(known).toEqual({ templateRefusal: { hash: 'b', message: 'spec.template: no' } });
    const again = setUp({ snapshot: known });
    expect(await again.run([createSet('web-b')])).toEqual({ kind: 'done' });
    expect(sent(again.calls)).toEqual(['patch rollouts web']);
  });

  it('says so in an event when a creation fails for another reason, and tries again later each time', async () => {
    const fail = failOn('create', 'replicasets', { code: 'Forbidden', message: 'exceeded quota' });
    const { creations, events, run } = setUp({ fail });
    expect(await run([createSet('web-b')])).toMatchObject({ kind: 'answered' });
    expect(creations.of('uid-web', 1_000_999)).toEqual({ createFailure: { hash: 'b', message: 'exceeded quota' } });
    expect(creations.of('uid-web', 1_001_000)).toEqual({});
    await run([createSet('web-b')]);
    expect(creations.againAt('uid-web', 1_000_000)).toBe(1_002_000);
    // It waits for what was decided, which the next attempt stores.
    await run([]);
    expect(events[0]).toMatchObject({ type: 'Warning', reason: 'ReplicaSetCreateError' });
  });

  it('learns that a name is taken by somebody else', async () => {
    const foreign = replicaSet('web-b', rollout('other'));
    const { creations, run } = setUp({
      objects: [foreign],
      fail: failOn('create', 'replicasets', { code: 'AlreadyExists' }),
    });
    expect(await run([createSet('web-b')])).toMatchObject({ kind: 'answered' });
    expect(creations.of('uid-web', 0)).toEqual({ takenNames: ['web-b'] });
  });

  it('waits for the cache when the ReplicaSet that exists is its own', async () => {
    const own = replicaSet('web-b', rollout());
    const { creations, run, wrote } = setUp({
      objects: [own],
      fail: failOn('create', 'replicasets', { code: 'AlreadyExists' }),
    });
    expect(await run([createSet('web-b')])).toMatchObject({ kind: 'stale' });
    expect(creations.of('uid-web', 0)).toEqual({});
    expect(wrote).toEqual(['replicaSets web-b 20']);
  });

  it('deletes only the very object, and takes one that is gone for deleted', async () => {
    const old = replicaSet('web-a', rollout());
    const fail = failOn('remove', 'replicasets', { code: 'NotFound' });
    const { calls, run, wrote } = setUp({ snapshot: { replicaSets: [old] }, fail });
    const target = { name: 'web-a', uid: 'uid-web-a', resourceVersion: '20' };
    await run([{ kind: 'DeleteReplicaSet', target, events: [] }], { statusUrgency: 'unchanged' });
    expect(calls[0]?.options).toMatchObject({
      uid: 'uid-web-a',
      resourceVersion: '20',
      propagationPolicy: 'Background',
    });
    expect(wrote).toEqual(['replicaSets web-a removed']);
  });

  it('adopts an orphan beside its other owners, and only while the Rollout is there', async () => {
    const other = { ...ownerOf(rollout('x')), controller: false };
    const orphan = replicaSet('web-a', undefined);
    orphan.metadata.ownerReferences = [other];
    const adopt: Action = {
      kind: 'AdoptReplicaSet',
      target: { name: 'web-a', uid: 'uid-web-a', resourceVersion: '20' },
      events: [],
    };
    const { calls, run } = setUp({ snapshot: { orphans: [orphan] } });
    await run([adopt], { statusUrgency: 'unchanged' });
    expect(calls[1]?.body).toEqual({ metadata: { ownerReferences: [other, ownerOf(rollout())] } });
    const gone = setUp({ snapshot: { orphans: [orphan] }, objects: [] });
    expect(await gone.run([adopt])).toMatchObject({ kind: 'stale' });
  });

  it('lets go of a ReplicaSet without touching its other owners', async () => {
    const own = replicaSet('web-a', rollout());
    const { calls, run } = setUp({ snapshot: { replicaSets: [own] } });
    const target = { name: 'web-a', uid: 'uid-web-a', resourceVersion: '20' };
    await run([{ kind: 'ReleaseReplicaSet', target, events: [] }], { statusUrgency: 'unchanged' });
    expect(calls[0]?.body).toEqual({ metadata: { ownerReferences: [] } });
  });

  it('points a Service at a version and notes who did', async () => {
    const { calls, run, wrote } = setUp();
    const target = { name: 'web-stable', uid: 'u', resourceVersion: '30' };
    await run([{ kind: 'SwitchService', target, hash: 'b', managedBy: 'web', events: [] }], {
      statusUrgency: 'unchanged',
    });
    expect(calls[0]).toMatchObject({
      plural: 'services',
      options: { resourceVersion: '30' },
      body: {
        metadata: { annotations: { 'argo-rollouts.argoproj.io/managed-by-rollouts': 'web' } },
        spec: { selector: { 'rollouts-pod-template-hash': 'b' } },
      },
    });
    expect(wrote).toEqual(['services web-stable 100']);
  });

  const evict = (name: string): Action => ({
    kind: 'EvictPod',
    target: { name, uid: `uid-${name}`, resourceVersion: '5' },
    events: [{ type: 'Normal', reason: 'Evicted', message: name }],
  });

  it('leaves a pod that its disruption budget protects for later, and goes on with the next', async () => {
    const fail = (call: RecordedCall) => (call.name === 'one' ? { code: 'TooManyRequests' as const } : undefined);
    const { calls, events, run } = setUp({ fail });
    expect(await run([evict('one'), evict('two')], { statusUrgency: 'unchanged' })).toEqual({ kind: 'done' });
    expect(events.map(({ message }) => message)).toEqual(['two']);
    expect(calls[1]).toMatchObject({
      options: { subresource: 'eviction' },
      body: { apiVersion: 'policy/v1', kind: 'Eviction', deleteOptions: { preconditions: { uid: 'uid-two' } } },
    });
  });

  it('labels many pods at once, but before the action that comes after them', async () => {
    const label = (name: string): Action => ({
      kind: 'PatchPodMetadata',
      target: { name, uid: name, resourceVersion: '5' },
      labels: { role: 'canary' },
      annotations: {},
      events: [],
    });
    const names = Array.from({ length: 25 }, (_, index) => `pod-${index}`);
    const { calls, run } = setUp();
    await run([...names.map(label), updateSet('web-a', { replicas: 1 })], { statusUrgency: 'unchanged' });
    expect(sent(calls)).toEqual([...names.map((name) => `patch pods ${name}`), 'patch replicasets web-a']);
  });

  it('scales a Deployment only when it is there and has another size', async () => {
    const deployment = { kind: 'Deployment', metadata: { name: 'old', resourceVersion: '7' }, spec: { replicas: 3 } };
    const scale = (replicas: number): Action => ({ kind: 'ScaleDeployment', name: 'old', replicas, events: [] });
    const { calls, run } = setUp({ objects: [deployment] });
    await run([scale(3), scale(0)], { statusUrgency: 'unchanged' });
    expect(calls.filter(({ verb }) => verb === 'patch')).toMatchObject([
      { body: { spec: { replicas: 0 } }, options: { resourceVersion: '7' } },
    ]);
    const gone = setUp({ objects: [] });
    expect(await gone.run([scale(0)], { statusUrgency: 'unchanged' })).toEqual({ kind: 'done' });
  });
});
