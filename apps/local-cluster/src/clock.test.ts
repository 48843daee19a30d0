import { describe, expect, it } from 'vitest';
import { virtualClock } from './clock.ts';

describe('a virtual clock', () => {
  it('runs timers in the order in which they fall due, also those that timers set', () => {
    const clock = virtualClock(0);
    const seen: string[] = [];
    clock.setTimeout(() => seen.push(`b ${clock.now()}`), 20);
    clock.setTimeout(() => {
      seen.push(`a ${clock.now()}`);
      clock.setTimeout(() => seen.push(`c ${clock.now()}`), 5);
    }, 10);
    clock.setTimeout(() => seen.push('never'), 15).cancel();
    clock.advance(19);
    expect(seen).toEqual(['a 10', 'c 15']);
    clock.advance(1);
    expect(seen.at(-1)).toBe('b 20');
    expect(clock.now()).toBe(20);
  });

  it('steps from timer to timer until something holds', () => {
    const clock = virtualClock(0);
    let ticks = 0;
    const tick = (): void => {
      ticks++;
      clock.setTimeout(tick, 60_000);
    };
    tick();
    expect(clock.runUntil(() => ticks === 10)).toBe(true);
    expect(clock.now()).toBe(9 * 60_000);
    expect(clock.runUntil(() => false, 1000)).toBe(false);
    expect(clock.nextAt()).toBe(10 * 60_000);
  });
});
