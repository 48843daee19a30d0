import type { CanaryStrategy, ReplicaSet, RolloutStatus } from '@sluice/model';
import { describe, expect, test } from 'vitest';
import { decideRollout } from './decide-rollout.ts';
import type { Action, Decision } from './decision.ts';
import { at, hashOf, ms, replicaSet, service, snapshot, stableStatus, template } from './testing/build.ts';

const steps: CanaryStrategy['steps'] = [
  { setWeight: 25 },
  { pause: {} },
  { setWeight: 50 },
  { pause: { duration: '10s' } },
];
const canary: CanaryStrategy = { steps, maxSurge: 1, maxUnavailable: 0 };
const one = hashOf('shop:1');
const two = hashOf('shop:2');

const kinds = (decision: Decision): string[] => decision.actions.map((action) => action.kind);
const reasons = (decision: Decision): string[] =>
  [...decision.actions, decision].flatMap((from) => from.events.map((event) => event.reason));
const replicasOf = (decision: Decision, hash: string): number | undefined => {
  const found = decision.actions.find(
    (action) =>
      (action.kind === 'UpdateReplicaSet'
        ? action.target.name
        : action.kind === 'CreateReplicaSet'
          ? action.replicaSet.metadata.name
          : '') === `shop-${hash}`,
  );
  return found?.kind === 'UpdateReplicaSet'
    ? found.change.replicas
    : found?.kind === 'CreateReplicaSet'
      ? found.replicaSet.spec.replicas
      : undefined;
};
const switches = (decision: Decision): string[] =>
  decision.actions
    .filter((action): action is Action & { kind: 'SwitchService' } => action.kind === 'SwitchService')
    .map((action) => `${action.target.name} → ${action.hash}`);

const updating = (index: number, extra: RolloutStatus = {}): RolloutStatus =>
  stableStatus('shop:1', canary, {
    observedGeneration: '2',
    currentPodHash: two,
    currentStepIndex: index,
    phase: 'Progressing',
    duration: { rolloutStartedAt: at(20) },
    conditions: [
      {
        type: 'Progressing',
        status: 'True',
        reason: 'ReplicaSetUpdated',
        message: '',
        lastUpdateTime: at(90),
        lastTransitionTime: at(20),
      },
    ],
    ...extra,
  });
const pausedAt = (index: number, since: number): RolloutStatus =>
  updating(index, { controllerPause: true, pauseConditions: [{ reason: 'CanaryPauseStep', startTime: at(since) }] });

describe('a first deployment', () => {
  const decision = decideRollout(snapshot({ image: 'shop:1', strategy: { canary } }));
  test('creates the ReplicaSet at full size and declares it stable at once', () => {
    expect(kinds(decision)).toEqual(['CreateReplicaSet', 'PatchRollout']);
    expect(replicasOf(decision, one)).toBe(4);
    expect(decision.status).toMatchObject({
      stableRS: one,
      currentPodHash: one,
      currentStepIndex: 4,
      phase: 'Progressing',
    });
  });
  test('tells its story in events', () => {
    expect(reasons(decision)).toEqual([
      'NewReplicaSetCreated',
      'ScalingReplicaSet',
      'RolloutUpdated',
      'RolloutNotCompleted',
      'RolloutCompleted',
    ]);
  });
  test('explains that it waits for pods', () => expect(decision.explanation.code).toBe('WaitingForPods'));
});

