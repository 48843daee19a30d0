import type { EventIntent } from '@sluice/engine';
import { beforeEach, describe, expect, it } from 'vitest';
import { createTurnEvents } from '../src/turn-events.ts';
import type { TurnEvents } from '../src/turn-events.ts';

const note = (reason: string, message = ''): EventIntent => ({ type: 'Normal', reason, message });
const updated = note('RolloutUpdated');
const created = note('NewReplicaSetCreated');
const started = note('RolloutNotCompleted');
const scaled = note('ScalingReplicaSet', 'Scaled up');
const scaledDown = note('ScalingReplicaSet', 'Scaled down');
const aborted = note('RolloutAborted');

let told: string[];
let events: TurnEvents;

beforeEach(() => {
  told = [];
  events = createTurnEvents(({ reason, message }) => void told.push(message ? `${reason} ${message}` : reason));
});

/** One attempt at a decision. */
function attempt(decided: readonly EventIntent[], happened: readonly EventIntent[], end: 'stored' | 'failed'): void {
  events.begin();
  events.decided(decided);
  happened.forEach((event) => events.happened(event));
  events[end]();
}

describe('events of a turn', () => {
  it('come in causal order, whatever was written first', () => {
    attempt([started], [created, scaled, updated], 'stored');
    expect(told).toEqual([
      'RolloutUpdated',
      'NewReplicaSetCreated',
      'RolloutNotCompleted',
      'ScalingReplicaSet Scaled up',
    ]);
  });

  it('tell that an update is complete between what led to it and what it allows', () => {
    const completed = note('RolloutCompleted');
    attempt([note('RolloutStepCompleted'), completed], [scaledDown, scaled, note('SwitchService')], 'stored');
    expect(told).toEqual([
      'RolloutStepCompleted',
      'ScalingReplicaSet Scaled up',
      'SwitchService',
      'RolloutCompleted',
      'ScalingReplicaSet Scaled down',
    ]);
  });

  it('wait for the next attempt when the status could not be stored', () => {
    attempt([started], [created, scaled], 'failed');
    expect(told).toEqual([]);
    attempt([started], [updated], 'stored');
    expect(told).toEqual([
      'RolloutUpdated',
      'NewReplicaSetCreated',
      'RolloutNotCompleted',
      'ScalingReplicaSet Scaled up',
    ]);
  });

  it('keep what was decided anew behind what had been done before', () => {
    attempt([started], [created, updated, scaled], 'failed');
    attempt([started, aborted], [scaledDown], 'stored');
    expect(told).toEqual([
      'RolloutUpdated',
      'NewReplicaSetCreated',
      'RolloutNotCompleted',
      'ScalingReplicaSet Scaled up',
      'RolloutAborted',
      'ScalingReplicaSet Scaled down',
    ]);
  });

  it('leave out what was decided and never stored', () => {
    attempt([aborted], [scaledDown], 'failed');
    attempt([], [], 'stored');
    expect(told).toEqual(['ScalingReplicaSet Scaled down']);
  });

  it('are recorded once, though the same is decided in several rounds', () => {
    events.begin();
    events.decided([started]);
    events.happened(note('TrafficWeightUpdated'));
    events.decided([note('RolloutStepCompleted')]);
    events.stored();
    events.stored();
    expect(told).toEqual(['RolloutNotCompleted', 'TrafficWeightUpdated', 'RolloutStepCompleted']);
  });

  it('of a turn that ended in an error outside of its decisions wait as well', () => {
    events.begin();
    events.decided([started]);
    events.happened(scaled);
    attempt([started], [], 'stored');
    expect(told).toEqual(['RolloutNotCompleted', 'ScalingReplicaSet Scaled up']);
  });

  it('that happened are recorded after three failures in a row', () => {
    for (let i = 0; i < 3; i++) attempt([started], [note('ReplicaSetCreateError', `try ${i}`)], 'failed');
    expect(told).toEqual(['ReplicaSetCreateError try 0', 'ReplicaSetCreateError try 1', 'ReplicaSetCreateError try 2']);
  });
});
