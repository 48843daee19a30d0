import { describe, expect, it } from 'vitest';
import { evaluateCondition, evaluateTime } from '../src/index.ts';

const verdictOf = (source: string, result: unknown, resultType?: 'list of floats'): boolean | string => {
  const verdict = evaluateCondition(source, { result, ...(resultType && { resultType }) });
  return verdict.ok ? verdict.verdict : verdict.detail;
};

const noData = 'metric result is nil or empty: no data returned from the metric provider';

describe('conditions as people write them', () => {
  it.each<[string, unknown, boolean]>([
    ['result[0] >= 0.95', [0.99], true],
    ['result[0] >= 0.95', [0.9], false],
    ['all(result, # < 0.05)', [0.01, 0.02], true],
    ['len(result) == 0 || result[0] < 0.05', [], true],
    ['len(result) == 0 || result[0] < 0.05', [0.1], false],
    ['isNaN(result[0]) || result[0] >= 0.9', [NaN], true],
    ['result[0] >= 0.9', [NaN], false],
    ['isInf(result) or result > 5', Infinity, true],
    ['result == nil', null, true],
    ['isNil(result)', null, true],
    ['isNil(result)', 0, false],
    ['default(result, 0) < 1', null, true],
    ['default(result, 0) < 1', 5, false],
    ['result.ok && result.successPercent >= 0.9', { ok: true, successPercent: 0.95 }, true],
    ['result.status == "ok"', { status: 'ok' }, true],
    ['result.missing == nil', {}, true],
    ['result == "ok"', 'ok', true],
    ['result matches "^v1\\\\."', 'v1.2', true],
    ['asFloat(result) > 0.9', '0.95', true],
    ['asInt(result.errors) == 0', { errors: '0' }, true],
    ['any(result.items, .code >= 500)', { items: [{ code: 200 }, { code: 503 }] }, true],
    ['result in [200, 201]', 200, true],
    ['result', true, true],
    ['true', null, true],
  ])('%s of %j is %s', (source, result, expected) => {
    expect(verdictOf(source, result)).toBe(expected);
  });
});

describe('without a verdict there is a reason', () => {
  it.each<[string, unknown, string]>([
    ['result[0] < 0.05', [], noData],
    ['result > 1', null, noData],
    ['result.value > 1', null, noData],
    ['default(result[0], 0) < 1', [], noData],
    ['nothing', [], noData],
    ['foo == 1', 1, 'unknown name foo'],
    ['result', 0.5, 'expected bool, but got float64'],
    ['result', [0.5], 'expected bool, but got []interface {}'],
    ['result', { a: 1 }, 'expected bool, but got map[string]interface {}'],
    ['result.missing', { a: 1 }, 'expected bool, but got <nil>'],
    ['len(result)', 'abc', 'expected bool, but got int'],
    ['result', null, noData],
    ['result == "a"', 1, 'invalid operation: == (mismatched types float64 and string)'],
    ['result > 1', [1], 'invalid operation: > (mismatched types []interface {} and int)'],
    ['result > 1 || result[0] > 1', 2, 'type float64[int] is undefined'],
  ])('%s of %j: %s', (source, result, expected) => {
    expect(verdictOf(source, result)).toBe(expected);
  });

  it('knows that the vectors of Prometheus hold floats, while lists of JSON may hold anything', () => {
    expect(verdictOf('result[0] == "ok"', [1])).toBe(false);
    expect(verdictOf('result[0] == "ok"', [1], 'list of floats')).toBe(
      'invalid operation: == (mismatched types float64 and string)',
    );
    expect(verdictOf('result', [1], 'list of floats')).toBe('expected bool, but got []float64');
  });
});

describe('the times of a range of Prometheus', () => {
  const now = 1_709_618_828_009;

  it('are counted from now', () => {
    expect(evaluateTime('now()', { now })).toEqual({ ok: true, epochMs: now });
    expect(evaluateTime('now() - duration("1h")', { now })).toEqual({ ok: true, epochMs: now - 3_600_000 });
    expect(evaluateTime('date("2024-03-05")', { now })).toEqual({ ok: true, epochMs: Date.UTC(2024, 2, 5) });
  });

  it.each([
    ['duration("1h")', 'expected time.Time, but got time.Duration'],
    ['"5m"', 'expected time.Time, but got string'],
    ['result', 'unknown name result'],
    ['asInt("1")', 'unknown function asInt'],
    ['now() -', 'unexpected token EOF'],
    ['isNaN(1)', 'expected time.Time, but got bool'],
  ])('%s is none: %s', (source, detail) => {
    expect(evaluateTime(source, { now })).toMatchObject({ ok: false, detail });
  });
});
