import type { Argument } from '@sluice/model';
import type { Path } from './finding.ts';

// {{args.NAME}} in the texts of a template.

export interface Placeholder {
  /** What stands between the braces, trimmed. */
  readonly tag: string;
  /** The argument that it names; undefined for any other tag. */
  readonly argument: string | undefined;
  readonly start: number;
  readonly end: number;
}

const argumentPrefix = 'args.';

/** The placeholders of a text, and where one begins that does not end. */
export const placeholdersIn = (
  text: string,
): { readonly found: readonly Placeholder[]; readonly open: number | undefined } => {
  const found: Placeholder[] = [];
  for (let start = text.indexOf('{{'); start >= 0; start = text.indexOf('{{', found.at(-1)?.end ?? 0)) {
    const close = text.indexOf('}}', start + 2);
    if (close < 0) return { found, open: start };
    const tag = text.slice(start + 2, close).trim();
    const argument = tag.startsWith(argumentPrefix) ? tag.slice(argumentPrefix.length) : undefined;
    found.push({ tag, argument, start, end: close + 2 });
  }
  return { found, open: undefined };
};

export type KnownValues = ReadonlyMap<string, string>;

/** The arguments whose value stands in the template itself. A Secret wins over a value, so that none is known then. */
export const knownValues = (args: readonly Argument[]): KnownValues =>
  new Map(
    args.flatMap(({ name, value, valueFrom }) =>
      typeof value === 'string' && !valueFrom?.secretKeyRef ? [[name, value] as const] : [],
    ),
  );

/** A text with placeholders filled in, and the way back from its offsets to those of the original. */
export interface Filled {
  readonly text: string;
  /** Whether nothing had to be guessed. */
  readonly certain: boolean;
  originalOffset(offset: number): number;
}

/** Fills the values that are known, and a guess for all others. */
export const fill = (text: string, known: KnownValues, guess: string): Filled => {
  const pieces: { readonly from: number; readonly at: number; readonly text: string; readonly copied: boolean }[] = [];
  let [from, at, certain] = [0, 0, true];
  const add = (piece: string, original: number, copied: boolean): void => {
    pieces.push({ from, at: original, text: piece, copied });
    from += piece.length;
  };
  for (const { argument, start, end } of placeholdersIn(text).found) {
    const value = argument === undefined ? undefined : known.get(argument);
    certain &&= value !== undefined;
    add(text.slice(at, start), at, true);
    add(value ?? guess, start, false);
    at = end;
  }
  add(text.slice(at), at, true);
  return {
    text: pieces.map((piece) => piece.text).join(''),
    certain,
    originalOffset: (offset) => {
      const piece = pieces.findLast((candidate) => candidate.from <= offset);
      return piece === undefined ? 0 : piece.at + (piece.copied ? offset - piece.from : 0);
    },
  };
};

/** All texts of a value, keys included, with their paths. */
export const textsIn = (
  value: unknown,
  path: Path,
): readonly { readonly path: Path; readonly text: string; readonly isKey: boolean }[] => {
  if (typeof value === 'string') return [{ path, text: value, isKey: false }];
  if (Array.isArray(value)) return value.flatMap((item, i) => textsIn(item, [...path, i]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [
    { path: [...path, key], text: key, isKey: true },
    ...textsIn(member, [...path, key]),
  ]);
};

/** The value with all known arguments filled in; texts with others are left as they are. */
export const withKnownValues = <T>(value: T, known: KnownValues): T => {
  const filled = (inner: unknown): unknown => {
    if (typeof inner === 'string') {
      const { text, certain } = fill(inner, known, '');
      return certain ? text : inner;
    }
    if (Array.isArray(inner)) return inner.map(filled);
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, member]) => [key, filled(member)]));
  };
  return filled(value) as T;
};

export const hasPlaceholder = (value: unknown): boolean => typeof value === 'string' && value.includes('{{');
