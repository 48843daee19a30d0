import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationMs, formatDuration, parseDuration, pauseSeconds } from './durations.ts';

describe('a Go duration', () => {
  it.each([
    ['0', 0],
    ['5s', 5_000],
    ['1.5h', 5_400_000],
    ['1h30m', 5_400_000],
    ['300ms', 300],
    ['-1m', -60_000],
    ['+.5s', 500],
    ['1us', 0.001],
    ['1µs', 0.001],
    ['100ns', 0.0001],
  ])('%s is %d ms', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each([
    ['', 'time: invalid duration ""'],
    ['abc', 'time: invalid duration "abc"'],
    ['5', 'time: missing unit in duration "5"'],
    ['1d', 'time: unknown unit "d" in duration "1d"'],
    ['1h 5m', 'time: unknown unit "h " in duration "1h 5m"'],
    ['.s', 'time: invalid duration ".s"'],
    ['3000000h', 'time: invalid duration "3000000h"'],
    ['µ', 'time: invalid duration "\\xc2\\xb5"'],
    ['1__proto__', 'time: unknown unit "__proto__" in duration "1__proto__"'],
  ])('%j is none: %s', (text, error) => {
    expect(parseDuration(text)).toEqual({ ok: false, error });
  });

  it.each([
    [0, '0s'],
    [1_000, '1s'],
    [60_000, '1m0s'],
    [3_600_000, '1h0m0s'],
    [90_500, '1m30.5s'],
    [250, '250ms'],
    [1.5, '1.5ms'],
    [0.0015, '1.5µs'],
    [0.000001, '1ns'],
    [-5_400_000, '-1h30m0s'],
    [10_000, '10s'],
  ])('of %d ms is written %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), (ms) => {
        expect(durationMs(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});

describe('the length of a pause', () => {
  it.each([
    [undefined, undefined],
    [10, 10],
    [0, 0],
    [-3, -3],
    ['10', 10],
    ['-5', -5],
    ['+7', 7],
    ['1m', 60],
    ['1.9s', 1],
    ['1h30m', 5_400],
    ['900ms', 0],
    ['-1h', -3_600],
    ['5 fortnights', -1],
    ['', -1],
    ['99999999999', -1],
  ])('of %j is %j seconds', (duration, seconds) => {
    expect(pauseSeconds(duration === undefined ? {} : { duration })).toBe(seconds);
  });
});
