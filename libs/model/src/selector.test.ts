import { describe, expect, it } from 'vitest';
import { formatSelector, selectorIsEmpty, selectorMatches, selectorProblem } from './selector.ts';

const expression = (operator: string, ...values: string[]) => ({
  matchExpressions: [{ key: 'tier', operator, ...(values.length > 0 ? { values } : {}) }],
});

describe('a label selector', () => {
  it.each([
    [{ matchLabels: { app: 'a' } }, { app: 'a', more: 'x' }, true],
    [{ matchLabels: { app: 'a' } }, { app: 'b' }, false],
    [{ matchLabels: { app: 'a' } }, undefined, false],
    [{ matchLabels: { toString: 'a' } }, {}, false],
    [expression('In', 'x', 'y'), { tier: 'y' }, true],
    [expression('In', 'x'), {}, false],
    [expression('NotIn', 'x'), {}, true],
    [expression('NotIn', 'x'), { tier: 'x' }, false],
    [expression('Exists'), { tier: '' }, true],
    [expression('DoesNotExist'), { tier: '' }, false],
    [expression('Like', 'x'), { tier: 'x' }, false],
    [{}, {}, true],
    [undefined, {}, false],
    [null, {}, false],
  ])('%j matches %j: %s', (selector, labels, matches) => {
    expect(selectorMatches(selector, labels)).toBe(matches);
  });

  it('is written sorted by key, as queries hold it', () => {
    expect(formatSelector({ matchLabels: { 'rollouts-pod-template-hash': 'x', app: 'shop' } })).toBe(
      'app=shop,rollouts-pod-template-hash=x',
    );
    expect(
      formatSelector({
        matchLabels: { z: '1' },
        matchExpressions: [
          { key: 'b', operator: 'In', values: ['2', '1'] },
          { key: 'c', operator: 'NotIn', values: ['3'] },
          { key: 'a', operator: 'Exists' },
          { key: 'd', operator: 'DoesNotExist' },
        ],
      }),
    ).toBe('a,b in (1,2),c notin (3),!d,z=1');
  });

  it('may be empty', () => {
    expect(selectorIsEmpty({})).toBe(true);
    expect(selectorIsEmpty({ matchLabels: {}, matchExpressions: [] })).toBe(true);
    expect(selectorIsEmpty(expression('Exists'))).toBe(false);
  });

  it.each([
    [{ matchLabels: { 'example.com/app': 'a.b-c_d' } }, undefined],
    [{ matchLabels: { app: '' } }, undefined],
    [{ matchLabels: { 'a/b/c': 'x' } }, /"a\/b\/c" is not a valid label key/],
    [{ matchLabels: { '': 'x' } }, /"" is not a valid label key/],
    [{ matchLabels: { app: 'a b' } }, /"a b" is not a valid label value/],
    [{ matchLabels: { app: 'a'.repeat(64) } }, /is not a valid label value/],
    [expression('In'), /values must be specified/],
    [expression('Exists', 'x'), /values must not be specified/],
    [expression('In', '-x'), /"-x" is not a valid label value/],
    [expression('Like', 'x'), /"Like" is not a valid label selector operator/],
  ])('%j is a selector, or not because: %s', (selector, problem) => {
    if (problem === undefined) expect(selectorProblem(selector)).toBeUndefined();
    else expect(selectorProblem(selector)).toMatch(problem);
  });
});
