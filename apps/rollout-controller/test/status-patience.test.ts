import { describe, expect, it } from 'vitest';
import { createStatusPatience } from '../src/status-patience.ts';
import { decision, updateSet } from './objects.ts';

const counters = decision([], { statusUrgency: 'soon' });
const step = decision([]);
const scaling = decision([updateSet('web-a', { replicas: 1 })]);
const unchanged = decision([], { statusUrgency: 'unchanged' });

const fresh = { stored: {}, carries: false };
const carried = { stored: {}, carries: true };

describe('a status', () => {
  it('that says something new is stored at once', () => {
    expect(createStatusPatience().defersStatus(step, 0, fresh)).toBe(false);
  });

  it('of counters waits a second, and decisions in that time do not start it anew', () => {
    const patience = createStatusPatience();
    expect([0, 400, 999, 1_000].map((now) => patience.defersStatus(counters, now, fresh))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(patience.until).toBeUndefined();
  });

  it('of counters is not stored at all when a newer one says more, or there is nothing to say any more', () => {
    const patience = createStatusPatience();
    patience.defersStatus(counters, 0, fresh);
    expect(patience.defersStatus(step, 10, fresh)).toBe(false);
    patience.defersStatus(counters, 20, fresh);
    patience.defersStatus(unchanged, 30, fresh);
    expect(patience.until).toBeUndefined();
  });

  it('that comes with a scaling waits a moment for what that brings', () => {
    const patience = createStatusPatience({ lingerMs: 200 });
    expect(patience.defersStatus(scaling, 0, fresh)).toBe(true);
    expect(patience.until).toBe(200);
    expect(patience.defersStatus(step, 100, fresh)).toBe(true);
    expect(patience.defersStatus(step, 200, fresh)).toBe(false);
    expect(patience.defersStatus(step, 300, fresh)).toBe(false);
  });

  it('is stored in time although the scaling goes on and on', () => {
    const patience = createStatusPatience({ lingerMs: 200 });
    expect([0, 100, 199, 200].map((now) => patience.defersStatus(scaling, now, fresh))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it('that waits is stored in time although the decisions that go on from it have nothing to add', () => {
    const patience = createStatusPatience({ lingerMs: 200 });
    patience.defersStatus(scaling, 0, fresh);
    const decisions = [counters, unchanged, step, unchanged];
    expect(decisions.map((decision, index) => patience.defersStatus(decision, 50 * (index + 1), carried))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it('that names what was begun with it does not wait: people would see it at a step that the status does not speak of yet', () => {
    const run = { metadata: { name: 'web-b-2-1' }, spec: { metrics: [] } };
    const begun = decision([updateSet('web-b', { replicas: 2 }), { kind: 'EnsureAnalysisRun', run, events: [] }]);
    expect(createStatusPatience().defersStatus(begun, 0, fresh)).toBe(false);
  });

  it('that promotes does not wait: what follows takes pods away from what is stored as stable', () => {
    const promoted = decision([updateSet('web-a', { replicas: 0 })], { status: { stableRS: 'new' } });
    expect(createStatusPatience().defersStatus(promoted, 0, { stored: { stableRS: 'old' }, carries: false })).toBe(
      false,
    );
  });

  it('that takes an update back does not wait: its scaling would look like progress to the next decision', () => {
    const event = { type: 'Warning', reason: 'RolloutAborted', message: '' } as const;
    const takenBack = decision([updateSet('web-b', { replicas: 0 })], { events: [event] });
    const patience = createStatusPatience();
    expect(patience.defersStatus(takenBack, 0, fresh)).toBe(false);
    patience.defersStatus(scaling, 10, fresh);
    expect(patience.defersStatus(takenBack, 20, fresh)).toBe(false);
  });

  it('of counters does not wait when there is an event to record', () => {
    const event = { type: 'Normal', reason: 'RolloutCompleted', message: '' } as const;
    expect(
      createStatusPatience().defersStatus(decision([], { statusUrgency: 'soon', events: [event] }), 0, fresh),
    ).toBe(false);
  });
});
