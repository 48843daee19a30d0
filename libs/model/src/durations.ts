import type { PauseStep } from './api/rollout-steps.ts';

// Durations as Go writes them: "300ms", "-1.5h", "2h45m". The API stores them as text.

export type ParsedDuration =
  { readonly ok: true; readonly ms: number } | { readonly ok: false; readonly error: string };

const nsOfUnit: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n], // micro sign
  ['\u03bcs', 1_000n], // Greek letter mu
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

const nsPerMs = 1_000_000n;
const nsPerMinute = 60_000_000_000n;

/** Go keeps a duration in a signed 64-bit count of nanoseconds. */
const longestNs = 2n ** 63n;

/** Text in quotes as Go's time package writes it into errors: bytes outside of ASCII as \xNN. */
const quote = (text: string): string =>
  `"${Array.from(new TextEncoder().encode(text), (byte) => {
    const character = String.fromCharCode(byte);
    if (byte < 0x20 || byte >= 0x80) return `\\x${byte.toString(16).padStart(2, '0')}`;
    return character === '"' || character === '\\' ? `\\${character}` : character;
  }).join('')}"`;

/**
 * Parses a Go duration. The error is Go's own text, which users see in the messages of runs:
 * `time: invalid duration "x"`, `time: missing unit in duration "5"`, `time: unknown unit "d" in duration "1d"`.
 */
export const parseDuration = (text: string): ParsedDuration => {
  const invalid: ParsedDuration = { ok: false, error: `time: invalid duration ${quote(text)}` };
  const negative = text.startsWith('-');
  const unsigned = negative || text.startsWith('+') ? text.slice(1) : text;
  if (unsigned === '0') return { ok: true, ms: 0 };
  if (unsigned === '') return invalid;
  let ns = 0n;
  for (let rest = unsigned; rest !== '';) {
    const [part, whole = '', fraction = '', unit = ''] = /^(\d*)(?:\.(\d*))?([^\d.]*)/.exec(rest) ?? [''];
    if (whole === '' && fraction === '') return invalid;
    if (unit === '') return { ok: false, error: `time: missing unit in duration ${quote(text)}` };
    const factor = nsOfUnit.get(unit);
    if (factor === undefined)
      return { ok: false, error: `time: unknown unit ${quote(unit)} in duration ${quote(text)}` };
    ns += (BigInt(whole + fraction) * factor) / 10n ** BigInt(fraction.length);
    if (ns > longestNs || (ns === longestNs && !negative)) return invalid;
    rest = rest.slice(part.length);
  }
  // In two parts: a double holds no long duration to the nanosecond.
  const ms = Number(ns / nsPerMs) + Number(ns % nsPerMs) / 1e6;
  return { ok: true, ms: negative && ms !== 0 ? -ms : ms };
};

/** What to write where a text is no duration: days and weeks, say, are none. */
export const durationHint = 'the units are s, m and h: write a duration such as 90s, 10m or 24h';

/** Milliseconds of a Go duration, or undefined when the text is not one. */
export const durationMs = (text: string): number | undefined => {
  const parsed = parseDuration(text);
  return parsed.ok ? parsed.ms : undefined;
};

/** An amount of nanoseconds in a larger unit, as a decimal number without needless zeros. */
const inUnit = (ns: bigint, digits: number): string => {
  const scale = 10n ** BigInt(digits);
  const fraction = String(ns % scale)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return `${ns / scale}${fraction === '' ? '' : '.'}${fraction}`;
};

const unsignedText = (ns: bigint): string => {
  if (ns < 1_000n) return `${ns}ns`;
  if (ns < nsPerMs) return `${inUnit(ns, 3)}µs`;
  if (ns < nsPerMinute / 60n) return `${inUnit(ns, 6)}ms`;
  const minutes = ns / nsPerMinute;
  const clock = minutes >= 60n ? `${minutes / 60n}h${minutes % 60n}m` : minutes > 0n ? `${minutes}m` : '';
  return `${clock}${inUnit(ns % nsPerMinute, 9)}s`;
};

/** Text of a duration as Go prints it: "1h0m0s", "1m30.5s", "250ms", "0s". */
export const formatDuration = (ms: number): string => {
  const whole = Math.trunc(Math.abs(ms));
  const ns = BigInt(whole) * nsPerMs + BigInt(Math.round((Math.abs(ms) - whole) * 1e6));
  return ns === 0n ? '0s' : `${ms < 0 ? '-' : ''}${unsignedText(ns)}`;
};

const int32Limit = 2 ** 31;
const wholeNumber = /^[+-]?\d+$/;

/**
 * Length of a pause in whole seconds: undefined means until promoted, −1 that the text is no duration.
 * Text of a whole number counts seconds; any other text is a Go duration, cut to whole seconds.
 */
export const pauseSeconds = (pause: PauseStep): number | undefined => {
  const { duration } = pause;
  if (duration === undefined || duration === null) return undefined;
  if (typeof duration === 'number') return duration;
  if (wholeNumber.test(duration)) {
    const seconds = Number(duration);
    if (seconds >= -int32Limit && seconds < int32Limit) return seconds;
  }
  const ms = durationMs(duration);
  return ms === undefined ? -1 : Math.trunc(ms / 1000);
};
