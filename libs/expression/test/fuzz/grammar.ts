import type { Chance } from './random.ts';

type Choices = readonly [string, ...string[]];
type Sort = 'bool' | 'number' | 'string' | 'list' | 'map' | 'time' | 'duration' | 'any';

export const binaryOperators: Choices = [
  ...(['+', '-', '*', '/', '%', '**', '^', '==', '!=', '<', '<=', '>', '>=', '&&', '||', 'and', 'or'] as const),
  ...(['in', 'not in', 'contains', 'startsWith', 'endsWith', 'matches', 'not matches', '..', '??'] as const),
];

export const atoms: Choices = [
  ...([
    'result',
    'result[0]',
    'result.value',
    '$env',
    'nil',
    'true',
    '#',
    '#acc',
    '#index',
    '"abc"',
    '2.5',
    '1',
  ] as const),
  ...(['[1, 2.5, "x", nil]', '{a: 1, b: [2]}', 'now()', 'duration("1h")', '1..1000', 'fromJSON("[1]")'] as const),
];

// In each form a letter stands for an inner expression: b bool, n number, s string, l list, m map, t time, d duration, x any.
const forms: Readonly<Record<Exclude<Sort, 'any'>, Choices>> = {
  bool: [
    ...([
      'true',
      'false',
      '<b> and <b>',
      '<b> or <b>',
      'not <b>',
      '<n> < <n>',
      '<n> >= <n> > <n>',
      '<x> == <x>',
    ] as const),
    ...([
      '<s> != <s>',
      '<x> in <l>',
      '<s> not in <m>',
      '<s> contains <s>',
      '<s> startsWith <s>',
      '<s> matches <p>',
    ] as const),
    ...([
      'all(<l>, <b>)',
      'any(<l>, {<b>})',
      'one(<l>, # == <x>)',
      'none(<l>, # in <l>)',
      'isNaN(<n>)',
      'isInf(<n>)',
    ] as const),
    ...([
      'isNil(<x>)',
      '<t> > <t>',
      '<d> <= <d>',
      '(<b> ? <b> : <b>)',
      'hasPrefix(<s>, <s>)',
      '<t>.Before(<t>)',
    ] as const),
    ...([
      '<l> == <l>',
      '<m> == <m>',
      '<s> < <s>',
      'result[0] > <n>',
      'len(result) > <n> and <b>',
      '<s> matches <s>',
    ] as const),
  ],
  number: [
    ...([
      '0',
      '1',
      '-1',
      '2.5',
      '1e308',
      '9223372036854775807',
      '100000',
      '0x7f',
      'result[0]',
      'result',
      '#',
      '#index',
    ] as const),
    ...([
      '<n> + <n>',
      '<n> - <n>',
      '<n> * <n>',
      '<n> / <n>',
      '<n> % <n>',
      '<n> ** <n>',
      '-<n>',
      '(<n>)',
      'len(<l>)',
    ] as const),
    ...([
      'len(<s>)',
      'len(<m>)',
      'sum(<l>)',
      'sum(<l>, <n>)',
      'mean(<l>)',
      'median(<l>)',
      'min(<l>, <n>)',
      'max(<n>, <n>)',
    ] as const),
    ...([
      'abs(<n>)',
      'ceil(<n>)',
      'round(<n>)',
      'int(<n>)',
      'float(<s>)',
      'asInt(<s>)',
      'asFloat(<n>)',
      'count(<l>, <b>)',
    ] as const),
    ...([
      'indexOf(<s>, <s>)',
      'lastIndexOf(<s>, <s>)',
      '<t>.Unix()',
      '<t>.Year()',
      '<d>.Seconds()',
      'bitshl(<n>, <n>)',
    ] as const),
    ...([
      'bitand(<n>, <n>)',
      'bitushr(<n>, <n>)',
      'findIndex(<l>, <b>)',
      'reduce(<l>, #acc + <n>, <n>)',
      '<l>[<n>]',
    ] as const),
    ...([
      'first(<l>)',
      'last(<l>)',
      '<m>.a',
      '<m>[<s>]',
      'default(<n>, <n>)',
      'find(<l>, <b>)',
      'get(<l>, <n>)',
    ] as const),
  ],
  string: [
    ...([
      '"abc"',
      '""',
      '"é😀"',
      '"1.5"',
      '"2023-08-14"',
      'result',
      '#',
      '"1h"',
      "'a,b,c'",
      'result.Name',
      '`\\n`',
    ] as const),
    ...([
      '<s> + <s>',
      'upper(<s>)',
      'lower(<s>)',
      'trim(<s>)',
      'trim(<s>, <s>)',
      'replace(<s>, <s>, <s>)',
      'string(<x>)',
    ] as const),
    ...([
      'repeat(<s>, <n>)',
      'repeat(<s>, 1000)',
      'join(split(<s>, <s>), <s>)',
      'toJSON(<x>)',
      'toBase64(<s>)',
      'type(<x>)',
    ] as const),
    ...([
      'fromBase64(toBase64(<s>))',
      '<s>[<n>:<n>]',
      'trimPrefix(<s>, <s>)',
      '<t>.Format(<s>)',
      '<t>.String()',
    ] as const),
    ...([
      'join(map(<l>, string(#)), <s>)',
      'string(<d>)',
      '<t>.Format("Mon Jan 2 15:04:05.000 MST 2006 -0700")',
    ] as const),
  ],
  list: [
    ...([
      'result',
      '[]',
      '[3, 1, 2]',
      '["b", "a"]',
      '1..100',
      '1..1000',
      '[<n>, <n>]',
      '[<x>, <x>, <x>]',
      '<n>..<n>',
    ] as const),
    ...([
      'map(<l>, <x>)',
      'map(<l>, {let y = #; <x>})',
      'filter(<l>, <b>)',
      'sort(<l>)',
      'sort(<l>, "desc")',
      '<l>[<n>:]',
    ] as const),
    ...([
      'sortBy(<l>, <n>)',
      'sortBy(<l>, .a)',
      'split(<s>, <s>)',
      'splitAfter(<s>, <s>, <n>)',
      'keys(<m>)',
      'values(<m>)',
    ] as const),
    ...([
      'toPairs(<m>)',
      'flatten(<l>)',
      'uniq(<l>)',
      'concat(<l>, <l>)',
      'reverse(<l>)',
      'take(<l>, <n>)',
      '<l>[:<n>]',
    ] as const),
    ...([
      'map(<l>, map(<l>, <x>))',
      'values(groupBy(<l>, <x>))',
      '<l> | map(<x>) | filter(<b>)',
      '[<l>, <l>]',
    ] as const),
  ],
  map: [
    ...([
      '{}',
      '{a: <x>}',
      '{a: <x>, "b c": <x>}',
      'result',
      '$env',
      'groupBy(<l>, <x>)',
      'fromPairs(toPairs(<m>))',
    ] as const),
    ...(['fromJSON(toJSON(<m>))', 'result[0]', '{(<s>): <x>}', 'fromPairs(map(<l>, [#index, #]))', '#'] as const),
  ],
  time: [
    ...([
      'now()',
      'date("2023-08-14")',
      'date(<s>)',
      '<t> + <d>',
      '<t> - <d>',
      'date(<s>, <s>)',
      '<t>.Add(<d>)',
    ] as const),
    ...([
      '<t>.In(timezone("Europe/Zurich"))',
      '<t>.AddDate(<n>, <n>, <n>)',
      '<t>.Truncate(<d>)',
      '<t>.Round(<d>)',
    ] as const),
  ],
  duration: [
    'duration("1h")',
    'duration("-1.5ms")',
    '<t> - <t>',
    '<d> * <n>',
    '<d> + <d>',
    'duration(<s>)',
    '<d>.Abs()',
  ],
};

