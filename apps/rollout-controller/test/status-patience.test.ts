import { describe, expect, it } from 'vitest';
import { createStatusPatience } from '../src/status-patience.ts';
import { decision, updateSet } from './objects.ts';

const counters = decision([], { statusUrgency: 'soon' });
const step = decision([]);
const scaling = decision([updateSet('web-a', { replicas: 1 })]);
const unchanged = decision([], { statusUrgency: 'unchanged' });

describe('a status', () => {
  it('that says something new is stored at once', () => {
    expect(createStatusPatience().defersStatus(step, 0)).toBe(false);
  });

  it('of counters waits a second, and decisions in that time do not start it anew', () => {
    const patience = createStatusPatience();
    expect([0, 400, 999, 1_000].map((now) => patience.defersStatus(counters, now))).toEqual([true, true, true, false]);
    expect(patience.until).toBeUndefined();
  });

  it('of counters is not stored at all when a newer one says more, or there is nothing to say any more', () => {
    const patience = createStatusPatience();
    patience.defersStatus(counters, 0);
    expect(patience.defersStatus(step, 10)).toBe(false);
    patience.defersStatus(counters, 20);
    patience.defersStatus(unchanged, 30);
    expect(patience.until).toBeUndefined();
  });

  it('that comes with a scaling waits a moment for what that brings', () => {
    const patience = createStatusPatience();
    expect(patience.defersStatus(scaling, 0)).toBe(true);
    expect(patience.until).toBe(200);
    expect(patience.defersStatus(step, 100)).toBe(true);
    expect(patience.defersStatus(step, 200)).toBe(false);
    expect(patience.defersStatus(step, 300)).toBe(false);
  });

  it('is stored in time although the scaling goes on and on', () => {
    const patience = createStatusPatience();
    expect([0, 100, 199, 200].map((now) => patience.defersStatus(scaling, now))).toEqual([true, true, true, false]);
  });

  it('that takes an update back does not wait: its scaling would look like progress to the next decision', () => {
    const event = { type: 'Warning', reason: 'RolloutAborted', message: '' } as const;
    const takenBack = decision([updateSet('web-b', { replicas: 0 })], { events: [event] });
    const patience = createStatusPatience();
    expect(patience.defersStatus(takenBack, 0)).toBe(false);
    patience.defersStatus(scaling, 10);
    expect(patience.defersStatus(takenBack, 20)).toBe(false);
  });

  it('of counters does not wait when there is an event to record', () => {
    const event = { type: 'Normal', reason: 'RolloutCompleted', message: '' } as const;
    expect(createStatusPatience().defersStatus(decision([], { statusUrgency: 'soon', events: [event] }), 0)).toBe(
      false,
    );
  });
});
