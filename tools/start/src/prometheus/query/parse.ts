import type { Labels } from '../exposition.ts';
import type { Matches } from '../series.ts';
import { QueryError, beyondStandIn } from './query-error.ts';
import { durationMs, tokensOf } from './tokens.ts';
import type { Token } from './tokens.ts';

export const aggregations = ['sum', 'avg', 'min', 'max', 'count'] as const;
export const functions = ['rate', 'increase', 'scalar', 'vector'] as const;
export const operators = ['+', '-', '*', '/', 'or'] as const;

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'selector'; readonly matches: Matches }
  | { readonly kind: 'range'; readonly matches: Matches; readonly rangeMs: number }
  | { readonly kind: 'call'; readonly name: (typeof functions)[number]; readonly argument: Expression }
  | {
      readonly kind: 'aggregation';
      readonly name: (typeof aggregations)[number];
      readonly keeps: (label: string) => boolean;
      readonly of: Expression;
    }
  | {
      readonly kind: 'operation';
      readonly operator: (typeof operators)[number];
      readonly left: Expression;
      readonly right: Expression;
    };

/** Reads a query in Prometheus's language, as much of it as the stand-in understands. Throws QueryError. */
export function parseQuery(query: string): Expression {
  const tokens = createReader(tokensOf(query));
  const expression = union(tokens);
  const rest = tokens.next();
  if (rest.kind !== 'end') throw refused(rest);
  return expression;
}

interface Reader {
  peek(): Token;
  next(): Token;
  /** Takes the next token if it is this one. */
  take(text: string): boolean;
  expect(text: string): void;
}

function createReader(tokens: readonly Token[]): Reader {
  let at = 0;
  const peek = (): Token => tokens[Math.min(at, tokens.length - 1)] as Token;
  const take = (text: string): boolean => {
    const { kind, text: found } = peek();
    if (kind === 'text' || kind === 'end' || found !== text) return false;
    at++;
    return true;
  };
  return {
    peek,
    take,
    next() {
      const token = peek();
      at++;
      return token;
    },
    expect(text) {
      if (!take(text))
        throw new QueryError(`expected "${text}" and not "${peek().text}" at character ${peek().position}`);
    },
  };
}

// What it understands of the rest of the language is that it is one.
const otherWords = /^(and|unless|bool|on|ignoring|group_left|group_right|offset|atan2)$/;

function refused({ kind, text, position }: Token): QueryError {
  const isOther = kind === 'name' ? otherWords.test(text) : /^(==|!=|>=|<=|[<>%^@])$/.test(text);
  return isOther ? beyondStandIn(`"${text}"`) : new QueryError(`unexpected "${text}" at character ${position}`);
}

function union(tokens: Reader): Expression {
  let left = sum(tokens);
  while (tokens.take('or')) left = { kind: 'operation', operator: 'or', left, right: sum(tokens) };
  return left;
}

function sum(tokens: Reader): Expression {
  let left = product(tokens);
  for (;;) {
    const operator = tokens.take('+') ? '+' : tokens.take('-') ? '-' : undefined;
    if (operator === undefined) return left;
    left = { kind: 'operation', operator, left, right: product(tokens) };
  }
}

function product(tokens: Reader): Expression {
  let left = signed(tokens);
  for (;;) {
    const operator = tokens.take('*') ? '*' : tokens.take('/') ? '/' : undefined;
    if (operator === undefined) return left;
    left = { kind: 'operation', operator, left, right: signed(tokens) };
  }
}

function signed(tokens: Reader): Expression {
  if (tokens.take('+')) return signed(tokens);
  if (!tokens.take('-')) return primary(tokens);
  return { kind: 'operation', operator: '*', left: { kind: 'number', value: -1 }, right: signed(tokens) };
}

