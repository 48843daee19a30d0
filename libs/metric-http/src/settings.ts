import { PluginError } from '@sluice/plugin-sdk';
import type { Json, JsonObject } from '@sluice/plugin-sdk';
import type { ClientCredentials } from './oauth2.ts';

// What `provider.prometheus` and `provider.web` have in common in a manifest.

export interface Header {
  readonly name: string;
  readonly value: string;
}

/** `headers: [{ key, value }]` */
export function headersOf(raw: JsonObject): readonly Header[] {
  return listOf(raw, 'headers').map((each, index) => {
    const header = asObject(each, `headers[${index}]`);
    const name = textOf(header, 'key', `headers[${index}].key`) ?? '';
    if (name === '') throw invalid(`headers[${index}].key`, 'a header needs a name');
    return { name, value: textOf(header, 'value', `headers[${index}].value`) ?? '' };
  });
}

/** `authentication.oauth2`; undefined when it asks for nothing. */
export function oauth2Of(raw: JsonObject): ClientCredentials | undefined {
  const oauth2 = objectOf(objectOf(raw, 'authentication'), 'oauth2', 'authentication.oauth2');
  const at = 'authentication.oauth2';
  const tokenUrl = textOf(oauth2, 'tokenUrl', `${at}.tokenUrl`) ?? '';
  if (tokenUrl === '') return undefined;
  const clientId = textOf(oauth2, 'clientId', `${at}.clientId`) ?? '';
  const clientSecret = textOf(oauth2, 'clientSecret', `${at}.clientSecret`) ?? '';
  if (clientId === '' || clientSecret === '')
    throw invalid(at, 'missing mandatory parameter in metric for OAuth2 setup');
  const scopes = listOf(oauth2, 'scopes', `${at}.scopes`).map((scope) => String(scope));
  return { tokenUrl, clientId, clientSecret, scopes };
}

export function textOf(raw: JsonObject, key: string, path = key): string | undefined {
  const value = raw[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalid(path, `${path} is not a text`);
  return value;
}

export function numberOf(raw: JsonObject, key: string, path = key): number | undefined {
  const value = raw[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw invalid(path, `${path} is not a number`);
  return value;
}

export function flagOf(raw: JsonObject, key: string, path = key): boolean {
  const value = raw[key] ?? false;
  if (typeof value !== 'boolean') throw invalid(path, `${path} is neither true nor false`);
  return value;
}

/** An empty one when there is none. */
export function objectOf(raw: JsonObject, key: string, path = key): JsonObject {
  return asObject(raw[key] ?? {}, path);
}

function listOf(raw: JsonObject, key: string, path = key): readonly Json[] {
  const value = raw[key] ?? [];
  if (!Array.isArray(value)) throw invalid(path, `${path} is not a list`);
  return value as readonly Json[];
}

function asObject(value: Json, path: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(path, `${path} is not an object`);
  return value as JsonObject;
}

/** A PluginError that says which field is wrong. */
export function invalid(path: string, message: string): PluginError {
  return new PluginError('Invalid', message, { path });
}
