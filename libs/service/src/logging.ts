import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];
export type Logger = PinoLogger;

export interface LoggingOptions {
  /** Goes into every line as `service`. */
  readonly name: string;
  readonly level?: LogLevel;
  readonly format?: 'json' | 'text';
  /** stderr when absent: stdout is for the announcement. */
  readonly destination?: { write(line: string): unknown };
}

// Whatever is called like this is a secret, at the top of a line or one or two levels below.
const secretNames = ['authorization', 'token', 'password', 'secret', 'apiKey', 'credentials'];
const redacted = secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** Fields first, then the sentence: `logger.info({ rollout: key }, 'reconciled')`. An error goes into the field `error`. */
export function createLogger(options: LoggingOptions): Logger {
  const { name, level = 'info', format = 'json', destination = process.stderr } = options;
  const stream = format === 'text' ? textStream(destination) : (destination as DestinationStream);
  return pino(
    {
      level,
      base: { service: name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: errorFields, err: errorFields },
      redact: { paths: redacted, censor: '(hidden)' },
    },
    stream,
  );
}

/** Errors with their code and the chain of causes; an error that is no Error stays as it is. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, cause } = error as Error & { code?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(cause === undefined ? {} : { cause: errorFields(cause) }),
    stack: error.stack,
  };
}

function textStream(destination: { write(line: string): unknown }): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      for (const line of String(chunk).split('\n')) if (line !== '') destination.write(`${asText(line)}\n`);
      done();
    },
  });
}

function asText(line: string): string {
  const { level, time, service, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const clock = String(time).slice(11, 23);
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${shown(value)}`);
  return [clock, String(level).toUpperCase().padEnd(5), `${String(service)}:`, msg, ...rest]
    .filter((part) => part !== undefined)
    .join(' ');
}

function shown(value: unknown): string {
  if (typeof value === 'string') return /^[\w./:@-]+$/.test(value) ? value : JSON.stringify(value);
  // A stack is for collectors; people read the message.
  if (typeof value === 'object' && value !== null && 'stack' in value && 'message' in value)
    return JSON.stringify(value.message);
  return JSON.stringify(value);
}
