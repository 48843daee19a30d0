import type { EventIntent } from '@sluice/engine';
import { describe, expect, it } from 'vitest';
import { createStatusPatience } from '../src/status-patience.ts';
import { decision, updateSet } from './objects.ts';

const counters = decision([], { statusUrgency: 'soon' });
const step = decision([]);
const scaling = decision([updateSet('web-a', { replicas: 1 })]);
const unchanged = decision([], { statusUrgency: 'unchanged' });

describe('a status', () => {
  it('that says something new is stored at once, also where it comes with a scaling', () => {
    expect(createStatusPatience().defersStatus(step, 0, false)).toBe(false);
    expect(createStatusPatience().defersStatus(scaling, 0, false)).toBe(false);
  });

  it('of counters waits 250 ms, and decisions in that time do not start it anew', () => {
    const patience = createStatusPatience();
    expect([0, 100, 249, 250].map((now) => patience.defersStatus(counters, now, true))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(patience.until).toBeUndefined();
  });

  it('of counters is not stored by itself when a newer one says more, or there is nothing to say any longer', () => {
    const patience = createStatusPatience();
    patience.defersStatus(counters, 0, false);
    expect(patience.defersStatus(step, 10, true)).toBe(false);
    patience.defersStatus(counters, 20, false);
    patience.defersStatus(unchanged, 30, false);
    expect(patience.until).toBeUndefined();
  });

  it('that waits is stored in time although the decisions that go on from it have nothing to add', () => {
    const patience = createStatusPatience({ deferMs: 200 });
    const decisions = [counters, unchanged, counters, unchanged, unchanged];
    expect(decisions.map((each, index) => patience.defersStatus(each, 50 * index, index > 0))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  it('does not wait where events are recorded with it', () => {
    const event: EventIntent = { type: 'Normal', reason: 'RolloutResumed', message: 'Rollout is resumed' };
    const told = decision([], { statusUrgency: 'soon', events: [event] });
    expect(createStatusPatience().defersStatus(told, 0, false)).toBe(false);
  });
});
