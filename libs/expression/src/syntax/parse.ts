import { compileFault, limitFault } from '../fault.ts';
import type { Limits } from '../limits.ts';
import { isComparison, operatorOf, unaryPrecedence, type InfixOperator } from './precedence.ts';
import { tokensOf, type Token } from './tokens.ts';
import type { Argument, BinaryOperator, Node } from './nodes.ts';

/** The function takes a predicate as its argument of this number (from 0): braces there do not begin a map. */
export type TakesPredicate = (functionName: string, argument: number) => boolean;

/** Tools and people know these words from the messages of the reference. */
const shown = ({ kind, text }: Token): string => {
  switch (kind) {
    case 'end':
      return 'EOF';
    case 'number':
      return `Number(${JSON.stringify(text)})`;
    case 'string':
      return `String(${JSON.stringify(text)})`;
    case 'name':
      return `Identifier(${JSON.stringify(text)})`;
    default: {
      const bracket = /^[()[\]{}]$/.test(text) ? 'Bracket' : 'Operator';
      return `${bracket}(${JSON.stringify(text)})`;
    }
  }
};

const unexpected = (token: Token, wanted?: string): Error =>
  compileFault(`unexpected token ${shown(token)}${wanted === undefined ? '' : `: expected ${wanted}`}`, token.at);

/** Reads tokens by recursive descent, binary operators by precedence. One instance reads one source. */
class Parser {
  readonly #tokens: readonly Token[];
  readonly #limits: Limits;
  readonly #takesPredicate: TakesPredicate;
  #index = 0;
  #nodes = 0;
  #nesting = 0;

  constructor(source: string, limits: Limits, takesPredicate: TakesPredicate) {
    this.#tokens = tokensOf(source);
    this.#limits = limits;
    this.#takesPredicate = takesPredicate;
  }

  read(): Node {
    const node = this.#sequence();
    if (this.#token.kind !== 'end') throw unexpected(this.#token);
    return node;
  }

  get #token(): Token {
    return this.#tokens[this.#index] ?? { kind: 'end', text: '', at: 0 };
  }

