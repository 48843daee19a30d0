import { flagOf, headersOf, invalid, isAbsoluteUrl, numberOf, oauth2Of, textOf } from '@sluice/metric-http';
import type { ClientCredentials, Header } from '@sluice/metric-http';
import type { JsonObject } from '@sluice/plugin-sdk';
import { JsonPathError, compileJsonPath } from './json-path/index.ts';
import type { JsonPath } from './json-path/index.ts';

/** `provider.web`, as it stands in a manifest, read. */
export interface WebSettings {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers: readonly Header[];
  readonly body: string | undefined;
  readonly timeoutMs: number;
  readonly insecure: boolean;
  readonly oauth2: ClientCredentials | undefined;
  readonly path: JsonPath;
}

const methods = ['GET', 'POST', 'PUT'] as const;
const standardTimeoutSeconds = 10;

/** Throws PluginError `Invalid`. */
export function readWebSettings(raw: JsonObject): WebSettings {
  const method = methodOf(raw);
  const body = bodyOf(raw, method);
  const url = textOf(raw, 'url') ?? '';
  if (url === '') throw invalid('url', 'url is missing: say which address to ask');
  if (!isAbsoluteUrl(url)) throw invalid('url', 'url is no address: write it as http://host:port/path');
  const timeoutSeconds = numberOf(raw, 'timeoutSeconds') ?? 0;
  return {
    method,
    url,
    headers: [...headersOf(raw), ...(body?.headers ?? [])],
    body: body?.text,
    timeoutMs: (timeoutSeconds > 0 ? timeoutSeconds : standardTimeoutSeconds) * 1_000,
    insecure: flagOf(raw, 'insecure'),
    oauth2: oauth2Of(raw),
    path: pathOf(raw),
  };
}

function methodOf(raw: JsonObject): WebSettings['method'] {
  const written = textOf(raw, 'method') ?? '';
  const method = methods.find((each) => each === (written === '' ? 'GET' : written));
  if (method === undefined) throw invalid('method', `method is "${written}": write ${methods.join(', ')}`);
  return method;
}

function bodyOf(raw: JsonObject, method: WebSettings['method']) {
  const text = textOf(raw, 'body') ?? '';
  const { jsonBody } = raw;
  const hasJson = jsonBody !== undefined && jsonBody !== null;
  if (text === '' && !hasJson) return undefined;
  if (method === 'GET')
    throw invalid(
      hasJson ? 'jsonBody' : 'body',
      'Body/JSONBody can only be used with POST or PUT WebMetric Method types',
    );
  if (text !== '' && hasJson)
    throw invalid('body', 'use either Body or JSONBody; both cannot exists for WebMetric payload');
  if (!hasJson) return { text, headers: [] };
  return { text: JSON.stringify(jsonBody), headers: [{ name: 'Content-Type', value: 'application/json' }] };
}

function pathOf(raw: JsonObject): JsonPath {
  const written = textOf(raw, 'jsonPath') ?? '';
  try {
    return compileJsonPath(written === '' ? '{$}' : written);
  } catch (error) {
    if (error instanceof JsonPathError) throw invalid('jsonPath', error.message);
    throw error;
  }
}
