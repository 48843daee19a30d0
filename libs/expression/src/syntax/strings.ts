import { compileFault } from '../fault.ts';

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
  '`': '`',
};

const numericEscape = /x([\da-fA-F]{2})|u([\da-fA-F]{4})|u\{([\da-fA-F]{1,6})\}|U([\da-fA-F]{8})|([0-3][0-7]{2})/y;

const escapeAt = (source: string, at: number): { text: string; length: number } => {
  const simple = simpleEscapes[source.charAt(at + 1)];
  if (simple !== undefined) return { text: simple, length: 2 };
  numericEscape.lastIndex = at + 1;
  const match = numericEscape.exec(source);
  const [whole = '', byte, unit, point, long, octal] = match ?? [];
  const code = octal === undefined ? parseInt(byte ?? unit ?? point ?? long ?? '', 16) : parseInt(octal, 8);
  if (match === null || code > 0x10ffff)
    throw compileFault(`${JSON.stringify(source.slice(at, at + 2))} is no escape: write \\\\ for a backslash`, at);
  return { text: String.fromCodePoint(code), length: 1 + whole.length };
};

/**
 * Reads the string that begins at a place. Single and double quotes know escapes and end on their line; backticks are raw and
 * may span lines, a doubled backtick stands for one.
 */
export const readString = (source: string, at: number): { text: string; next: number } => {
  const quote = source.charAt(at);
  const raw = quote === '`';
  const pieces: string[] = [];
  for (let i = at + 1; i < source.length;) {
    const character = source.charAt(i);
    if (raw && character === '`' && source.charAt(i + 1) === '`') {
      pieces.push('`');
      i += 2;
    } else if (character === quote) {
      return { text: pieces.join(''), next: i + 1 };
    } else if (!raw && character === '\\') {
      const escape = escapeAt(source, i);
      pieces.push(escape.text);
      i += escape.length;
    } else if (!raw && character === '\n') {
      break;
    } else {
      pieces.push(character);
      i += 1;
    }
  }
  throw compileFault(`unclosed string: a ${quote} is missing`, at);
};
