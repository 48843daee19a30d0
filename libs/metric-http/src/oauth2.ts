import { createHash } from 'node:crypto';
import { basic } from './exchange.ts';
import type { Exchange, HttpAnswer } from './exchange.ts';
import { ExchangeError, whereOf } from './exchange-error.ts';

/** The client credentials grant (RFC 6749, section 4.4). */
export interface ClientCredentials {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: readonly string[];
}

export interface TokenRequest {
  readonly timeoutMs: number;
  readonly insecure: boolean;
  readonly signal?: AbortSignal;
}

/** Tokens that are kept until shortly before they end, so that a measurement seldom waits for one. */
export interface Tokens {
  /** Throws ExchangeError. */
  of(credentials: ClientCredentials, request: TokenRequest): Promise<string>;
  /** The server did not take this token: the next call asks for another. */
  forget(credentials: ClientCredentials, token: string): void;
}

interface Kept {
  readonly token: string;
  /** Monotonic milliseconds. */
  readonly until: number;
}

interface TokenAnswer {
  readonly access_token?: unknown;
  readonly token_type?: unknown;
  readonly expires_in?: unknown;
  readonly error?: unknown;
  readonly error_description?: unknown;
}

/** A token is given up this long before its end, so that it does not end on the way. */
const marginMs = 10_000;
/** For a token without an end: a server that has lost its mind is noticed. */
const unboundedMs = 3_600_000;
const mostKept = 1_000;

export function createTokens(exchange: Exchange, now: () => number = () => performance.now()): Tokens {
  const kept = new Map<string, Kept>();
  const asked = new Map<string, Promise<Kept>>();
  // Servers differ in where they want id and secret; what worked for a server is tried first the next time.
  const inBody = new Set<string>();

  async function fetchToken(credentials: ClientCredentials, request: TokenRequest): Promise<Kept> {
    const first = inBody.has(credentials.tokenUrl);
    let answer = await ask(exchange, credentials, request, first);
    if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
      const other = await ask(exchange, credentials, request, !first);
      if (other.status < 300) {
        answer = other;
        if (first) inBody.delete(credentials.tokenUrl);
        else inBody.add(credentials.tokenUrl);
      }
    }
    return read(answer, credentials, now());
  }

  return {
    async of(credentials, request) {
      const key = keyOf(credentials, request.insecure);
      const before = kept.get(key);
      if (before !== undefined && before.until > now()) return before.token;
      // One caller asks for all, so that it is nobody's to call off; each of them waits as long as its own time allows.
      let fetching = asked.get(key);
      if (fetching === undefined) {
        fetching = fetchToken(credentials, request).finally(() => asked.delete(key));
        asked.set(key, fetching);
      }
      const fetched = await within(fetching, request, credentials);
      kept.delete(key);
      kept.set(key, fetched);
      for (const oldest of kept.keys()) if (kept.size > mostKept) kept.delete(oldest);
      return fetched.token;
    },
    forget(credentials, token) {
      for (const insecure of [true, false]) {
        const key = keyOf(credentials, insecure);
        if (kept.get(key)?.token === token) kept.delete(key);
      }
    },
  };
}

function ask(
  exchange: Exchange,
  { tokenUrl, clientId, clientSecret, scopes }: ClientCredentials,
  request: TokenRequest,
  inBody: boolean,
): Promise<HttpAnswer> {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  if (inBody) {
    form.set('client_id', clientId);
    form.set('client_secret', clientSecret);
  }
  const encoded = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);
  return exchange({
    method: 'POST',
    url: tokenUrl,
    headers: [
      { name: 'Content-Type', value: 'application/x-www-form-urlencoded' },
      { name: 'Accept', value: 'application/json' },
      ...(inBody ? [] : [{ name: 'Authorization', value: basic(encoded(clientId), encoded(clientSecret)) }]),
    ],
    body: form.toString(),
    repeatable: true,
    timeoutMs: request.timeoutMs,
    insecure: request.insecure,
  });
}

function within(fetching: Promise<Kept>, request: TokenRequest, { tokenUrl }: ClientCredentials): Promise<Kept> {
  const where = whereOf('POST', new URL(tokenUrl));
  return new Promise((resolve, reject) => {
    const abort = () => reject(new ExchangeError('aborted', where, 'context canceled'));
    const timer = setTimeout(
      () => reject(new ExchangeError('timeout', where, 'context deadline exceeded')),
      Math.min(request.timeoutMs, 2 ** 31 - 1),
    );
    if (request.signal?.aborted === true) abort();
    request.signal?.addEventListener('abort', abort, { once: true });
    fetching.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', abort);
    });
  });
}

function read(answer: HttpAnswer, { tokenUrl }: ClientCredentials, now: number): Kept {
  const where = whereOf('POST', new URL(tokenUrl));
  const body = parsed(answer.text);
  if (answer.status < 200 || answer.status > 299) {
    // No more of the answer than the two fields that are made to be shown.
    const shown = [body.error, body.error_description].filter((each) => typeof each === 'string').map(quoted);
    const why = shown.length > 0 ? shown.join(' ') : `the server answered ${answer.status}`;
    throw new ExchangeError('token', where, `oauth2: cannot fetch token: ${why}`);
  }
  const { access_token: token, expires_in: expires } = body;
  if (typeof token !== 'string' || token === '')
    throw new ExchangeError('token', where, 'oauth2: server response missing access_token');
  const seconds = Number(expires ?? 0);
  const lifeMs = Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1_000, unboundedMs * 24) : unboundedMs;
  // A token that ends sooner than the margin is used once.
  return { token, until: now + Math.max(0, lifeMs - marginMs) };
}

function parsed(text: string): TokenAnswer {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function quoted(value: unknown): string {
  return JSON.stringify(String(value).slice(0, 200));
}

/** The secret itself is not kept longer than the request. */
function keyOf({ tokenUrl, clientId, clientSecret, scopes }: ClientCredentials, insecure: boolean): string {
  return createHash('sha256')
    .update(JSON.stringify([tokenUrl, clientId, clientSecret, scopes, insecure]))
    .digest('base64');
}
