import { compileFault } from '../fault.ts';
import { readNumber } from './numbers.ts';
import { readString } from './strings.ts';

/** `word` is an operator that is written as a name (`in`, `and`, `let`); after a dot it is a name again. */
export type TokenKind = 'number' | 'string' | 'name' | 'word' | 'sign' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** As written; of a string, what it means. */
  readonly text: string;
  /** Of a number: bigint for integers. */
  readonly value?: bigint | number;
  readonly at: number;
}

const words: ReadonlySet<string> = new Set([
  ...['in', 'not', 'and', 'or', 'matches', 'contains', 'startsWith', 'endsWith'],
  ...['let', 'if', 'else'],
]);

// Longest first: a sign is the longest one that stands there.
const signs: readonly string[] = [
  ...['**', '==', '!=', '<=', '>=', '&&', '||', '??', '?.', '..'],
  ...['+', '-', '*', '/', '%', '^', '<', '>', '!', '?', ':', '|', '.', ',', ';', '=', '#'],
  ...['(', ')', '[', ']', '{', '}'],
];

const blank = /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)+/y;
const name = /[\p{L}_$][\p{L}\p{Nd}_$]*/uy;

const matchAt = (pattern: RegExp, source: string, at: number): string | undefined => {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
};

const startsNumber = /\d|\.\d/y;

const nextToken = (source: string, at: number, previous: Token | undefined): { token: Token; next: number } => {
  const character = source.charAt(at);
  // In `a.0` the dot is an access; in `1 + .5` it begins a number.
  const afterOperand = previous !== undefined && previous.at + previous.text.length === at && previous.kind === 'name';
  if (matchAt(startsNumber, source, at) !== undefined && !(character === '.' && afterOperand)) {
    const { value, text } = readNumber(source, at);
    return { token: { kind: 'number', text, value, at }, next: at + text.length };
  }
  if (character === '"' || character === "'" || character === '`') {
    const { text, next } = readString(source, at);
    return { token: { kind: 'string', text, at }, next };
  }
  const word = matchAt(name, source, at);
  if (word !== undefined)
    return { token: { kind: words.has(word) ? 'word' : 'name', text: word, at }, next: at + word.length };
  // `x ?.5 : 1` is a question about a number, not an access.
  const sign = /^\?\.\d/.test(source.slice(at, at + 3))
    ? '?'
    : signs.find((candidate) => source.startsWith(candidate, at));
  if (sign !== undefined) return { token: { kind: 'sign', text: sign, at }, next: at + sign.length };
  const unknown = String.fromCodePoint(source.codePointAt(at) ?? 0);
  throw compileFault(`unrecognized character ${JSON.stringify(unknown)}`, at);
};

/** The source cut into tokens; the last one is `end`. Throws a fault for text that is no token. */
export const tokensOf = (source: string): readonly Token[] => {
  const tokens: Token[] = [];
  for (let at = 0; ;) {
    at += matchAt(blank, source, at)?.length ?? 0;
    if (source.startsWith('/*', at)) throw compileFault('unclosed comment: write */ where it ends', at);
    if (at >= source.length) return [...tokens, { kind: 'end', text: '', at: source.length }];
    const { token, next } = nextToken(source, at, tokens.at(-1));
    tokens.push(token);
    at = next;
  }
};
