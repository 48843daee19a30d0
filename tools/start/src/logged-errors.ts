import fs from 'node:fs';
import path from 'node:path';

// A line of level error says that something went wrong that the service did not expect. A suite whose results are right
// all the same still fails on it, unless it lists the line with its reason.

export interface LoggedError {
  /** The child that wrote it. */
  readonly service: string;
  readonly message: string;
  readonly line: string;
}

/** An error that a suite provokes. */
export interface ExpectedError {
  /** Matches the child's name. */
  readonly service: RegExp;
  /** Matches the whole line. */
  readonly line: RegExp;
  readonly reason: string;
}

const levels: ReadonlySet<unknown> = new Set(['error', 'fatal']);

/** The error that a line of a log tells of; undefined for any other line. */
export function errorIn(service: string, line: string): LoggedError | undefined {
  // Most lines are no errors: they are not parsed.
  if (!line.startsWith('{') || !(line.includes('"error"') || line.includes('"fatal"'))) return undefined;
  try {
    const { level, msg } = JSON.parse(line) as { readonly level?: unknown; readonly msg?: unknown };
    return levels.has(level) ? { service, message: typeof msg === 'string' ? msg : '', line } : undefined;
  } catch {
    return undefined;
  }
}

/** The errors in all logs (`NAME.log`) of a folder, of which `since` says how long they were before. */
export function errorsInLogs(folder: string, since: ReadonlyMap<string, number> = new Map()): readonly LoggedError[] {
  return logsIn(folder).flatMap((file) => {
    const text = fs
      .readFileSync(path.join(folder, file))
      .subarray(since.get(file) ?? 0)
      .toString();
    return text.split('\n').flatMap((line) => errorIn(path.basename(file, '.log'), line) ?? []);
  });
}

/** How long each log of a folder is. */
export const lengthsOfLogs = (folder: string): ReadonlyMap<string, number> =>
  new Map(logsIn(folder).map((file) => [file, fs.statSync(path.join(folder, file)).size]));

const logsIn = (folder: string): readonly string[] =>
  fs.existsSync(folder) ? fs.readdirSync(folder).filter((file) => file.endsWith('.log')) : [];

export const unexpectedErrors = (
  errors: readonly LoggedError[],
  expected: readonly ExpectedError[] = [],
): readonly LoggedError[] =>
  errors.filter(({ service, line }) => !expected.some((each) => each.service.test(service) && each.line.test(line)));

const shown = 10;
const longestLine = 600;

/** Whether there is no unexpected error; says which there are, and how often, where there are some. */
export function checkLoggedErrors(
  errors: readonly LoggedError[],
  expected: readonly ExpectedError[],
  say: (line: string) => void,
): boolean {
  const unexpected = unexpectedErrors(errors, expected);
  if (unexpected.length === 0) return true;
  const kinds = Map.groupBy(unexpected, ({ service, message }) => `${service}: ${message}`);
  say(`${unexpected.length} unexpected lines of level error in the logs, of ${kinds.size} kinds`);
  for (const [kind, [first, ...more]] of [...kinds].slice(0, shown)) {
    say(`   ${more.length + 1} × ${kind}`);
    say(`      ${first?.line.slice(0, longestLine) ?? ''}`);
  }
  return false;
}