describe('an update', () => {
  const stable = replicaSet('shop:1', { revision: 1, spec: 4 });
  test('starts at the first step with as many pods as its weight asks for', () => {
    const decision = decideRollout(
      snapshot({
        image: 'shop:2',
        strategy: { canary },
        status: stableStatus('shop:1', canary),
        sets: [stable],
        revision: 1,
      }),
    );
    expect(replicasOf(decision, two)).toBe(1);
    expect(decision.status).toMatchObject({
      stableRS: one,
      currentPodHash: two,
      currentStepIndex: 0,
      phase: 'Progressing',
      observedGeneration: '2',
    });
    expect(decision.statusUrgency).toBe('now');
  });
  test('finishes a weight and enters the pause in one decision, once the pods are there', () => {
    const sets = [replicaSet('shop:1', { spec: 3 }), replicaSet('shop:2', { revision: 2, spec: 1 })];
    const decision = decideRollout(
      snapshot({ image: 'shop:2', strategy: { canary }, status: updating(0), sets, revision: 2 }),
    );
    expect(decision.status).toMatchObject({
      currentStepIndex: 1,
      phase: 'Paused',
      message: 'CanaryPauseStep',
      controllerPause: true,
    });
    expect(decision.actions).toEqual([]);
    expect(decision.explanation).toMatchObject({ code: 'PausedAtStep', unblock: 'sluice promote shop' });
  });
  test('does not count a canary that is not available yet', () => {
    const sets = [replicaSet('shop:1', { spec: 4 }), replicaSet('shop:2', { revision: 2, spec: 1, available: 0 })];
    const decision = decideRollout(
      snapshot({ image: 'shop:2', strategy: { canary }, status: updating(0), sets, revision: 2 }),
    );
    expect(decision.status.currentStepIndex).toBe(0);
    expect(decision.actions).toEqual([]);
  });
  test('goes on when a user clears the pause, and scales in the same decision', () => {
    const sets = [replicaSet('shop:1', { spec: 3 }), replicaSet('shop:2', { revision: 2, spec: 1 })];
    const decision = decideRollout(
      snapshot({
        image: 'shop:2',
        strategy: { canary },
        status: updating(1, { controllerPause: true }),
        sets,
        revision: 2,
      }),
    );
    expect(decision.status.currentStepIndex).toBe(2);
    expect(decision.status.controllerPause).toBeUndefined();
    expect(replicasOf(decision, two)).toBe(2);
    expect(reasons(decision)).not.toContain('RolloutResumed');
  });
  test('sleeps until a timed pause ends, and says until when', () => {
    const sets = [replicaSet('shop:1', { spec: 2 }), replicaSet('shop:2', { revision: 2, spec: 2 })];
    const decision = decideRollout(
      snapshot({ image: 'shop:2', strategy: { canary }, status: pausedAt(3, 95), sets, revision: 2 }),
    );
    expect(decision.explanation).toMatchObject({ code: 'PausedForTime', since: ms(95), until: ms(105) });
    expect(decision.wakeAt).toBe(ms(105) + 1);
  });
  test('is promoted only when all its pods are available', () => {
    const sets = (available: number) => [
      replicaSet('shop:1', { spec: 1 }),
      replicaSet('shop:2', { revision: 2, spec: 4, available }),
    ];
    const decide = (available: number) =>
      decideRollout(
        snapshot({ image: 'shop:2', strategy: { canary }, status: updating(4), sets: sets(available), revision: 2 }),
      );
    expect(decide(3).status.stableRS).toBe(one);
    expect(decide(4).status).toMatchObject({
      stableRS: two,
      duration: { completionStatus: 'Promoted', finishedAt: at(100) },
    });
    expect(replicasOf(decide(4), one)).toBe(0);
  });
});

