import { JsonPathError } from './syntax.ts';

/** A text and how far it has been read. */
export interface ParsedText {
  atEnd(): boolean;
  peek(): string;
  take(expected: string): boolean;
  expect(expected: string): void;
  /** A whole word, not the beginning of another one. */
  takeWord(word: string): boolean;
  takeMatch(sticky: RegExp): string | undefined;
  /** What stands in single or double quotes, backslashes included. */
  takeQuoted(): string | undefined;
  /** The name of a field; a backslash takes its meaning from the next character. */
  takeName(): string;
  upTo(stop: string): string;
  skipBlanks(): void;
  error(message: string): JsonPathError;
}

export function createText(source: string): ParsedText {
  let at = 0;
  const take = (expected: string): boolean => {
    if (!source.startsWith(expected, at)) return false;
    at += expected.length;
    return true;
  };
  const takeMatch = (sticky: RegExp): string | undefined => {
    sticky.lastIndex = at;
    const found = sticky.exec(source)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const error = (message: string): JsonPathError =>
    new JsonPathError(`${message}, at character ${at + 1} of the JSONPath ${source}`);

  return {
    atEnd: () => at >= source.length,
    peek: () => source[at] ?? '',
    take,
    expect(expected) {
      if (!take(expected)) throw error(`there should be ${expected} instead of ${source[at] ?? 'the end'}`);
    },
    takeWord(word) {
      if (!source.startsWith(word, at) || /[\w.]/.test(source[at + word.length] ?? '')) return false;
      at += word.length;
      return true;
    },
    takeMatch,
    takeQuoted() {
      const quote = source[at];
      if (quote !== '"' && quote !== "'") return undefined;
      const start = ++at;
      for (; source[at] !== quote; at++) {
        if (at >= source.length) throw error(`there should be ${quote}`);
        if (source[at] === '\\') at++;
      }
      return source.slice(start, at++);
    },
    takeName: () => (takeMatch(/(?:\\.|[^\\.,[\]$@{}()<>=!\s])+/sy) ?? '').replaceAll(/\\(.)/gs, '$1'),
    upTo(stop) {
      const found = source.indexOf(stop, at);
      const taken = source.slice(at, found < 0 ? undefined : found);
      at += taken.length;
      return taken;
    },
    skipBlanks: () => void takeMatch(/\s+/y),
    error,
  };
}
