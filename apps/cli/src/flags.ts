import { durationMs as parseDurationMs } from '@sluice/model';
import { UsageError } from './errors.ts';

// Readers of flag values, for commander: each takes the text and gives the value, or says what was expected.

/** A Go duration (`30s`, `1h30m`) to milliseconds. */
export function durationFlag(flag: string): (text: string) => number {
  return (text) => {
    const durationMs = parseDurationMs(text);
    if (durationMs === undefined || durationMs < 0) {
      throw new UsageError(`invalid argument "${text}" for --${flag}: expected a duration such as 30s, 5m or 1h30m`);
    }
    return durationMs;
  };
}

export function wholeNumberFlag(flag: string): (text: string) => number {
  return (text) => {
    if (!/^\d+$/.test(text))
      throw new UsageError(`invalid argument "${text}" for --${flag}: expected a whole number, 0 or more`);
    return Number(text);
  };
}

/** For flags that may be given several times. */
export function repeated(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text];
}
