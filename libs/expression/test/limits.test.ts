import { describe, expect, it } from 'vitest';
import { compile, evaluateCondition } from '../src/index.ts';

const errorOf = (source: string, result: unknown = [1, 2, 3]): string => {
  const verdict = evaluateCondition(source, { result });
  return verdict.ok ? `verdict ${verdict.verdict}` : `${verdict.error.kind}: ${verdict.error.message}`;
};

const nested = (levels: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i += 1) value = [value];
  return value;
};

describe('an expression may ask for so much only', () => {
  it.each([
    ['of text', `1 == ${' '.repeat(40_000)}1`, 'limit: the expression is longer than 32768 characters'],
    ['of parts', `[${'1,'.repeat(12_000)}] == []`, 'limit: the expression has more than 10000 parts'],
    ['of nesting', `${'('.repeat(5_000)}1${')'.repeat(5_000)}`, 'limit: the expression nests deeper than 400 levels'],
    ['of signs', `${'not '.repeat(5_000)}true`, 'limit: the expression nests deeper than 400 levels'],
    ['of operators in a row', `0${' + 1'.repeat(4_000)} > 1`, 'limit: the expression nests deeper than 400 levels'],
    ['of if after if', 'if true {1} else '.repeat(1_500), 'limit: the expression nests deeper than 400 levels'],
    ['of elements', 'len(1..10000000) > 1', 'limit: the expression makes more than 500000 elements'],
    ['of characters', 'repeat("abc", 100000000) == ""', 'limit: the expression makes more than 500000 elements'],
    [
      'of doubling',
      `let a0 = repeat("x", 1000); ${Array.from({ length: 30 }, (_, i) => `let a${i + 1} = a${i} + a${i};`).join(' ')} a30 == ""`,
      'limit: the expression makes more than 500000 elements',
    ],
    [
      'of work in loops within loops',
      'all(1..1000, all(1..1000, all(1..1000, true)))',
      'limit: the expression takes more than 1000000 steps',
    ],
    [
      'of work without memory',
      'let l = 1..1000; all(l, {let a = #; all(l, {let b = #; all(l, # + a + b > 0)})})',
      'limit: the expression takes more than 1000000 steps',
    ],
    ['of shifted bits', 'bitshl(1, 9223372036854775807) == 0', 'verdict true'],
  ])('%s', (_what, source, expected) => {
    expect(errorOf(source)).toBe(expected);
  });
});

describe('regular expressions cannot hang', () => {
  const text = `${'a'.repeat(30_000)}!`;
  it.each([
    ['(a+)+$', 'verdict false'],
    ['^(a|aa)+$', 'verdict false'],
    ['(a*)*b', 'verdict false'],
    ['(.*)(.*)(.*)(.*)x$', 'verdict false'],
    ['((a{30}){30}){30}', 'compile: error parsing regexp: invalid repeat count: `{30}`'],
    [`${'(x{0,1000}'.repeat(50)}${')'.repeat(50)}`, 'too large'],
    [`(${'abcdefghij'.repeat(20)}){1000}`, 'too large'],
    ['\\\\pL'.repeat(200), 'too large'],
  ])('%.40s', (pattern, expected) => {
    expect(errorOf(`result matches "${pattern}"`, text)).toContain(expected);
  });

  it('and a pattern with a large text is counted as work', () => {
    expect(errorOf('result matches ".*a.{200}$"', 'a'.repeat(100_000))).toBe(
      'limit: the expression takes more than 1000000 steps',
    );
    expect(errorOf('result matches "error"', 'x'.repeat(1_000_000))).toBe('verdict false');
  });
});

describe('answers deeper than the stack', () => {
  const deep = nested(200_000);
  it.each([
    'result == result',
    'len(flatten(result)) > 0',
    'string(result) == ""',
    'toJSON(result) == ""',
    'max(result) > 1',
  ])('%s is refused', (source) => {
    expect(errorOf(source, deep)).toContain('limit: ');
  });

  it('may be looked into as far as the expression goes', () => {
    expect(errorOf('len(result[0][0][0]) == 1', deep)).toBe('verdict true');
  });
});

describe('compilation never throws', () => {
  it.each(['\ud800', '\0', '`', '"\\', '#'.repeat(9_000), '?.'.repeat(9_000), '/*'.repeat(9_000), '{'.repeat(9_000)])(
    'for %j',
    (source) => {
      expect(compile(source).ok).toBe(false);
    },
  );
});

it('says in which line of several the trouble is', () => {
  const source = 'let rate = result[0];\nrate < 0.05 and\n  rats > 0';
  expect(evaluateCondition(source, { result: [0.1] })).toMatchObject({
    ok: false,
    error: { kind: 'compile', line: 3, column: 3, position: source.indexOf('rats') },
  });
});

it('keeps a compiled condition for many answers, each with limits of its own', () => {
  const compiled = compile('all(result, # < 5)');
  if (!compiled.ok) throw new Error(compiled.error.message);
  const answer = Array.from({ length: 50_000 }, (_, i) => i % 5);
  for (let i = 0; i < 20; i += 1)
    expect(compiled.condition.evaluate({ variables: { result: answer } })).toMatchObject({ ok: true, value: true });
});
