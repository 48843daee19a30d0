import { beforeEach, describe, expect, test } from 'vitest';
import { createCircuitBreaker } from '../src/circuit-breaker.ts';
import type { CircuitBreaker, Verdict } from '../src/circuit-breaker.ts';

let now = 0;
let changes = 0;
let breaker: CircuitBreaker;

beforeEach(() => {
  now = 0;
  changes = 0;
  breaker = createCircuitBreaker({
    failures: 3,
    openMs: { first: 1_000, longest: 4_000 },
    now: () => now,
    onChange: () => (changes += 1),
  });
});

function attempts(...verdicts: Verdict[]): void {
  for (const verdict of verdicts) (breaker.admit() ?? expect.unreachable('should be admitted'))(verdict);
}

describe('a circuit breaker', () => {
  test('opens after so many outages in a row, and counts from the start after each answer', () => {
    attempts('outage', 'outage', 'alive', 'outage', 'outage');
    expect(breaker.state).toBe('closed');
    attempts('outage');
    expect([breaker.state, breaker.opensInMs, changes]).toEqual(['open', 1_000, 1]);
    expect(breaker.admit()).toBeUndefined();
  });

  test('lets one trial at a time through when its time is over, and closes with its answer', () => {
    attempts('outage', 'outage', 'outage');
    now = 1_000;
    expect(breaker.state).toBe('half-open');
    const report = breaker.admit();
    expect(breaker.admit()).toBeUndefined();
    report?.('alive');
    expect([breaker.state, changes]).toEqual(['closed', 2]);
    attempts('outage', 'outage');
    expect(breaker.state).toBe('closed');
  });

  test('stays open twice as long after each trial that fails, up to its longest', () => {
    attempts('outage', 'outage', 'outage');
    for (const openMs of [2_000, 4_000, 4_000]) {
      now += breaker.opensInMs;
      attempts('outage');
      expect(breaker.opensInMs).toBe(openMs);
    }
  });

  test('lets the next trial through when the one that ran was given up by its caller', () => {
    attempts('outage', 'outage', 'outage');
    now = 1_000;
    attempts('nothing');
    expect(breaker.state).toBe('half-open');
    attempts('alive');
    expect(breaker.state).toBe('closed');
  });

  test('is not opened again by a call that was admitted before it opened', () => {
    const late = breaker.admit();
    attempts('outage', 'outage', 'outage');
    late?.('outage');
    expect(breaker.opensInMs).toBe(1_000);
  });

  test('forgets everything when another instance answers', () => {
    attempts('outage', 'outage', 'outage');
    breaker.reset();
    expect(breaker.state).toBe('closed');
    attempts('outage', 'outage');
    expect(breaker.state).toBe('closed');
  });
});
