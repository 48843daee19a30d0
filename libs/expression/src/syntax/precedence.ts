import type { BinaryOperator } from './nodes.ts';
import type { Token } from './tokens.ts';

export interface InfixOperator {
  readonly name: BinaryOperator | '|';
  /** The higher, the closer it binds. */
  readonly precedence: number;
  readonly rightFirst: boolean;
  /** May have `not` before it: `x not in list`. */
  readonly negatable: boolean;
}

const infix = (
  precedence: number,
  name: InfixOperator['name'],
  { rightFirst = false, negatable = false } = {},
): InfixOperator => ({ name, precedence, rightFirst, negatable });

const operators: ReadonlyMap<string, InfixOperator> = new Map([
  ['|', infix(0, '|')],
  ['||', infix(10, '||')],
  ['or', infix(10, '||')],
  ['&&', infix(15, '&&')],
  ['and', infix(15, '&&')],
  ['==', infix(20, '==')],
  ['!=', infix(20, '!=')],
  ['<', infix(20, '<')],
  ['<=', infix(20, '<=')],
  ['>', infix(20, '>')],
  ['>=', infix(20, '>=')],
  ['in', infix(20, 'in', { negatable: true })],
  ['matches', infix(20, 'matches', { negatable: true })],
  ['contains', infix(20, 'contains', { negatable: true })],
  ['startsWith', infix(20, 'startsWith', { negatable: true })],
  ['endsWith', infix(20, 'endsWith', { negatable: true })],
  ['..', infix(25, '..')],
  ['+', infix(30, '+')],
  ['-', infix(30, '-')],
  ['*', infix(60, '*')],
  ['/', infix(60, '/')],
  ['%', infix(60, '%')],
  ['**', infix(100, '**', { rightFirst: true })],
  ['^', infix(100, '**', { rightFirst: true })],
  ['??', infix(500, '??')],
]);

export const operatorOf = (token: Token): InfixOperator | undefined =>
  token.kind === 'sign' || token.kind === 'word' ? operators.get(token.text) : undefined;

/** How closely a sign before its operand binds: `-a ** b` is `-(a ** b)`, `not a == b` is `(not a) == b`. */
export const unaryPrecedence = (sign: string): number => (sign === '-' || sign === '+' ? 90 : 50);

/** Those that may be chained: `1 < x < 3`. */
export const isComparison = (name: InfixOperator['name']): name is '<' | '<=' | '>' | '>=' =>
  name === '<' || name === '<=' || name === '>' || name === '>=';
