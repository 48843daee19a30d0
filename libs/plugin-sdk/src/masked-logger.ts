import type { MaskSecrets } from '@sluice/contracts';
import type { PluginLogger } from './logger.ts';

/** Writes what it is given, with secret values masked in every text: also inside errors, with their stacks and causes. */
export function maskedLogger(logger: PluginLogger, mask: MaskSecrets): PluginLogger {
  const fieldsOf = (fields: object): object => masked(fields, mask, 0) as object;
  return {
    debug: (fields, message) => logger.debug(fieldsOf(fields), mask(message)),
    info: (fields, message) => logger.info(fieldsOf(fields), mask(message)),
    warn: (fields, message) => logger.warn(fieldsOf(fields), mask(message)),
    error: (fields, message) => logger.error(fieldsOf(fields), mask(message)),
  };
}

const deepest = 8;

function masked(value: unknown, mask: MaskSecrets, depth: number): unknown {
  if (typeof value === 'string') return mask(value);
  if (typeof value !== 'object' || value === null) return value;
  // A cycle, or an object that nobody wants to read in a log.
  if (depth === deepest) return '…';
  if (Array.isArray(value)) return value.map((each) => masked(each, mask, depth + 1));
  if (value instanceof Error) return maskedError(value, mask, depth);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [mask(key), masked(each, mask, depth + 1)]));
}

function maskedError(error: Error, mask: MaskSecrets, depth: number): Error {
  const copy = new Error(mask(error.message));
  copy.name = error.name;
  copy.stack = mask(error.stack ?? '');
  if (error.cause !== undefined) copy.cause = masked(error.cause, mask, depth + 1);
  return copy;
}