describe('taking an update back', () => {
  const sets = [replicaSet('shop:1', { spec: 2 }), replicaSet('shop:2', { revision: 2, spec: 2 })];
  test('an abort grows the stable set first and shrinks the new one as that becomes available', () => {
    const decision = decideRollout(
      snapshot({
        image: 'shop:2',
        strategy: { canary },
        status: { ...pausedAt(3, 95), abort: true },
        sets,
        revision: 2,
      }),
    );
    expect(decision.status).toMatchObject({ abort: true, abortedAt: at(100), currentStepIndex: 0, phase: 'Degraded' });
    expect(decision.status.pauseConditions).toBeUndefined();
    expect(replicasOf(decision, one)).toBe(3);
    expect(replicasOf(decision, two)).toBeUndefined();
    expect(reasons(decision)).toContain('RolloutAborted');
  });
  test('a retry starts over at the first step', () => {
    const status = updating(0, {
      abort: false,
      abortedAt: at(50),
      conditions: [
        {
          type: 'Progressing',
          status: 'False',
          reason: 'RolloutAborted',
          message: '',
          lastUpdateTime: at(50),
          lastTransitionTime: at(50),
        },
      ],
    });
    const aborted = [replicaSet('shop:1', { spec: 4 }), replicaSet('shop:2', { revision: 2, spec: 0 })];
    const decision = decideRollout(
      snapshot({ image: 'shop:2', strategy: { canary }, status, sets: aborted, revision: 2 }),
    );
    expect(replicasOf(decision, two)).toBe(1);
    expect(decision.status).toMatchObject({ phase: 'Progressing', duration: { rolloutStartedAt: at(100) } });
    expect(decision.status.abortedAt).toBeUndefined();
  });
  test('the stable image in mid-update skips all steps, and still respects the surge', () => {
    const decision = decideRollout(
      snapshot({ image: 'shop:1', strategy: { canary }, status: pausedAt(3, 95), sets, revision: 2 }),
    );
    expect(decision.status).toMatchObject({
      currentPodHash: one,
      currentStepIndex: 4,
      duration: { completionStatus: 'FastRolledBack' },
    });
    expect(reasons(decision)).toContain('SkipSteps');
    expect(replicasOf(decision, one)).toBe(3);
  });
  test('an undo within the rollback window skips the steps even when the old set has no pods', () => {
    const old = [replicaSet('shop:1', { revision: 1, spec: 0 }), replicaSet('shop:2', { revision: 2, spec: 4 })];
    const decision = decideRollout(
      snapshot({
        image: 'shop:1',
        strategy: { canary },
        spec: { rollbackWindow: { revisions: 1 } },
        status: stableStatus('shop:2', canary),
        sets: old,
        revision: 2,
      }),
    );
    expect(decision.status).toMatchObject({ currentStepIndex: 4, stableRS: two });
    expect(replicasOf(decision, one)).toBeGreaterThan(0);
  });
  test('an abort of what is already stable is dropped', () => {
    const decision = decideRollout(
      snapshot({
        image: 'shop:1',
        strategy: { canary },
        status: stableStatus('shop:1', canary, { abort: true, observedGeneration: '2' }),
        sets: [replicaSet('shop:1', { spec: 4 })],
        revision: 1,
      }),
    );
    expect(decision.status.abort).toBeUndefined();
    expect(decision.status.phase).toBe('Healthy');
  });
});

describe('Services of a canary', () => {
  const withServices: CanaryStrategy = { steps, stableService: 'stable', canaryService: 'canary' };
  const both = (stable: string, newer: string) => [service('stable', stable), service('canary', newer)];
  test('the canary Service waits for a pod that can answer', () => {
    const decide = (available: number) =>
      decideRollout(
        snapshot({
          image: 'shop:2',
          strategy: { canary: withServices },
          status: updating(0),
          sets: [replicaSet('shop:1', { spec: 4 }), replicaSet('shop:2', { revision: 2, spec: 1, available })],
          services: both('shop:1', 'shop:1'),
          revision: 2,
        }),
      );
    expect(switches(decide(0))).toEqual([]);
    expect(switches(decide(1))).toEqual([`canary → ${two}`]);
  });
  test('a Service that is not managed yet is taken over only by a set that is there in full', () => {
    const decide = (available: number) =>
      decideRollout(
        snapshot({
          image: 'shop:1',
          strategy: { canary: withServices },
          status: stableStatus('shop:1', withServices),
          sets: [replicaSet('shop:1', { spec: 4, available })],
          services: [service('stable', undefined, false), service('canary', 'shop:1')],
          revision: 1,
        }),
      );
    expect(switches(decide(3))).toEqual([]);
    expect(switches(decide(4))).toEqual([`stable → ${one}`]);
  });
  test('the stable Service leaves before the last stable pod does', () => {
    const sets = [replicaSet('shop:1', { spec: 1 }), replicaSet('shop:2', { revision: 2, spec: 4, available: 3 })];
    const decision = decideRollout(
      snapshot({
        image: 'shop:2',
        strategy: { canary: { ...withServices, maxUnavailable: 1, maxSurge: 1 } },
        status: updating(4, { currentStepHash: updating(4).currentStepHash }),
        sets,
        services: both('shop:1', 'shop:2'),
        revision: 2,
      }),
    );
    const order = decision.actions.map((action) =>
      action.kind === 'SwitchService'
        ? 'switch'
        : action.kind === 'UpdateReplicaSet' && action.change.replicas === 0
          ? 'drain'
          : action.kind,
    );
    expect(order).toEqual(['switch', 'drain']);
  });
  test('an abort brings the canary Service back to the stable version', () => {
    const sets = [replicaSet('shop:1', { spec: 3 }), replicaSet('shop:2', { revision: 2, spec: 1 })];
    const decision = decideRollout(
      snapshot({
        image: 'shop:2',
        strategy: { canary: withServices },
        status: { ...pausedAt(1, 90), abort: true },
        sets,
        services: both('shop:1', 'shop:2'),
        revision: 2,
      }),
    );
    expect(switches(decision)).toEqual([`canary → ${one}`]);
  });
});

