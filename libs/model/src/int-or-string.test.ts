import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countOf, percentOf, resolveIntOrPercent } from './int-or-string.ts';

describe('a count or percentage of pods', () => {
  it.each([
    ['25%', 10, 'up', 3],
    ['25%', 10, 'down', 2],
    ['25', 10, 'up', 3],
    ['39%', 10, 'up', 4],
    ['39%', 10, 'down', 3],
    ['25%', 1, 'up', 1],
    ['25%', 1, 'down', 0],
    ['0%', 0, 'up', 0],
    [10, 5, 'down', 10],
    ['10%%', 100, 'up', 10],
    ['-10%', 10, 'down', -1],
    ['1.5%', 10, 'up', undefined],
    ['many', 10, 'up', undefined],
    ['', 10, 'up', undefined],
  ] as const)('%j of %i rounded %s is %j', (value, total, rounding, resolved) => {
    expect(resolveIntOrPercent(value, total, rounding)).toBe(resolved);
  });

  it('never rounds up below down, nor apart by more than one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 10_000 }), (percent, total) => {
        const up = resolveIntOrPercent(`${percent}%`, total, 'up') ?? NaN;
        const down = resolveIntOrPercent(`${percent}`, total, 'down') ?? NaN;
        expect(up - down).toBe((percent * total) % 100 === 0 ? 0 : 1);
        expect(up).toBeLessThanOrEqual(total);
      }),
    );
  });

  it('reads text as a percentage, with its sign or without', () => {
    expect(percentOf('30%')).toBe(30);
    expect(percentOf('30')).toBe(30);
    expect(percentOf('30 %')).toBeUndefined();
  });
});

describe('a count of an analysis', () => {
  it('takes text as a decimal number and anything else as 0', () => {
    expect([5, '5', '-1', 'x', '1.5', ''].map(countOf)).toEqual([5, 5, -1, 0, 0, 0]);
  });
});
