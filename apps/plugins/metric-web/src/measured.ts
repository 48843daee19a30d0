import { PluginError } from '@sluice/plugin-sdk';
import { goJson } from './go-json.ts';
import { JsonPathError } from './json-path/index.ts';
import type { JsonPath } from './json-path/index.ts';

/** What was measured: for the conditions, and for people. */
export interface Measured {
  readonly result: unknown;
  readonly value: string;
}

/** The part of an answer that a path selects; the whole text when it is no JSON. Throws PluginError `Invalid` when there is no such part. */
export function measuredOf(status: number, text: string, path: JsonPath): Measured {
  if (status < 200 || status > 299)
    throw new PluginError(status === 429 ? 'Throttled' : 'Unavailable', `received non 2xx response code: ${status}`);
  const body = parsed(text);
  if (body === undefined) return { result: text, value: text };
  const found = selected(body.value, path);
  return { result: found, value: goJson(found) };
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function selected(body: unknown, path: JsonPath): unknown {
  try {
    const found = path.first(body);
    if (found !== undefined) return found.value;
  } catch (error) {
    if (!(error instanceof JsonPathError)) throw error;
    throw new PluginError('Invalid', `Could not find JSONPath in body: ${error.message}`, { path: 'jsonPath' });
  }
  throw new PluginError('Invalid', 'result of web metric produced no value', { path: 'jsonPath' });
}