const patterns: Choices = [
  ...([
    '"^(a+)+$"',
    '"(a|b)*a(a|b){20}"',
    '"[0-9]{1,200}"',
    '"(?i)\\\\bERROR\\\\b"',
    '".*.*.*=.*"',
    '"\\\\pL+"',
    '"("',
  ] as const),
];

const anything: Choices = [
  ...([
    'nil',
    '<n>',
    '<s>',
    '<b>',
    '<l>',
    '<m>',
    '<t>',
    '<d>',
    '#',
    '(<b> ? <x> : <x>)',
    'if <b> {<x>} else {<x>}',
  ] as const),
  ...([
    '<x> ?? <x>',
    'result?.a?.b',
    '<m>?.a',
    '<x>; <x>',
    '(let z = <x>; z)',
    '(let z = <l>; z == <l>)',
    'get(<x>, <x>)',
  ] as const),
  ...([
    'first(<l>)',
    '<l>[<n>]',
    'fromJSON(<s>)',
    'default(<x>, <x>)',
    'max(<l>)',
    'reduce(<l>, <x>)',
    'result',
    '#acc',
  ] as const),
];

const sorts: Readonly<Record<string, Sort>> = {
  b: 'bool',
  n: 'number',
  s: 'string',
  l: 'list',
  m: 'map',
  t: 'time',
  d: 'duration',
  x: 'any',
};

const leaves: Readonly<Record<Sort, string>> = {
  ...{ bool: 'true', number: '1', string: '"a"', list: '[1]', map: '{a: 1}', time: 'now()' },
  ...{ duration: 'duration("1s")', any: 'result' },
};

/** An expression of that sort, as a rule: now and then a part of it is of another. `depth` bounds how deep it nests. */
export const generated = (chance: Chance, sort: Sort, depth: number): string => {
  if (chance.next() < 0.01) return chance.of(atoms);
  const choices = sort === 'any' ? anything : forms[sort];
  const form = chance.of(choices);
  if (depth <= 0) return form.includes('<') ? leaves[sort] : form;
  return form.replaceAll(/<(\w)>/g, (_whole, letter: string) =>
    letter === 'p' ? chance.of(patterns) : generated(chance, sorts[letter] ?? 'any', depth - 1),
  );
};