describe('blue-green', () => {
  const strategy = { activeService: 'active', previewService: 'preview', autoPromotionEnabled: false };
  const bg = (extra: RolloutStatus = {}): RolloutStatus => ({
    ...updating(0),
    currentStepHash: undefined,
    currentStepIndex: undefined,
    blueGreen: { activeSelector: one, previewSelector: two },
    ...extra,
  });
  const sets = (available: number) => [
    replicaSet('shop:1', { spec: 4 }),
    replicaSet('shop:2', { revision: 2, spec: 4, available }),
  ];
  const services = [service('active', 'shop:1'), service('preview', 'shop:2')];
  const decide = (status: RolloutStatus, available = 4, more: object = {}, now = 100) =>
    decideRollout(
      snapshot({
        image: 'shop:2',
        strategy: { blueGreen: { ...strategy, ...more } },
        status,
        sets: sets(available),
        services,
        revision: 2,
        now,
      }),
    );

  test('pauses before the switch when promotion is manual', () => {
    expect(decide(bg()).status).toMatchObject({ phase: 'Paused', message: 'BlueGreenPause' });
    expect(switches(decide(bg()))).toEqual([]);
  });
  test('switches when the user resumes, promotes, and leaves the old set alone while the Service was last seen there', () => {
    const decision = decide(bg({ controllerPause: true }));
    expect(switches(decision)).toEqual([`active → ${two}`]);
    expect(decision.status).toMatchObject({ stableRS: two, blueGreen: { activeSelector: two } });
    expect(decision.status.controllerPause).toBeUndefined();
    expect(replicasOf(decision, one)).toBeUndefined();
  });
  test('does not forget a resume while a pod of the new version is down', () => {
    const decision = decide(bg({ controllerPause: true }), 3);
    expect(switches(decision)).toEqual([]);
    expect(decision.status.controllerPause).toBe(true);
    expect(decision.status.pauseConditions ?? []).toEqual([]);
  });
  test('switches by itself after autoPromotionSeconds', () => {
    const paused = bg({ controllerPause: true, pauseConditions: [{ reason: 'BlueGreenPause', startTime: at(95) }] });
    const timed = { autoPromotionEnabled: true, autoPromotionSeconds: 10 };
    expect(decide(paused, 4, timed, 100).wakeAt).toBe(ms(105) + 1);
    expect(switches(decide(paused, 4, timed, 106))).toEqual([`active → ${two}`]);
  });
  test('an abort after the switch goes back whatever state the new version is in', () => {
    const decision = decideRollout(
      snapshot({
        image: 'shop:2',
        strategy: { blueGreen: strategy },
        status: bg({ abort: true, blueGreen: { activeSelector: two, previewSelector: two } }),
        sets: sets(0),
        services: [service('active', 'shop:2'), service('preview', 'shop:2')],
        revision: 2,
      }),
    );
    expect(switches(decision)).toEqual([`active → ${one}`]);
  });
  test('a scale-down delay of 0 lets the old set go at once', () => {
    const done = stableStatus('shop:2', undefined, {
      observedGeneration: '2',
      blueGreen: { activeSelector: two, previewSelector: two },
    });
    const decision = decideRollout(
      snapshot({
        image: 'shop:2',
        strategy: { blueGreen: { ...strategy, scaleDownDelaySeconds: 0 } },
        status: done,
        sets: sets(4),
        services: [service('active', 'shop:2'), service('preview', 'shop:2')],
        revision: 2,
      }),
    );
    expect(replicasOf(decision, one)).toBe(0);
  });
});

