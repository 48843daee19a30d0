import type { RolloutStatus } from '@sluice/model';
import { describe, expect, test } from 'vitest';
import { at } from './testing/build.ts';
import { urgencyOf } from './urgency.ts';

const progressing = (reason: string, seconds: number, status: 'True' | 'Unknown' = 'True'): RolloutStatus => ({
  phase: 'Progressing',
  message: 'more replicas need to be updated',
  conditions: [
    {
      type: 'Available',
      status: 'True',
      reason: 'AvailableReason',
      message: '',
      lastUpdateTime: at(1),
      lastTransitionTime: at(1),
    },
    { type: 'Progressing', status, reason, message: 'moving', lastUpdateTime: at(seconds), lastTransitionTime: at(1) },
  ],
});
const moving = progressing('ReplicaSetUpdated', 5);

describe('a status may wait', () => {
  test.each<[string, RolloutStatus]>([
    [
      'counters',
      { ...moving, replicas: 3, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, HPAReplicas: 3 },
    ],
    ['moments in conditions', progressing('ReplicaSetUpdated', 6)],
    ['what Progressing says of pods that come', progressing('NewReplicaSetCreated', 6)],
    ['the message of the phase Progressing', { ...moving, message: 'updated replicas are still becoming available' }],
  ])('where only %s changed', (_, after) => expect(urgencyOf(moving, after)).toBe('soon'));
});

describe('a status is stored at once', () => {
  test.each<[string, RolloutStatus]>([
    ['the phase', { ...moving, phase: 'Paused', message: 'CanaryPauseStep' }],
    ['the phase, together with counters', { ...moving, phase: 'Healthy', message: '', replicas: 2 }],
    ['the generation', { ...moving, observedGeneration: '2' }],
    ['the version', { ...moving, currentPodHash: 'abc' }],
    ['a pause', { ...moving, pauseConditions: [{ reason: 'CanaryPauseStep', startTime: at(1) }] }],
    ['who has paused', { ...moving, controllerPause: true }],
    ['the step', { ...moving, currentStepIndex: 1 }],
    ['an abort', { ...moving, abort: true, abortedAt: at(1) }],
    ['a full promotion', { ...moving, promoteFull: true }],
    ['the stable version', { ...moving, stableRS: 'abc' }],
    ['the restart', { ...moving, restartedAt: at(1) }],
    ['a verdict', { ...moving, canary: { currentStepAnalysisRunStatus: { name: 'run', status: 'Failed' } } }],
    ['the status of a condition', progressing('ReplicaSetUpdated', 5, 'Unknown')],
    ['the reason of a condition', progressing('RolloutResumed', 5)],
    ['a condition that went', { ...moving, conditions: moving.conditions!.slice(1) }],
  ])('where %s changed', (_, after) => expect(urgencyOf(moving, after)).toBe('now'));

  test('where a message changed outside the phase Progressing', () => {
    const degraded: RolloutStatus = { ...moving, phase: 'Degraded', message: 'InvalidSpec: one' };
    expect(urgencyOf(degraded, { ...degraded, message: 'InvalidSpec: two' })).toBe('now');
  });
});
