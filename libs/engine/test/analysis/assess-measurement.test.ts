import { describe, expect, it } from 'vitest';
import { answerOf, assessMeasurement } from '../../src/index.ts';

const verdict = (conditions: { successCondition?: string; failureCondition?: string }, result: unknown) =>
  assessMeasurement(conditions, { result });

describe('a measurement', () => {
  it.each([
    ['without conditions succeeds with any data', {}, 0, 'Successful'],
    ['that should succeed succeeds', { successCondition: 'result > 1' }, 2, 'Successful'],
    ['that should succeed and does not has failed', { successCondition: 'result > 1' }, 1, 'Failed'],
    ['that should fail has failed', { failureCondition: 'result > 1' }, 2, 'Failed'],
    ['that should fail and does not succeeds', { failureCondition: 'result > 1' }, 1, 'Successful'],
    [
      'that is good and bad has failed',
      { successCondition: 'result > 1', failureCondition: 'result > 2' },
      3,
      'Failed',
    ],
    [
      'that is good alone succeeds',
      { successCondition: 'result > 1', failureCondition: 'result > 2' },
      2,
      'Successful',
    ],
    [
      'that is neither good nor bad is inconclusive',
      { successCondition: 'result > 2', failureCondition: 'result < 1' },
      1.5,
      'Inconclusive',
    ],
    ['of an empty list may be asked for', { successCondition: 'len(result) == 0' }, [], 'Successful'],
    ['without a value may be given one', { successCondition: 'default(result, 0) == 0' }, null, 'Successful'],
  ] as const)('%s', (_, conditions, result, phase) => {
    expect(verdict(conditions, result)).toEqual({ phase });
  });

  it.each([
    [
      'result > 1',
      'text',
      'could not evaluate successCondition "result > 1": invalid operation: > (mismatched types string and int)',
    ],
    ['result', 1, 'could not evaluate successCondition "result": expected bool, but got float64'],
    [
      'result[0] > 1',
      [],
      'could not evaluate successCondition "result[0] > 1": metric result is nil or empty: no data returned from the metric provider',
    ],
  ])('is an error where %s cannot be evaluated', (successCondition, result, message) => {
    expect(verdict({ successCondition }, result)).toEqual({ phase: 'Error', message });
  });

  it('of Prometheus is known to be made of numbers, and that of others by what it holds', () => {
    const judged = (provider: string, successCondition: string, result: unknown) =>
      assessMeasurement({ successCondition }, answerOf(provider, result, 0));
    expect(judged('prometheus', 'result > 1', [2]).message).toBe(
      'could not evaluate successCondition "result > 1": invalid operation: > (mismatched types []float64 and int)',
    );
    expect(judged('web', 'result > 1', [2]).message).toContain('mismatched types []interface {} and int');
    for (const condition of ['default(result, 1) == 1', 'len(result) == 0 || result[0] > 1', 'isNaN(result[0])'])
      expect(judged('prometheus', condition, [1]).phase).toBe('Failed');
    expect(judged('prometheus', 'all(result, {# > 0}) && result[0] >= 0.95', [1, 2])).toEqual({ phase: 'Successful' });
    expect(judged('prometheus', 'result > 1', 2)).toEqual({ phase: 'Successful' });
  });

  it('tells what is wrong with the success condition first', () => {
    expect(verdict({ successCondition: 'nothing', failureCondition: 'neither' }, 1).message).toMatch(
      /^could not evaluate successCondition/,
    );
    expect(verdict({ failureCondition: 'neither' }, 1).message).toMatch(
      /^could not evaluate failureCondition "neither"/,
    );
  });

  it.each([[null], [undefined], [[]]])('that brought no data (%j) is no evidence', (result) => {
    expect(verdict({}, result)).toEqual({
      phase: 'Error',
      message: 'metric result is nil or empty: no data returned from the metric provider',
    });
  });
});
