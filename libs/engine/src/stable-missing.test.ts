import type { RolloutStatus } from '@sluice/model';
import { stepHash } from '@sluice/model';
import { describe, expect, test } from 'vitest';
import { decideRollout } from './decide-rollout.ts';
import type { Decision } from './decision.ts';
import { at, hashOf, replicaSet, service, snapshot, stableStatus } from './testing/build.ts';

const [one, two] = [hashOf('shop:1'), hashOf('shop:2')];
const canary = { steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }] };

const paused: RolloutStatus = {
  ...stableStatus('shop:1', canary),
  observedGeneration: '2',
  currentPodHash: two,
  currentStepHash: stepHash(canary.steps),
  currentStepIndex: 1,
  controllerPause: true,
  pauseConditions: [{ reason: 'CanaryPauseStep', startTime: at(50) }],
  phase: 'Paused',
};
const newSet = replicaSet('shop:2', { revision: 2, spec: 1 });

const decide = (status: RolloutStatus, rest: Partial<Parameters<typeof snapshot>[0]> = {}): Decision =>
  decideRollout(
    snapshot({ image: 'shop:2', strategy: { canary }, status, sets: [newSet], revision: 2, now: 5000, ...rest }),
  );
const reasons = (decision: Decision): readonly string[] =>
  decision.events.filter(({ type }) => type === 'Warning').map(({ reason }) => reason);

describe('a canary whose stable ReplicaSet is gone', () => {
  test('is held as it is, with a Warning that names the ways out', () => {
    const decision = decide(paused);
    expect(decision.actions).toEqual([]);
    expect(decision.status).toMatchObject({ stableRS: one, currentStepIndex: 1, phase: 'Degraded' });
    expect(decision.status.pauseConditions).toHaveLength(1);
    expect(decision.status.message).toMatch(/^StableReplicaSetMissing: .*promote shop --full/);
    expect(reasons(decision)).toEqual(['StableReplicaSetMissing']);
    expect(decision.explanation.code).toBe('StableVersionMissing');
    const next = decide(decision.status);
    expect(next.statusUrgency).toBe('unchanged');
    expect(next.events).toEqual([]);
  });
  test('waits through timed pauses and deadlines, and takes another version no further', () => {
    const step = { ...paused, currentStepIndex: 0, pauseConditions: [], controllerPause: false, phase: 'Progressing' };
    const decision = decide(step as RolloutStatus);
    expect(decision.status).toMatchObject({ stableRS: one, currentStepIndex: 0, phase: 'Degraded' });
    const later = decide(decision.status, { now: 500_000, spec: { progressDeadlineAbort: true } });
    expect(later.status.abort ?? false).toBe(false);
    const third = decide(decision.status, { image: 'shop:3' });
    expect(third.status).toMatchObject({ stableRS: one, currentPodHash: hashOf('shop:3') });
    expect(third.actions.map(({ kind }) => kind)).not.toContain('UpdateReplicaSet');
  });
  test('keeps its pods when it is aborted: no other version could serve', () => {
    const decision = decide({ ...paused, abort: true });
    expect(decision.status).toMatchObject({ stableRS: one, abort: true, phase: 'Degraded' });
    expect(decision.actions).toEqual([]);
    expect(reasons(decision)).toContain('StableReplicaSetMissing');
  });
  test('follows the number of pods that is asked for, in its proportion', () => {
    const [action] = decide(paused, { spec: { replicas: 8 } }).actions;
    expect(action).toMatchObject({ kind: 'UpdateReplicaSet', change: { replicas: 2 } });
  });
  test('is promoted when a user promotes it fully', () => {
    const decision = decide({ ...paused, promoteFull: true });
    expect(decision.status).toMatchObject({ stableRS: two });
    expect(decision.events.map(({ message }) => message).join()).toContain('Full promotion requested');
  });
  test('goes on with a step that a user lets go on, and is held again', () => {
    const decision = decide({ ...paused, pauseConditions: [] });
    expect(decision.status).toMatchObject({ stableRS: one, currentStepIndex: 2 });
    expect(decision.actions).toEqual([]);
  });
  test('is a first deploy still where the version on record was never healthy', () => {
    const conditions = paused.conditions!.filter(({ type }) => type !== 'Healthy');
    const decision = decide({ ...paused, conditions });
    expect(decision.status).toMatchObject({ stableRS: two });
  });
  test('is no update any more when the stable template is asked for again', () => {
    const decision = decide(paused, { image: 'shop:1' });
    expect(decision.status).toMatchObject({ stableRS: one, currentPodHash: one });
    expect(decision.actions[0]).toMatchObject({ kind: 'CreateReplicaSet', hash: one });
  });
  test('gets it back as it was last seen, with its pods and its revision', () => {
    const lastStable = replicaSet('shop:1', { revision: 1, spec: 3 });
    const decision = decide(paused, { rest: { lastStable } });
    expect(decision.statusUrgency).toBe('unchanged');
    expect(decision.actions).toMatchObject([
      {
        kind: 'CreateReplicaSet',
        hash: one,
        replicaSet: { metadata: { name: lastStable.metadata.name }, spec: { replicas: 3 } },
        events: [{ type: 'Warning', reason: 'StableReplicaSetMissing' }],
      },
    ]);
    expect((decision.actions[0] as { replicaSet: object }).replicaSet).not.toHaveProperty('metadata.uid');
    const refused = decide(paused, { rest: { lastStable, createFailure: { hash: one, message: 'quota' } } });
    expect(refused.status).toMatchObject({ stableRS: one, phase: 'Degraded' });
  });
});

describe('a version whose hash was worked out by another controller', () => {
  test('comes back under its own name when its ReplicaSet is deleted at rest', () => {
    const status = {
      ...stableStatus('shop:1', canary),
      observedGeneration: '2',
      stableRS: 'abc',
      currentPodHash: 'abc',
    };
    const decision = decide(status, { image: 'shop:1', sets: [] });
    expect(decision.actions[0]).toMatchObject({ kind: 'CreateReplicaSet', hash: 'abc' });
    expect(decision.status).toMatchObject({ stableRS: 'abc', currentPodHash: 'abc' });
  });
});

describe('a blue-green update whose active ReplicaSet is gone', () => {
  const blueGreen = { activeService: 'active', previewService: 'preview', autoPromotionEnabled: false };
  const status: RolloutStatus = {
    ...stableStatus('shop:1'),
    observedGeneration: '2',
    currentPodHash: two,
    blueGreen: { activeSelector: one, previewSelector: two },
    controllerPause: true,
    pauseConditions: [{ reason: 'BlueGreenPause', startTime: at(50) }],
  };
  const world = {
    strategy: { blueGreen },
    sets: [replicaSet('shop:2', { revision: 2, spec: 4 })],
    services: [service('active', 'shop:1'), service('preview', 'shop:2')],
  };
  test('is not switched before it is approved, also where the active Service selects no version', () => {
    for (const services of [world.services, [service('active'), service('preview', 'shop:2')]]) {
      const decision = decide(status, { ...world, services });
      expect(decision.actions.map(({ kind }) => kind)).not.toContain('SwitchService');
      expect(decision.status).toMatchObject({ stableRS: one, phase: 'Degraded' });
      expect(reasons(decision)).toEqual(['StableReplicaSetMissing']);
    }
  });
  test('is switched when a user promotes it', () => {
    for (const command of [{ pauseConditions: [] }, { promoteFull: true }]) {
      const decision = decide({ ...status, ...command }, world);
      expect(decision.actions).toContainEqual(expect.objectContaining({ kind: 'SwitchService', hash: two }));
    }
  });
});
