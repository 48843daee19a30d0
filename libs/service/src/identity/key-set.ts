import { readFile } from 'node:fs/promises';
import type { JSONWebKeySet } from 'jose';

/** The public keys that tokens are signed with, and the issuer that they name. */
export interface IssuerKeys {
  readonly issuer: string;
  readonly keys: JSONWebKeySet;
}

export interface KeySource {
  /** For people: where the keys come from. */
  readonly name: string;
  /** Throws when they cannot be read now. */
  load(): Promise<IssuerKeys>;
}

/** A JSON file `{"issuer": "…", "keys": […]}`: a JWKS with its issuer, as `npm start` writes it for the services of one machine. */
export function keysFromFile(file: string): KeySource {
  return {
    name: file,
    async load() {
      const { issuer, keys } = JSON.parse(await readFile(file, 'utf8')) as { issuer?: unknown; keys?: unknown };
      if (typeof issuer !== 'string' || !Array.isArray(keys))
        throw new TypeError(`${file} is no key file: it needs "issuer" and "keys"`);
      return { issuer, keys: { keys } };
    },
  };
}

/**
 * The keys of a cluster's ServiceAccount tokens, by what its API server publishes (`/openid/v1/jwks`). Any ServiceAccount may read them: Kubernetes binds
 * `system:service-account-issuer-discovery` to all of them.
 */
export function keysFromCluster(get: (path: string) => Promise<unknown>): KeySource {
  return {
    name: 'the API server',
    async load() {
      const [configuration, keys] = await Promise.all([
        get('/.well-known/openid-configuration'),
        get('/openid/v1/jwks'),
      ]);
      const { issuer } = object(configuration);
      const found = object(keys);
      if (typeof issuer !== 'string' || !Array.isArray(found['keys']))
        throw new TypeError('the API server publishes no keys of ServiceAccount tokens at /openid/v1/jwks');
      return { issuer, keys: found as unknown as JSONWebKeySet };
    },
  };
}

/** Published as `application/jwk-set+json`, which a client may leave as text. */
function object(value: unknown): Record<string, unknown> {
  const parsed: unknown = typeof value === 'string' ? JSON.parse(value) : value;
  return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
}
