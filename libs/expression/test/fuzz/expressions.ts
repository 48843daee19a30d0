import { literalsAndOperators } from '../conditions/literals-and-operators.ts';
import { accessAndPredicates } from '../conditions/access-and-predicates.ts';
import { functions } from '../conditions/functions.ts';
import { atoms, binaryOperators, generated } from './grammar.ts';
import type { Chance } from './random.ts';

type Choices = readonly [string, ...string[]];

const known = [literalsAndOperators, accessAndPredicates, functions]
  .flatMap((groups) => Object.values(groups).flat())
  .map(([source]) => source) as unknown as Choices;

const fragments: Choices = [
  ...([
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '`',
    '\\',
    '#',
    '.',
    '..',
    '?.',
    '?',
    ':',
    ';',
    ',',
    '|',
    '//',
    '/*',
  ] as const),
  ...([
    'let ',
    'if ',
    'else',
    'not ',
    ' in ',
    '\0',
    '\n',
    '\ud800',
    '😀',
    '0x',
    '1e',
    '_',
    '$',
    '@',
    'nil',
    '99999999999',
  ] as const),
];

const mutation = (chance: Chance, source: string): string => {
  const at = chance.below(source.length + 1);
  const to = Math.min(source.length, at + chance.below(6));
  switch (chance.below(5)) {
    case 0:
      return source.slice(0, at) + source.slice(to);
    case 1:
      return source.slice(0, at) + chance.of(fragments) + source.slice(at);
    case 2:
      return source.slice(0, to) + source.slice(at);
    case 3:
      return source.slice(0, at) + chance.of(known) + source.slice(to);
    default:
      return source.slice(0, at) + String.fromCharCode(chance.below(0x10000)) + source.slice(to);
  }
};

const mutated = (chance: Chance): string => {
  let source = chance.next() < 0.5 ? chance.of(known) : generated(chance, 'any', 3);
  for (let times = 1 + chance.below(4); times > 0; times -= 1) source = mutation(chance, source);
  return source;
};

const noise = (chance: Chance): string => {
  const ofTokens = chance.next() < 0.5;
  return Array.from({ length: chance.below(60) }, () =>
    ofTokens
      ? chance.of([chance.of(fragments), chance.of(binaryOperators), chance.of(atoms)])
      : String.fromCharCode(chance.below(chance.next() < 0.8 ? 128 : 0x10000)),
  ).join('');
};

/** Long and deep text, which a reader that trusts its input would not survive. */
const excessive = (chance: Chance): string => {
  const [open, close] = chance.of<readonly [string, string]>([
    ['(', ')'],
    ['[', ']'],
    ['{a: ', '}'],
    ['not ', ''],
    ['-', ''],
    ['1 + ', ''],
    ['result[', ']'],
    ['map(result, ', ')'],
    ['filter(1..1000, ', ')'],
    ['if true {', '} else {1}'],
    ['let x = 1; ', ''],
    ['true ? ', ' : 1'],
    ['result ?? ', ''],
    ['result?.a | len() | ', ''],
  ]);
  const times = chance.of([10, 100, 1_000, 5_000]);
  return open.repeat(times) + chance.of(atoms) + (chance.next() < 0.7 ? close.repeat(times) : '');
};

/** Any text that somebody might take for a condition: well formed, damaged, senseless, excessive. */
export const anyExpression = (chance: Chance): string => {
  const share = chance.next();
  if (share < 0.5) return generated(chance, chance.next() < 0.7 ? 'bool' : 'any', 1 + chance.below(5));
  if (share < 0.8) return mutated(chance);
  return share < 0.995 ? noise(chance) : excessive(chance);
};
