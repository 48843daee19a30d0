import { describe, expect, test } from 'vitest';
import { formatMetricResult, parseMetricResult } from '../src/index.ts';

describe('the result of a measurement', () => {
  test.each([
    [0.5],
    [NaN],
    [-Infinity],
    [[0.5, NaN, Infinity, -Infinity]],
    ['NaN'],
    [{ 'a "NaN" b\\': [NaN, '-0e999999', 'Infinity\\"', null, true, { NaN: -1 }] }],
    [null],
    [[]],
  ])('%j comes back as it was', (result) => {
    expect(parseMetricResult(formatMetricResult(result))).toEqual(result);
  });

  test('is JSON that other languages write too: bare words where JSON has no number', () => {
    expect(formatMetricResult([0.5, NaN, -Infinity, 'NaN'])).toBe('[0.5,NaN,-Infinity,"NaN"]');
    expect(parseMetricResult('[1, NaN, {"a": -Infinity}]')).toEqual([1, NaN, { a: -Infinity }]);
    expect(formatMetricResult(undefined)).toBe('null');
  });

  test.each(['', 'NaN NaN', '[NaN', '{"NaN":', 'xNaN', '"NaN'])('that is none is refused: %s', (text) => {
    expect(() => parseMetricResult(text)).toThrow(SyntaxError);
  });

  test('is read in proportion to its length, also when it is made to be hard', () => {
    const hard = `NaN${'"\\'.repeat(500_000)}`;
    expect(() => parseMetricResult(hard)).toThrow(SyntaxError);
    const deep = `${'['.repeat(2_000)}NaN${']'.repeat(2_000)}`;
    expect(formatMetricResult(parseMetricResult(deep))).toBe(deep);
  });
});
