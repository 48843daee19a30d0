// Durations as Go writes them: "300ms", "-1.5h", "1h0m0s".

const unit: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

const longest = 2n ** 63n;

/** No duration that is meant is longer; digits beyond are looked at no more. */
const longestText = 256;

const shown = (text: string): string => JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);

/** Nanoseconds of a duration, or what is wrong with the text, in Go's words. */
export const parseDuration = (text: string): bigint | string => {
  const invalid = `time: invalid duration ${shown(text)}`;
  const negative = text.startsWith('-');
  const unsigned = negative || text.startsWith('+') ? text.slice(1) : text;
  if (unsigned === '0') return 0n;
  if (unsigned === '' || text.length > longestText) return invalid;
  let ns = 0n;
  const part = /(\d*)(?:\.(\d*))?([^\d.]*)/y;
  while (part.lastIndex < unsigned.length) {
    const [, whole = '', fraction = '', name = ''] = part.exec(unsigned) ?? [];
    if (whole === '' && fraction === '') return invalid;
    if (name === '') return `time: missing unit in duration ${shown(text)}`;
    const factor = unit.get(name);
    if (factor === undefined) return `time: unknown unit ${shown(name)} in duration ${shown(text)}`;
    ns += (BigInt(whole + fraction) * factor) / 10n ** BigInt(fraction.length);
    if (ns > longest || (ns === longest && !negative)) return invalid;
  }
  return negative ? -ns : ns;
};

const inUnit = (ns: bigint, digits: number): string => {
  const scale = 10n ** BigInt(digits);
  const fraction = String(ns % scale)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return `${ns / scale}${fraction === '' ? '' : `.${fraction}`}`;
};

const unsignedText = (ns: bigint): string => {
  if (ns < 1_000n) return `${ns}ns`;
  if (ns < 1_000_000n) return `${inUnit(ns, 3)}µs`;
  if (ns < 1_000_000_000n) return `${inUnit(ns, 6)}ms`;
  const minutes = ns / 60_000_000_000n;
  const clock = minutes >= 60n ? `${minutes / 60n}h${minutes % 60n}m` : minutes > 0n ? `${minutes}m` : '';
  return `${clock}${inUnit(ns % 60_000_000_000n, 9)}s`;
};

/** Text of a duration: `1h0m0s`, `1m30.5s`, `250ms`, `0s`. */
export const durationText = (ns: bigint): string => {
  if (ns === 0n) return '0s';
  return ns < 0n ? `-${unsignedText(-ns)}` : unsignedText(ns);
};