describe('what cannot be moved is held', () => {
  const status = stableStatus('shop:1', canary);
  test('a router that is not installed: no update begins, and status, condition and one Warning say why', () => {
    const routed = {
      stableService: 'stable',
      canaryService: 'canary',
      trafficRouting: { nginx: { stableIngress: 'shop' } },
      steps,
    };
    const decision = decideRollout(
      snapshot({
        image: 'shop:2',
        strategy: { canary: routed },
        status,
        services: [service('stable', 'shop:1'), service('canary', 'shop:1')],
        sets: [replicaSet('shop:1', { spec: 4 })],
      }),
    );
    expect(decision).toMatchObject({
      actions: [],
      statusUrgency: 'now',
      explanation: { code: 'NotSupportedHere' },
      events: [{ type: 'Warning', reason: 'NotInstalled' }],
      status: { phase: 'Degraded', observedGeneration: '2', currentPodHash: one },
    });
    expect(decision.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'NotInstalled', status: 'True' }),
    );
    expect(decision.explanation.detail).toContain('"nginx"');
  });
  test('a Service that cannot be read', () => {
    const decision = decideRollout(
      snapshot({
        image: 'shop:2',
        strategy: { canary: { ...canary, stableService: 'stable', canaryService: 'canary' } },
        status,
        rest: { services: { stable: 'unknown', canary: 'unknown' } },
        sets: [replicaSet('shop:1', { spec: 4 })],
      }),
    );
    expect(decision).toMatchObject({ actions: [], explanation: { code: 'CannotObserve' } });
  });
  test('a Rollout that is being deleted', () => {
    const deleted = snapshot({ image: 'shop:2', strategy: { canary }, status });
    const decision = decideRollout({
      ...deleted,
      rollout: { ...deleted.rollout, metadata: { ...deleted.rollout.metadata, deletionTimestamp: at(99) } },
    });
    expect(decision).toMatchObject({ actions: [], statusUrgency: 'unchanged', explanation: { code: 'Deleting' } });
  });
});

describe('names', () => {
  test('a name that somebody else has is avoided, and the count of collisions is kept', () => {
    const decision = decideRollout(
      snapshot({ image: 'shop:1', strategy: { canary }, rest: { takenNames: [`shop-${one}`] } }),
    );
    expect(decision.status.collisionCount).toBe(1);
    expect(decision.actions[0]).toMatchObject({ kind: 'CreateReplicaSet' });
    expect(replicasOf(decision, one)).toBeUndefined();
  });
});

describe('a selector that no longer matches the ReplicaSets there are', () => {
  const selector = { matchLabels: { app: 'shop', tier: 'web' } };
  const wider = { ...template('shop:1'), metadata: { labels: { app: 'shop', tier: 'web' } } };
  const decide = (status: RolloutStatus, sets: readonly ReplicaSet[]) =>
    decideRollout(
      snapshot({
        image: 'shop:1',
        strategy: { canary: { maxUnavailable: 0 } },
        spec: { selector, template: wider },
        status,
        sets,
        revision: 1,
      }),
    );

  test('drains them as an old version, with an Event, and no pod goes before another one serves', () => {
    const old = replicaSet('shop:1', { revision: 1, spec: 4 });
    const first = decide(stableStatus('shop:1', {}), [old]);
    expect(first.actions.map(({ kind }) => kind)).not.toContain('ReleaseReplicaSet');
    expect(first.actions).not.toContainEqual(expect.objectContaining({ kind: 'UpdateReplicaSet' }));
    expect(first.actions[0]).toMatchObject({ kind: 'CreateReplicaSet' });
    expect(first.events).toContainEqual(expect.objectContaining({ type: 'Warning', reason: 'SelectorChanged' }));
    expect(first.status.stableRS).toBe(hashOf('shop:1'));
  });

  test('lets go of one whose own labels a user has changed', () => {
    const old = replicaSet('shop:1', { revision: 1, spec: 4 });
    const taken = { ...old, metadata: { ...old.metadata, labels: { ...old.metadata.labels, app: 'debug' } } };
    const decision = decideRollout(
      snapshot({
        image: 'shop:1',
        strategy: { canary: {} },
        status: stableStatus('shop:1', {}),
        sets: [taken],
        revision: 1,
      }),
    );
    expect(decision.actions.map(({ kind }) => kind)).toContain('ReleaseReplicaSet');
  });
});