  #peek(): Token {
    return this.#tokens[this.#index + 1] ?? this.#token;
  }

  #take(): Token {
    const token = this.#token;
    if (token.kind !== 'end') this.#index += 1;
    return token;
  }

  #is(text: string): boolean {
    const { kind, text: own } = this.#token;
    return own === text && (kind === 'sign' || kind === 'word');
  }

  #skip(text: string): boolean {
    const there = this.#is(text);
    if (there) this.#index += 1;
    return there;
  }

  #expect(text: string): Token {
    if (!this.#is(text)) throw unexpected(this.#token, `"${text}"`);
    return this.#take();
  }

  #node<N extends Node>(node: N): N {
    this.#nodes += 1;
    if (this.#nodes > this.#limits.nodes)
      throw limitFault(`the expression has more than ${this.#limits.nodes} parts`, node.at);
    return node;
  }

  /** Runs one level deeper; the parser itself must not outgrow the stack. */
  #deeper<T>(read: () => T): T {
    this.#nesting += 1;
    if (this.#nesting > this.#limits.depth)
      throw limitFault(`the expression nests deeper than ${this.#limits.depth} levels`, this.#token.at);
    const result = read();
    this.#nesting -= 1;
    return result;
  }

  #sequence(): Node {
    const at = this.#token.at;
    const items = [this.#expression()];
    while (this.#skip(';')) items.push(this.#expression());
    return items.length === 1 && items[0] !== undefined ? items[0] : this.#node({ kind: 'sequence', items, at });
  }

  #expression(): Node {
    return this.#deeper(() => {
      if (this.#is('let')) return this.#variable();
      if (this.#is('if')) return this.#if();
      const test = this.#binary(0);
      if (!this.#is('?')) return test;
      const { at } = this.#take();
      if (this.#skip(':')) {
        const otherwise = this.#expression();
        return this.#node({ kind: 'conditional', test, then: undefined, otherwise, at });
      }
      const then = this.#expression();
      this.#expect(':');
      return this.#node({ kind: 'conditional', test, then, otherwise: this.#expression(), at });
    });
  }

  #variable(): Node {
    this.#expect('let');
    const { kind, text: name, at } = this.#token;
    if (kind !== 'name' || !/^[\p{L}_][\p{L}\p{Nd}_]*$/u.test(name))
      throw unexpected(this.#token, 'the name of a variable after let');
    this.#take();
    this.#expect('=');
    const value = this.#expression();
    this.#expect(';');
    return this.#node({ kind: 'let', name, value, body: this.#sequence(), at });
  }

  #if(): Node {
    const { at } = this.#expect('if');
    const test = this.#binary(0);
    const then = this.#block();
    if (!this.#is('else')) throw unexpected(this.#token, '"else": each if needs one');
    this.#take();
    const otherwise = this.#is('if') ? this.#deeper(() => this.#if()) : this.#block();
    return this.#node({ kind: 'conditional', test, then, otherwise, at });
  }

  #block(): Node {
    this.#expect('{');
    const body = this.#sequence();
    this.#expect('}');
    return body;
  }

  #binary(lowest: number): Node {
    return this.#deeper(() => {
      let left = this.#unary();
      for (;;) {
        const negated = this.#is('not');
        const operator = operatorOf(negated ? this.#peek() : this.#token);
        if (operator === undefined || operator.precedence < lowest || (negated && !operator.negatable)) return left;
        const { at } = this.#take();
        if (negated) this.#take();
        left = this.#infix(left, operator, at);
        if (negated) left = this.#node({ kind: 'unary', operator: '!', operand: left, at });
      }
    });
  }

  #infix(left: Node, operator: InfixOperator, at: number): Node {
    if (operator.name === '|') return this.#pipe(left);
    const { name } = operator;
    const right = this.#binary(operator.rightFirst ? operator.precedence : operator.precedence + 1);
    const next = operatorOf(this.#token);
    if (isComparison(name) && next !== undefined && isComparison(next.name))
      return this.#comparisons([left, right], [name], [at]);
    return this.#node({ kind: 'binary', operator: name, left, right, at });
  }

  #comparisons(operands: Node[], operators: BinaryOperator[], places: number[]): Node {
    for (let next = operatorOf(this.#token); next !== undefined && isComparison(next.name);) {
      places.push(this.#take().at);
      operators.push(next.name);
      operands.push(this.#binary(next.precedence + 1));
      next = operatorOf(this.#token);
    }
    return this.#node({ kind: 'comparisons', operands, operators, places, at: places[0] ?? 0 });
  }

  #pipe(left: Node): Node {
    const { kind, text: name, at } = this.#token;
    if (kind !== 'name') throw unexpected(this.#token, 'the name of a function after |');
    this.#take();
    return this.#postfix(this.#call(name, at, [{ node: left, braces: false }]));
  }

  #unary(): Node {
    const { text, at } = this.#token;
    const operator = this.#is('not') || this.#is('!') ? '!' : this.#is('-') ? '-' : this.#is('+') ? '+' : undefined;
    if (operator === undefined) return this.#primary();
    this.#take();
    return this.#node({ kind: 'unary', operator, operand: this.#binary(unaryPrecedence(text)), at });
  }

  #primary(): Node {
    const token = this.#token;
    const { kind, text, at } = token;
    if (kind === 'number') {
      this.#take();
      return this.#node({ kind: 'literal', value: token.value ?? 0n, at });
    }
    if (kind === 'string') {
      this.#take();
      return this.#postfix(this.#node({ kind: 'literal', value: text, at }));
    }
    if (kind === 'name') return this.#postfix(this.#named());
    if (this.#is('(')) {
      this.#take();
      const inner = this.#sequence();
      this.#expect(')');
      return this.#postfix(inner);
    }
    if (this.#is('[')) return this.#postfix(this.#list());
    if (this.#is('{')) return this.#postfix(this.#map());
    if (this.#is('#')) return this.#postfix(this.#pointer());
    // `.field` in a predicate is `#.field`; the dot itself is read as an access.
    if (this.#is('.')) return this.#postfix(this.#node({ kind: 'pointer', name: '', at }));
    throw unexpected(token);
  }

  #named(): Node {
    const { text, at } = this.#take();
    if (text === 'true' || text === 'false') return this.#node({ kind: 'literal', value: text === 'true', at });
    if (text === 'nil') return this.#node({ kind: 'literal', value: null, at });
    return this.#is('(') ? this.#call(text, at, []) : this.#node({ kind: 'name', name: text, at });
  }

  #pointer(): Node {
    const { at } = this.#expect('#');
    const { kind, text, at: nameAt } = this.#token;
    if (kind !== 'name' || nameAt !== at + 1) return this.#node({ kind: 'pointer', name: '', at });
    this.#take();
    return this.#node({ kind: 'pointer', name: text, at });
  }

  #call(name: string, at: number, args: Argument[]): Node {
    this.#expect('(');
    while (!this.#is(')')) {
      const braces = this.#is('{') && this.#takesPredicate(name, args.length);
      args.push({ node: braces ? this.#block() : this.#expression(), braces });
      if (!this.#skip(',')) break;
    }
    this.#expect(')');
    return this.#node({ kind: 'call', name, args, at });
  }

  #list(): Node {
    const { at } = this.#expect('[');
    const items: Node[] = [];
    while (!this.#is(']')) {
      items.push(this.#expression());
      if (!this.#skip(',')) break;
    }
    this.#expect(']');
    return this.#node({ kind: 'list', items, at });
  }

  #map(): Node {
    const { at } = this.#expect('{');
    const entries: { key: Node; value: Node }[] = [];
    while (!this.#is('}')) {
      const key = this.#key();
      this.#expect(':');
      entries.push({ key, value: this.#expression() });
      if (!this.#skip(',')) break;
    }
    this.#expect('}');
    return this.#node({ kind: 'map', entries, at });
  }

  #key(): Node {
    const { kind, text, at } = this.#token;
    if (this.#skip('(')) {
      const key = this.#sequence();
      this.#expect(')');
      return key;
    }
    if (kind === 'sign' || kind === 'end')
      throw unexpected(this.#token, 'a key: a name, a string, a number or an expression in parentheses');
    this.#take();
    return this.#node({ kind: 'literal', value: text, at });
  }

  #postfix(start: Node): Node {
    let node = start;
    let optional = false;
    for (;;) {
      if (this.#is('.') || this.#is('?.')) {
        const skipsNil = this.#take().text === '?.';
        optional ||= skipsNil;
        node = skipsNil && this.#is('[') ? this.#indexed(node, true) : this.#member(node, skipsNil);
      } else if (this.#is('[')) {
        node = this.#indexed(node, false);
      } else {
        return optional ? this.#node({ kind: 'chain', of: node, at: node.at }) : node;
      }
    }
  }

  #member(target: Node, optional: boolean): Node {
    const { kind, text: name, at } = this.#token;
    if (kind !== 'name' && kind !== 'word') throw unexpected(this.#token, 'the name of a member after the dot');
    this.#take();
    if (!this.#is('(')) {
      const key = this.#node({ kind: 'literal', value: name, at });
      return this.#node({ kind: 'member', target, key, optional, at });
    }
    this.#take();
    const args: Node[] = [];
    while (!this.#is(')')) {
      args.push(this.#expression());
      if (!this.#skip(',')) break;
    }
    this.#expect(')');
    return this.#node({ kind: 'method', target, name, args, optional, at });
  }

  /** `[key]`, `[from:to]`, `[from:]`, `[:to]`, `[:]`. */
  #indexed(target: Node, optional: boolean): Node {
    const { at } = this.#expect('[');
    const from = this.#is(':') ? undefined : this.#expression();
    if (from !== undefined && !this.#skip(':')) {
      this.#expect(']');
      return this.#node({ kind: 'member', target, key: from, optional, at });
    }
    if (from === undefined) this.#expect(':');
    const to = this.#is(']') ? undefined : this.#expression();
    this.#expect(']');
    return this.#node({ kind: 'slice', target, from, to, optional, at });
  }
}

/** The expression as a tree. Throws a fault that points at the token that cannot stand where it does. */
export const parse = (source: string, limits: Limits, takesPredicate: TakesPredicate): Node => {
  if (source.length > limits.sourceLength)
    throw limitFault(`the expression is longer than ${limits.sourceLength} characters`, limits.sourceLength);
  return new Parser(source, limits, takesPredicate).read();
};
