import type { CanaryStrategy, RolloutStatus } from '@sluice/model';
import { describe, expect, test } from 'vitest';
import { decideRollout } from './decide-rollout.ts';
import { ms, replicaSet, snapshot, stableStatus } from './testing/build.ts';

const canary: CanaryStrategy = { steps: [{ setWeight: 50 }, { pause: {} }] };
const reasonsOf = (decision: ReturnType<typeof decideRollout>): readonly string[] =>
  decision.events.map(({ reason }) => reason);

describe('going back within the rollback window', () => {
  const back = (
    first: Parameters<typeof replicaSet>[1],
    second: Parameters<typeof replicaSet>[1],
  ): ReturnType<typeof decideRollout> =>
    decideRollout(
      snapshot({
        image: 'shop:1',
        strategy: { canary },
        spec: { rollbackWindow: { revisions: 1 } },
        status: stableStatus('shop:2', canary),
        sets: [replicaSet('shop:1', first), replicaSet('shop:2', { ...second, spec: 4 })],
        revision: 2,
      }),
    );

  test('skips the steps also when both versions were made within the same second', () => {
    const { status } = back({ revision: 1, createdAt: 5 }, { revision: 2, createdAt: 5 });
    expect(status).toMatchObject({ currentStepIndex: 2, phase: 'Progressing' });
  });
  test('goes on after the old version has got its new number', () => {
    const renumbered = { revision: 3, annotations: { 'rollout.argoproj.io/revision-history': '1' } };
    const { status } = back({ ...renumbered, createdAt: 5, spec: 2 }, { revision: 2, createdAt: 5 });
    expect(status.currentStepIndex).toBe(2);
  });
  test('is not what a version is that was never made, however far behind the clock of the controller is', () => {
    const { status } = decideRollout(
      snapshot({
        image: 'shop:2',
        strategy: { canary },
        spec: { rollbackWindow: { revisions: 1 } },
        status: stableStatus('shop:1', canary),
        sets: [replicaSet('shop:1', { revision: 1, spec: 4, createdAt: 120 })],
        now: 100,
        revision: 1,
      }),
    );
    expect(ms(100)).toBeLessThan(ms(120));
    expect(status.currentStepIndex).toBe(0);
  });
});

describe('steps that change while nothing is under way', () => {
  const changed = (status: RolloutStatus): ReturnType<typeof decideRollout> =>
    decideRollout(
      snapshot({
        image: 'shop:1',
        strategy: { canary },
        status,
        sets: [replicaSet('shop:1', { spec: 4 })],
        revision: 1,
      }),
    );

  test('are skipped, and an event says so', () => {
    const decision = changed(stableStatus('shop:1', { steps: [{ setWeight: 20 }] }));
    expect(decision.status).toMatchObject({ currentStepIndex: 2, phase: 'Healthy' });
    expect(decision.status.duration).toEqual(stableStatus('shop:1').duration);
    expect(reasonsOf(decision)).toEqual(['SkipSteps']);
  });
  test('are skipped in the same way when the strategy was another one', () => {
    expect(reasonsOf(changed(stableStatus('shop:1')))).toEqual(['SkipSteps']);
  });
  test('are not mentioned again', () => {
    expect(reasonsOf(changed(stableStatus('shop:1', canary)))).toEqual([]);
  });
});
