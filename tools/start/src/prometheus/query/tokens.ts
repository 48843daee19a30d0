import { QueryError } from './query-error.ts';

export type TokenKind = 'name' | 'number' | 'duration' | 'text' | 'sign' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** As it stands in the query; of a text, what it stands for. */
  readonly text: string;
  /** Counted from 1. */
  readonly position: number;
}

const patterns: readonly (readonly [TokenKind | 'blank', RegExp])[] = [
  ['blank', /\s+|#[^\n]*/y],
  ['duration', /(?:\d+(?:ms|[smhdwy]))+(?!\w)/y],
  ['number', /(?:0x[0-9a-f]+|\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|(?:inf|nan)(?!\w))/iy],
  ['name', /[a-zA-Z_:][\w:]*/y],
  ['text', /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/y],
  ['sign', /=~|!~|!=|==|>=|<=|[-+*/%^(){}[\],=<>@]/y],
];

/** Throws QueryError with the place of what is no part of a query. */
export function tokensOf(query: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const found = firstMatch(query, at);
    if (found === undefined) throw new QueryError(`unexpected "${query[at]}" at character ${at + 1}`);
    const { kind, text } = found;
    if (kind !== 'blank') tokens.push({ kind, text: kind === 'text' ? unquoted(text) : text, position: at + 1 });
    at += text.length;
  }
  return [...tokens, { kind: 'end', text: 'the end', position: query.length + 1 }];
}

function firstMatch(query: string, at: number) {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const [text] = pattern.exec(query) ?? [];
    if (text !== undefined) return { kind, text };
  }
  return undefined;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function unquoted(text: string): string {
  const inner = text.slice(1, -1);
  return text.startsWith('`') ? inner : inner.replaceAll(/\\(.)/gs, (_, letter: string) => escapes[letter] ?? letter);
}

const unitMs: Readonly<Record<string, number>> = {
  ...{ ms: 1, s: 1000, m: 60_000, h: 3_600_000 },
  ...{ d: 86_400_000, w: 604_800_000, y: 31_536_000_000 },
};

export function durationMs(text: string): number {
  return [...text.matchAll(/(\d+)(ms|[smhdwy])/g)].reduce(
    (sum, [, amount, unit = '']) => sum + Number(amount) * (unitMs[unit] ?? 0),
    0,
  );
}
