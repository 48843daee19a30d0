import type { Dispatcher } from 'undici';
import { readBody } from './body.ts';
import type { Connections } from './connect.ts';
import { ExchangeError, isBroken, networkFailure, whereOf } from './exchange-error.ts';
import { nextHop } from './redirect.ts';
import type { Hop } from './redirect.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  /** Of the same name, the last wins. */
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
  readonly body?: string;
  /** For all of it: token, redirects, reading the answer. 0 is over at once. */
  readonly timeoutMs: number;
  /** Do not verify certificates. */
  readonly insecure?: boolean;
  /** Asking twice does no harm: a connection that breaks is tried once more. GET always is. */
  readonly repeatable?: boolean;
  /** The caller gives up. */
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  /** Of all redirects, the last one's. */
  readonly url: URL;
  /** UTF-8, decompressed. */
  readonly text: string;
}

export interface ExchangeLimits {
  /** Bytes of an answer, after decompression. */
  readonly maxAnswerBytes: number;
  readonly maxRedirects: number;
  readonly userAgent: string;
}

export type Exchange = (request: HttpRequest) => Promise<HttpAnswer>;

// These belong to the connection, not to the author of a template.
const ownedByConnection = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
  'trailer',
  'proxy-authorization',
  'proxy-connection',
]);

/** One request and its answer, redirects followed. Throws ExchangeError. */
export function createExchange(connections: Connections, limits: ExchangeLimits): Exchange {
  return async (request) => {
    const deadline = startDeadline(request.timeoutMs, request.signal);
    let hop = firstHop(request, limits.userAgent);
    try {
      for (let redirects = 0; ; redirects++) {
        const { answer, next } = await ask(hop, request, redirects, deadline);
        if (next === undefined) return answer;
        hop = next;
      }
    } finally {
      deadline.clear();
    }
  };

  async function ask(hop: Hop, request: HttpRequest, redirects: number, deadline: Deadline) {
    const where = whereOf(hop.method, hop.url);
    try {
      const response = await send(hop, request, deadline);
      const next = nextHop(hop, response.statusCode, headerOf(response, 'location'));
      if (next.kind === 'stay') {
        deadline.reading = true;
        const text = await readBody(response, limits.maxAnswerBytes, where);
        return { answer: { status: response.statusCode, url: hop.url, text }, next: undefined };
      }
      // What a redirect says beside its place is of no use; a short text is read so that the connection can be used again.
      await response.body.dump({ limit: 16_384 }).catch(() => undefined);
      if (next.kind === 'refused') throw new ExchangeError('redirect', where, next.detail);
      if (redirects === limits.maxRedirects)
        throw new ExchangeError('redirect', where, `stopped after ${limits.maxRedirects} redirects`);
      return { answer: undefined as never, next: next.hop };
    } catch (thrown) {
      if (deadline.end === 'timeout') throw new ExchangeError('timeout', where, timeoutDetail(deadline), thrown);
      if (deadline.end === 'aborted') throw new ExchangeError('aborted', where, 'context canceled', thrown);
      if (thrown instanceof ExchangeError) throw thrown;
      const { kind, detail } = networkFailure(thrown, hop.url);
      throw new ExchangeError(kind, where, detail, thrown);
    }
  }

  async function send(hop: Hop, request: HttpRequest, deadline: Deadline): Promise<Dispatcher.ResponseData> {
    await connections.check(hop.url);
    const once = () => sendOnce(connections.of(request.insecure === true), hop, deadline);
    try {
      return await once();
    } catch (thrown) {
      // A server closes connections that were idle just when one is used again.
      const repeatable = hop.method === 'GET' || request.repeatable === true;
      if (!repeatable || deadline.end !== undefined || !isBroken(thrown)) throw thrown;
      return once();
    }
  }
}

function sendOnce(dispatcher: Dispatcher, hop: Hop, deadline: Deadline): Promise<Dispatcher.ResponseData> {
  const { url, method, headers, body } = hop;
  const user = userOf(url);
  return dispatcher.request({
    origin: url.origin,
    path: url.pathname + url.search,
    method: method as Dispatcher.HttpMethod,
    headers: Object.fromEntries(user === undefined || headers.has('authorization') ? headers : [...headers, user]),
    ...(body === undefined ? {} : { body }),
    signal: deadline.signal,
    // The deadline is the one that counts.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

function firstHop(request: HttpRequest, userAgent: string): Hop {
  const url = URL.parse(request.url);
  const method = request.method;
  if (url === null)
    throw new ExchangeError('invalid', method, 'the address is no URL: write it as http://host:port/path');
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new ExchangeError(
      'invalid',
      whereOf(method, url),
      `unsupported protocol scheme "${url.protocol.slice(0, -1)}"`,
    );
  url.hash = '';
  const headers = new Map([['user-agent', userAgent]]);
  for (const { name, value } of request.headers ?? []) {
    const lower = name.trim().toLowerCase();
    if (ownedByConnection.has(lower)) continue;
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower))
      throw new ExchangeError('invalid', whereOf(method, url), `invalid header field name "${name}"`);
    if (/[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]/.test(value))
      throw new ExchangeError(
        'invalid',
        whereOf(method, url),
        `invalid header field value for "${name}": a line break or a character that headers cannot carry (the end of a Secret's text, perhaps)`,
      );
    headers.set(lower, value);
  }
  return { method, url, headers, body: request.body };
}

function userOf({ username, password }: URL): [string, string] | undefined {
  if (username === '' && password === '') return undefined;
  return ['authorization', basic(decodeURIComponent(username), decodeURIComponent(password))];
}

/** The value of an Authorization header. */
export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function headerOf(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

interface Deadline {
  readonly signal: AbortSignal;
  readonly end: 'timeout' | 'aborted' | undefined;
  /** Headers have arrived; the body is being read. */
  reading: boolean;
  clear(): void;
}

function startDeadline(timeoutMs: number, outer: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  let end: Deadline['end'];
  const stop = (why: NonNullable<Deadline['end']>) => {
    end ??= why;
    controller.abort();
  };
  const abort = () => stop('aborted');
  if (outer?.aborted === true) abort();
  else if (timeoutMs <= 0) stop('timeout');
  outer?.addEventListener('abort', abort, { once: true });
  // More would be over at once: Node's timers hold 31 bits.
  const timer = setTimeout(() => stop('timeout'), Math.min(timeoutMs, 2 ** 31 - 1));
  return {
    signal: controller.signal,
    get end() {
      return end;
    },
    reading: false,
    clear() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', abort);
    },
  };
}

function timeoutDetail({ reading }: Deadline): string {
  return reading
    ? 'context deadline exceeded (Client.Timeout or context cancellation while reading body)'
    : 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
}

/** Whether this is an address that can be asked: http or https, with a host. */
export function isAbsoluteUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && url.host !== '' && (url.protocol === 'http:' || url.protocol === 'https:');
}