function primary(tokens: Reader): Expression {
  const token = tokens.peek();
  if (token.text === '{' && token.kind === 'sign') return selector(tokens, undefined);
  tokens.next();
  if (token.kind === 'number') return { kind: 'number', value: numberOf(token.text) };
  if (token.kind === 'sign' && token.text === '(') {
    const inner = union(tokens);
    tokens.expect(')');
    return inner;
  }
  if (token.kind !== 'name' || otherWords.test(token.text)) throw refused(token);
  const next = tokens.peek().text;
  const aggregation = aggregations.find((name) => name === token.text);
  if (aggregation !== undefined && ['(', 'by', 'without'].includes(next)) return aggregated(tokens, aggregation);
  return next === '(' ? called(tokens, token.text) : selector(tokens, token.text);
}

function numberOf(text: string): number {
  if (/^inf$/i.test(text)) return Infinity;
  return /^nan$/i.test(text) ? NaN : Number(text);
}

function called(tokens: Reader, text: string): Expression {
  const name = functions.find((each) => each === text);
  if (name === undefined) throw beyondStandIn(`${text}()`);
  tokens.expect('(');
  const argument = union(tokens);
  tokens.expect(')');
  return { kind: 'call', name, argument };
}

function aggregated(tokens: Reader, name: (typeof aggregations)[number]): Expression {
  const before = grouping(tokens);
  tokens.expect('(');
  const of = union(tokens);
  tokens.expect(')');
  const keeps = before ?? grouping(tokens) ?? (() => false);
  return { kind: 'aggregation', name, keeps, of };
}

function grouping(tokens: Reader): ((label: string) => boolean) | undefined {
  const by = tokens.take('by');
  if (!by && !tokens.take('without')) return undefined;
  tokens.expect('(');
  const names: string[] = [];
  while (!tokens.take(')')) {
    const { kind, text, position } = tokens.next();
    if (kind !== 'name') throw new QueryError(`expected a label and not "${text}" at character ${position}`);
    names.push(text);
    if (tokens.peek().text !== ')') tokens.expect(',');
  }
  return by ? (label) => names.includes(label) : (label) => label !== '__name__' && !names.includes(label);
}

function selector(tokens: Reader, name: string | undefined): Expression {
  const tests: Matches[] = name === undefined ? [] : [(labels) => labels['__name__'] === name];
  if (tokens.take('{'))
    while (!tokens.take('}')) {
      tests.push(matcher(tokens));
      if (tokens.peek().text !== '}') tokens.expect(',');
    }
  if (tests.length === 0) throw new QueryError('a selector needs a name or at least one label');
  const matches: Matches = (labels) => tests.every((test) => test(labels));
  if (!tokens.take('[')) return { kind: 'selector', matches };
  const range = tokens.next();
  if (range.kind !== 'duration')
    throw new QueryError(`expected a duration such as 5m and not "${range.text}" at character ${range.position}`);
  tokens.expect(']');
  return { kind: 'range', matches, rangeMs: durationMs(range.text) };
}

function matcher(tokens: Reader): Matches {
  const label = tokens.next();
  if (label.kind !== 'name') throw new QueryError(`expected a label at character ${label.position}`);
  const { text: operator, position } = tokens.next();
  const { kind, text: wanted } = tokens.next();
  if (kind !== 'text') throw new QueryError(`expected a quoted text after ${label.text}${operator}`);
  // An absent label is an empty one.
  const of = (labels: Labels): string => labels[label.text] ?? '';
  switch (operator) {
    case '=':
      return (labels) => of(labels) === wanted;
    case '!=':
      return (labels) => of(labels) !== wanted;
    case '=~':
    case '!~': {
      const expression = expressionOf(wanted);
      return (labels) => expression.test(of(labels)) === (operator === '=~');
    }
    default:
      throw new QueryError(`expected =, !=, =~ or !~ at character ${position}`);
  }
}

// Always the whole value, as in Prometheus.
function expressionOf(text: string): RegExp {
  try {
    return new RegExp(`^(?:${text})$`, 's');
  } catch (cause) {
    throw new QueryError(`not a regular expression: ${text}`, { cause });
  }
}
