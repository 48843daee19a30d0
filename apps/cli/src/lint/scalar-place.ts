import { Scalar } from 'yaml';

/** How many characters of the source an escape in double quotes takes. */
const escapeLength = (source: string, at: number): number => {
  const lengths: Readonly<Record<string, number>> = { x: 4, u: 6, U: 10 };
  return lengths[source.charAt(at + 1)] ?? 2;
};

const isBlank = (character: string): boolean =>
  character === ' ' || character === '\t' || character === '\n' || character === '\r';

const firstCharacter = (source: string, { range, type }: Scalar): number => {
  const start = range?.[0] ?? 0;
  if (type === Scalar.QUOTE_DOUBLE || type === Scalar.QUOTE_SINGLE) return start + 1;
  if (type !== Scalar.BLOCK_FOLDED && type !== Scalar.BLOCK_LITERAL) return start;
  // After the line of `|` or `>`, and the indentation.
  let at = source.indexOf('\n', start) + 1;
  while (source.charAt(at) === ' ') at += 1;
  return at;
};

/**
 * Offset in the file of a character of a text. What was read and what stands there are walked through side by side: line folds,
 * indentation and escapes make them differ.
 */
export const offsetInSource = (source: string, scalar: Scalar, offset: number): number => {
  const value = typeof scalar.value === 'string' ? scalar.value : '';
  let at = firstCharacter(source, scalar);
  for (let i = 0; i < offset && i < value.length && at < source.length; i += 1) {
    const wanted = value.charAt(i);
    if (scalar.type === Scalar.QUOTE_DOUBLE && source.charAt(at) === '\\') at += escapeLength(source, at);
    else if (scalar.type === Scalar.QUOTE_SINGLE && wanted === "'") at += 2;
    else if (isBlank(wanted) && isBlank(source.charAt(at))) at += 1;
    else {
      while (at < source.length && source.charAt(at) !== wanted && isBlank(source.charAt(at))) at += 1;
      at += 1;
    }
  }
  while (offset < value.length && !isBlank(value.charAt(offset)) && isBlank(source.charAt(at))) at += 1;
  return Math.min(at, source.length);
};
