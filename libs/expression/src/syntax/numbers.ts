import { compileFault } from '../fault.ts';

const prefixed = /0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+/y;
// `1..3` is a range: a dot that is followed by another belongs to no number.
const decimal = /(?:\d[\d_]*)?(?:\.(?!\.)[\d_]*)?(?:[eE][+-]?\d[\d_]*)?/y;
const letter = /[\p{L}\p{Nd}_]/uy;

const largest = 2n ** 63n - 1n;

const matchAt = (pattern: RegExp, source: string, at: number): string => {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0] ?? '';
};

/**
 * Reads the number that begins at a place: `42`, `1_000`, `0x2A`, `0o52`, `0b101010` are integers; `0.5`, `.5` and `1e3` are floats.
 * An integer is at most 2⁶³−1.
 */
export const readNumber = (source: string, at: number): { value: bigint | number; text: string } => {
  const withPrefix = matchAt(prefixed, source, at);
  const text = withPrefix === '' ? matchAt(decimal, source, at) : withPrefix;
  const end = at + text.length;
  if (matchAt(letter, source, end) !== '')
    throw compileFault(`bad number syntax: ${JSON.stringify(source.slice(at, end + 1))}`, at);
  const digits = text.replaceAll('_', '');
  if (withPrefix === '' && /[.eE]/.test(digits)) {
    const value = Number(digits);
    if (!Number.isFinite(value)) throw compileFault(`the number ${text} is too large for a float`, at);
    return { value, text };
  }
  if (/^0[xXbBoO]$/.test(digits)) throw compileFault(`bad number syntax: ${JSON.stringify(text)}`, at);
  const value = BigInt(withPrefix === '' ? digits.replace(/^0+(?=\d)/, '') : digits);
  if (value > largest) throw compileFault(`the integer ${text} is too large: at most ${largest}`, at);
  return { value, text };
};
