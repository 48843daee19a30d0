import { parseArgs } from 'node:util';
import type { Option } from './option-types.ts';

export type OptionSet = Readonly<Record<string, Option<unknown>>>;

/** The typed configuration of an option set. */
export type Config<O extends OptionSet> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

export interface ConfigSource {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Thrown when settings are wrong; `problems` are complete sentences, one for each mistake. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}

/** Thrown for `--help`; the message is the usage. */
export class HelpRequested extends Error {
  override readonly name = 'HelpRequested';
}

export interface ConfigSpec<O extends OptionSet> {
  readonly name: string;
  readonly summary: string;
  readonly options: O;
}

/** `leaseDurationMs` → `lease-duration`. */
export function flagOf(key: string): string {
  return key.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `leaseDurationMs` → `SLUICE_LEASE_DURATION`. */
export function environmentOf(key: string): string {
  return `SLUICE_${flagOf(key).replaceAll('-', '_').toUpperCase()}`;
}

/** Reads flags, then environment, then defaults. Throws ConfigError with all mistakes at once, or HelpRequested. */
export function readConfig<const O extends OptionSet>(spec: ConfigSpec<O>, source: ConfigSource): Config<O> {
  const problems: string[] = [];
  const flags = readFlags(spec, source.argv, problems);
  const values: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(spec.options)) {
    const given = flags.get(key) ?? readEnvironment(key, option, source.env);
    if (given === undefined) {
      if (option.required === true)
        problems.push(`--${flagOf(key)} is missing: ${option.describe} Give it, or set ${environmentOf(key)}.`);
      values[key] = option.fallback;
      continue;
    }
    try {
      values[key] = option.parse(given.text);
    } catch (error) {
      problems.push(`${given.where} is "${given.text}": ${(error as Error).message}.`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(values) as Config<O>;
}

interface Given {
  readonly text: string;
  readonly where: string;
}

function readEnvironment(key: string, option: Option<unknown>, env: ConfigSource['env']): Given | undefined {
  for (const name of [environmentOf(key), ...(option.env ?? [])]) {
    const text = env[name];
    if (text !== undefined && text !== '') return { text, where: name };
  }
  return undefined;
}

function readFlags(spec: ConfigSpec<OptionSet>, argv: readonly string[], problems: string[]): Map<string, Given> {
  const keys = new Map(Object.keys(spec.options).map((key) => [flagOf(key), key]));
  const declared = Object.fromEntries(
    [...keys].map(([flag, key]) => [
      flag,
      { type: isSwitch(spec.options[key]) ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...declared, help: { type: 'boolean', short: 'h' } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, Given>();
  for (const token of tokens) {
    if (token.kind === 'positional')
      problems.push(`"${token.value}" is not a flag; ${spec.name} takes flags only (--help lists them).`);
    if (token.kind !== 'option') continue;
    if (token.name === 'help') throw new HelpRequested(usageOf(spec));
    const positive = keys.has(token.name) ? token.name : token.name.replace(/^no-/, '');
    const key = keys.get(positive);
    const negated = positive !== token.name;
    if (key === undefined || (negated && !isSwitch(spec.options[key])))
      problems.push(`${token.rawName} is unknown${nearest(token.name, [...keys.keys()])}; --help lists the flags.`);
    else if (isSwitch(spec.options[key]))
      given.set(key, { text: token.value ?? String(!negated), where: token.rawName });
    // Without a value the next flag may have been taken for it.
    else if (token.value === undefined || (token.inlineValue !== true && token.value.startsWith('--')))
      problems.push(`${token.rawName} needs a value: ${token.rawName} ${spec.options[key]?.placeholder ?? 'VALUE'}.`);
    else given.set(key, { text: token.value, where: token.rawName });
  }
  return given;
}

function isSwitch(option: Option<unknown> | undefined): boolean {
  return option?.placeholder === undefined;
}

function nearest(wanted: string, flags: readonly string[]): string {
  const bare = (flag: string): string => flag.replace(/^no-/, '').replaceAll('-', '').toLowerCase();
  const close = flags.find((flag) => bare(flag).startsWith(bare(wanted)) || bare(wanted).startsWith(bare(flag)));
  return close === undefined ? '' : ` (did you mean --${close}?)`;
}

/** What `--help` prints. */
export function usageOf(spec: ConfigSpec<OptionSet>): string {
  const rows = Object.entries(spec.options).map(([key, option]) => {
    const negation = isSwitch(option) && option.fallback === true ? 'no-' : '';
    const left = `  --${negation}${flagOf(key)}${option.placeholder === undefined ? '' : ` ${option.placeholder}`}`;
    const standard = option.required === true ? ' (required)' : option.shown === undefined ? '' : ` (${option.shown})`;
    return { left, right: `${option.describe}${standard} [${[environmentOf(key), ...(option.env ?? [])].join(', ')}]` };
  });
  const width = Math.min(44, Math.max(0, ...rows.map((row) => row.left.length)) + 2);
  return [
    `${spec.name}: ${spec.summary}`,
    '',
    ...rows.map((row) => `${row.left.padEnd(width)}${row.right}`),
    `${'  -h, --help'.padEnd(width)}This text.`,
  ].join('\n');
}
