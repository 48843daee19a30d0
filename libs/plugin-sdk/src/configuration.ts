import type { Problem } from '@sluice/contracts';
import { PluginError, asPluginError } from './plugin-error.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Makes the author's own type of what stands in the manifest. Throws PluginError `Invalid`, with `path` where one field is to blame. */
export type ReadConfig<Config> = (raw: JsonObject) => Config;

/** The configuration of a request. No text at all is an empty configuration. */
export function configOf<Config>(json: string, read: ReadConfig<Config>): Config {
  return configFrom(rawConfigOf(json), read);
}

/** What stands in the request; throws PluginError `Invalid` when it is no JSON object. */
export function rawConfigOf(json: string, field = 'config_json'): JsonObject {
  let raw: unknown;
  try {
    raw = json === '' ? {} : JSON.parse(json);
  } catch (cause) {
    // Without what JSON.parse says, which shows a piece of the text: there may be a secret in it.
    throw new PluginError('Invalid', `${field} is not JSON`, { cause });
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    throw new PluginError('Invalid', `${field} is not a JSON object`);
  return raw as JsonObject;
}

export function configFrom<Config>(raw: JsonObject, read: ReadConfig<Config>): Config {
  try {
    return read(raw);
  } catch (cause) {
    // Whatever reading it throws, it is what stands in the manifest that cannot be read.
    if (cause instanceof PluginError) throw cause;
    throw new PluginError('Invalid', `the configuration cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** Runs a check and makes problems of its `Invalid` and `NotFound` errors; others are errors of the call. */
export async function problemsOf(check: () => Promise<readonly Problem[]>): Promise<Problem[]> {
  try {
    return [...(await check())];
  } catch (thrown) {
    const error = asPluginError(thrown);
    if (error.code !== 'Invalid' && error.code !== 'NotFound') throw error;
    return [{ path: error.path ?? '', message: error.message }];
  }
}
