import { bareHost } from './destinations.ts';

/** One request on its way: what is sent where. */
export interface Hop {
  readonly method: string;
  readonly url: URL;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string | undefined;
}

export type NextHop =
  | { readonly kind: 'follow'; readonly hop: Hop }
  /** The answer is the last one. */
  | { readonly kind: 'stay' }
  | { readonly kind: 'refused'; readonly detail: string };

const asGet = new Set([301, 302, 303]);
const asItWas = new Set([307, 308]);

// All that says nothing about who asks. Any other header may be a credential, whatever its name.
const carriedAnywhere = new Set(['accept', 'accept-language', 'accept-encoding', 'content-type', 'user-agent']);

/** Where a redirect leads. To another host go neither credentials (any header that the author has set) nor a body. */
export function nextHop(hop: Hop, status: number, location: string | undefined): NextHop {
  if ((!asGet.has(status) && !asItWas.has(status)) || location === undefined) return { kind: 'stay' };
  const url = URL.parse(location, hop.url.href);
  if (url === null) return { kind: 'refused', detail: `failed to parse Location header "${location}"` };
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return { kind: 'refused', detail: `unsupported protocol scheme "${url.protocol.slice(0, -1)}" of a redirect` };
  const same = isSameServer(hop.url, url);
  if (same) carryUser(hop.url, url);
  const keepsBody = asItWas.has(status) && hop.body !== undefined;
  if (keepsBody && !same)
    return {
      kind: 'refused',
      detail: `redirected to another host (${url.host}), where the body of the request is not sent; name that address instead`,
    };
  const headers = new Map(
    [...hop.headers].filter(([name]) => {
      if (name === 'content-type' && !keepsBody) return false;
      return same || carriedAnywhere.has(name);
    }),
  );
  return {
    kind: 'follow',
    hop: asItWas.has(status)
      ? { method: hop.method, url, headers, body: hop.body }
      : { method: 'GET', url, headers, body: undefined },
  };
}

/** The same origin, or the same host asked more safely: from http to https, each on its usual port. */
function isSameServer(from: URL, to: URL): boolean {
  if (from.origin === to.origin) return true;
  return (
    bareHost(from.hostname) === bareHost(to.hostname) &&
    from.protocol === 'http:' &&
    to.protocol === 'https:' &&
    from.port === '' &&
    to.port === ''
  );
}

/** The user and password of a URL stay with its server, unless the redirect brings its own. */
function carryUser(from: URL, to: URL): void {
  if (to.username !== '' || to.password !== '') return;
  to.username = from.username;
  to.password = from.password;
}
