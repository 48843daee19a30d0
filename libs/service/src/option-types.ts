import { parseDuration } from '@sluice/model';

/** One setting: how its text becomes a value. `parse` throws an Error whose message completes "--flag x: …". */
export interface Option<T> {
  readonly describe: string;
  /** Shown in the usage as the value's placeholder; absent for switches. */
  readonly placeholder?: string;
  readonly fallback: T;
  /** Without a value from flag or environment: an error. */
  readonly required?: boolean;
  /** Environment variables to look at, besides SLUICE_<NAME>. */
  readonly env?: readonly string[];
  /** How the default is shown. */
  readonly shown?: string;
  parse(text: string): T;
}

interface Common {
  readonly env?: readonly string[];
}

export function text(describe: string, options: Common & { readonly default: string }): Option<string>;
export function text(describe: string, options?: Common): Option<string | undefined>;
export function text(
  describe: string,
  options: Common & { readonly default?: string } = {},
): Option<string | undefined> {
  return {
    describe,
    placeholder: 'TEXT',
    fallback: options.default,
    ...shownOf(options.default),
    ...envOf(options),
    parse: (value) => value,
  };
}

/** A text without which the service cannot start. */
export function requiredText(describe: string, options: Common = {}): Option<string> {
  return { describe, placeholder: 'TEXT', fallback: '', required: true, ...envOf(options), parse: (value) => value };
}

export interface IntegerOptions extends Common {
  readonly default: number;
  readonly min?: number;
  readonly max?: number;
}

export function integer(describe: string, options: IntegerOptions): Option<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = options;
  return {
    describe,
    placeholder: 'N',
    fallback: options.default,
    ...shownOf(options.default),
    ...envOf(options),
    parse(value) {
      const parsed = Number(value);
      if (!/^[+-]?\d+$/.test(value) || !Number.isSafeInteger(parsed)) throw new Error('write a whole number');
      if (parsed < min || parsed > max) throw new Error(`write a whole number from ${min} to ${max}`);
      return parsed;
    },
  };
}

/** Milliseconds, written as `500ms`, `15s`, `1m30s`. Name the key …Ms; its flag goes without: `leaseDurationMs` is `--lease-duration`. */
export function duration(
  describe: string,
  options: Common & { readonly default: string; readonly minMs?: number },
): Option<number> {
  const parse = (value: string): number => {
    const parsed = parseDuration(value);
    if (!parsed.ok) throw new Error('write a duration such as 500ms, 15s or 1m30s');
    if (parsed.ms < (options.minMs ?? 0)) throw new Error(`write a duration of at least ${options.minMs ?? 0} ms`);
    return parsed.ms;
  };
  return {
    describe,
    placeholder: 'DURATION',
    fallback: parse(options.default),
    shown: options.default,
    ...envOf(options),
    parse,
  };
}

/** Comma-separated, blanks trimmed, empty entries dropped. */
export function list(
  describe: string,
  options: Common & { readonly default?: readonly string[] } = {},
): Option<readonly string[]> {
  const fallback = options.default ?? [];
  return {
    describe,
    placeholder: 'A,B',
    fallback,
    ...shownOf(fallback.length === 0 ? undefined : fallback.join(',')),
    ...envOf(options),
    parse: (value) =>
      value
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== ''),
  };
}

export function choice<const T extends string>(
  describe: string,
  values: readonly T[],
  options: Common & { readonly default: NoInfer<T> },
): Option<T> {
  return {
    describe,
    placeholder: values.join('|'),
    fallback: options.default,
    ...shownOf(options.default),
    ...envOf(options),
    parse(value) {
      const found = values.find((candidate) => candidate === value);
      if (found === undefined) throw new Error(`write one of ${values.join(', ')}`);
      return found;
    },
  };
}

/** On with `--flag`, off with `--no-flag`; in the environment `true` or `false`. */
export function toggle(describe: string, options: Common & { readonly default?: boolean } = {}): Option<boolean> {
  return {
    describe,
    fallback: options.default ?? false,
    ...(options.default === true ? { shown: 'on' } : {}),
    ...envOf(options),
    parse(value) {
      if (value === 'true' || value === '1') return true;
      if (value === 'false' || value === '0') return false;
      throw new Error('write true or false');
    },
  };
}

function envOf(options: Common): { env?: readonly string[] } {
  return options.env === undefined ? {} : { env: options.env };
}

function shownOf(value: string | number | undefined): { shown?: string } {
  return value === undefined || value === '' ? {} : { shown: String(value) };
}
