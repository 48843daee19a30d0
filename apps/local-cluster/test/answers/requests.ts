// How the tables of requests are written down.
import type { RawRequest } from '../target.ts';

export interface Asked extends RawRequest {
  /** Read as "answers like Kubernetes when asked to …". */
  readonly to: string;
  /** Only the code and the reason are compared, and this is why. */
  readonly loosely?: string;
}

export const NS = 'answers';
export const core = `/api/v1/namespaces/${NS}`;
export const apps = `/apis/apps/v1/namespaces/${NS}`;
export const foos = `/apis/example.com/v1/namespaces/${NS}/foos`;

export const json = (value: unknown): string => JSON.stringify(value);
export const post = (to: string, path: string, body: unknown, more: Partial<Asked> = {}): Asked => ({
  to,
  method: 'POST',
  path,
  body: json(body),
  ...more,
});
export const put = (to: string, path: string, body: unknown, more: Partial<Asked> = {}): Asked => ({
  to,
  method: 'PUT',
  path,
  body: json(body),
  ...more,
});
export const get = (to: string, path: string, more: Partial<Asked> = {}): Asked => ({
  to,
  method: 'GET',
  path,
  ...more,
});
export const del = (to: string, path: string, body?: unknown): Asked => ({
  to,
  method: 'DELETE',
  path,
  ...(body === undefined ? {} : { body: json(body) }),
});
export const patch = (
  kind: 'json' | 'merge' | 'strategic-merge',
  to: string,
  path: string,
  body: unknown,
  more: Partial<Asked> = {},
): Asked => ({
  to,
  method: 'PATCH',
  path,
  body: json(body),
  contentType: `application/${kind}-patch+json`,
  ...more,
});
