// Secret values in texts that users read: messages, values, logs.

const mask = '*****';

/** Shorter texts occur in words and numbers by chance: they are hidden where they stand alone. */
const shortest = 4;

const number = /^[-+]?[\d.,]+(?:e[-+]?\d+)?$/i;

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);

/** What finds the text, or undefined where it is not hidden at all. */
function finderOf(hidden: string): RegExp | string | undefined {
  if (number.test(hidden)) {
    // A number of few digits is anyone's. A longer one is hidden, but never as a part of a longer number.
    if (hidden.length < shortest) return undefined;
    return new RegExp(String.raw`(?<!\d|\d[.,]|\d[eE][-+]?)${escaped(hidden)}(?!\d|[.,]\d|[eE][-+]?\d)`, 'g');
  }
  if (hidden.length >= shortest) return hidden;
  return new RegExp(String.raw`(?<![\p{L}\p{N}_])${escaped(hidden)}(?![\p{L}\p{N}_])`, 'gu');
}

/**
 * A function that puts `*****` where one of the texts stands. Numbers are never altered in part. The longest text goes first:
 * otherwise the rest of a text that holds another one would stay. An empty text hides nothing.
 */
export function hiding(texts: readonly string[]): (text: string) => string {
  const finders = [...new Set(texts)]
    .filter((text) => text !== '')
    .sort((one, other) => other.length - one.length)
    .flatMap((text) => finderOf(text) ?? []);
  return (text) => finders.reduce<string>((left, finder) => left.replaceAll(finder, mask), text);
}
