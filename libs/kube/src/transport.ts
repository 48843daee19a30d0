import http from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from './connection.ts';
import { KubeError, errorOfAnswer, isKubeError } from './errors.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface CallOptions {
  /** Ends the call with KubeError `Aborted`. */
  readonly signal?: AbortSignal;
  /** Deadline of the whole call with its retries, in milliseconds; the client's default (30 s) when absent. Then KubeError `Timeout`. */
  readonly timeoutMs?: number;
}

export interface Request extends CallOptions {
  readonly method: Method;
  /** Path below the server's URL, e.g. `/api/v1/namespaces`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  /** What the call may be repeated after: `always` for calls that change nothing twice, `unsent` (default for POST) only when the server cannot have seen it. */
  readonly repeat?: 'always' | 'unsent';
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Parsed JSON, or the text when it is not JSON. */
  readonly body: unknown;
}

/** One finished call, for metrics. `code` is the HTTP status, or the KubeError code where there was no answer. */
export interface CallObservation {
  readonly method: Method;
  readonly path: string;
  readonly code: number | string;
  readonly durationMs: number;
  readonly attempts: number;
}

export interface TransportOptions {
  readonly userAgent: string;
  readonly defaultTimeoutMs: number;
  /** Calls a second and how many may come at once; no limit when absent: the API server's own fairness answers 429, which is honoured. */
  readonly qps?: number;
  readonly burst?: number;
  readonly onCall?: (call: CallObservation) => void;
}

export interface Transport {
  /** Sends, repeats where that is safe, and throws KubeError for every answer above 299. */
  call(request: Request): Promise<Answer>;
  /** Opens a stream; the deadline covers the time until the headers arrive. The caller must read or destroy the stream. */
  open(request: Request): Promise<http.IncomingMessage>;
}

const maxAttempts = 6;
const networkDelaysMs = [20, 200, 800] as const;

export function createTransport(connection: Connection, options: TransportOptions): Transport {
  const admit = options.qps === undefined ? undefined : rateLimiter(options.qps, options.burst ?? options.qps * 2);

  async function attempt<T>(
    request: Request,
    read: (answer: http.IncomingMessage) => Promise<T>,
    wait: Deadline,
  ): Promise<T> {
    if (admit !== undefined) await wait.race(delay(admit(), undefined, { signal: wait.signal }), request);
    const headers = await wait.race(headersOf(connection, request, options.userAgent), request);
    return await exchange(connection, request, headers, read, wait);
  }

  async function repeated<T>(request: Request, read: (answer: http.IncomingMessage) => Promise<T>): Promise<T> {
    const wait = deadlineOf(request, options.defaultTimeoutMs);
    const startedAt = performance.now();
    let attempts = 0;
    try {
      for (;;) {
        attempts += 1;
        try {
          const result = await attempt(request, read, wait);
          observe(options, request, 200, startedAt, attempts);
          return result;
        } catch (error) {
          const pauseMs = pauseBeforeRepeat(request, error, attempts);
          if (pauseMs === undefined || pauseMs >= wait.remainingMs()) throw error;
          await wait.race(delay(pauseMs, undefined, { signal: wait.signal }), request);
        }
      }
    } catch (error) {
      observe(options, request, isKubeError(error) ? (error.status ?? error.code) : 'Unexpected', startedAt, attempts);
      throw error;
    } finally {
      wait.end();
    }
  }

  return {
    call: (request) => repeated(request, readAnswer),
    open: (request) => repeated(request, (answer) => Promise.resolve(answer)),
  };
}

function observe(
  options: TransportOptions,
  request: Request,
  code: number | string,
  startedAt: number,
  attempts: number,
): void {
  options.onCall?.({
    method: request.method,
    path: request.path,
    code,
    durationMs: performance.now() - startedAt,
    attempts,
  });
}

interface Deadline {
  readonly signal: AbortSignal;
  remainingMs(): number;
  /** Settles with the promise, or rejects with why the deadline's signal fired. */
  race<T>(promise: Promise<T>, request: Request): Promise<T>;
  error(request: Request, cause?: unknown): KubeError;
  end(): void;
}

function deadlineOf(request: Request, defaultTimeoutMs: number): Deadline {
  const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
  const endsAt = performance.now() + timeoutMs;
  const controller = new AbortController();
  const onAbort = (): void => controller.abort();
  const timer = setTimeout(onAbort, timeoutMs);
  if (request.signal?.aborted === true) onAbort();
  else request.signal?.addEventListener('abort', onAbort, { once: true });
  const error = (failed: Request, cause?: unknown): KubeError =>
    request.signal?.aborted === true
      ? new KubeError({
          code: 'Aborted',
          message: `${nameOf(failed)}: given up by the caller`,
          cause: request.signal.reason,
        })
      : new KubeError({ code: 'Timeout', message: `${nameOf(failed)}: no answer within ${timeoutMs} ms`, cause });
  return {
    signal: controller.signal,
    remainingMs: () => endsAt - performance.now(),
    async race(promise, failed) {
      if (controller.signal.aborted) {
        promise.catch(() => undefined);
        throw error(failed);
      }
      let onFired = (): void => undefined;
      const fired = new Promise<never>((_resolve, reject) => {
        onFired = () => reject(error(failed));
        controller.signal.addEventListener('abort', onFired, { once: true });
      });
      try {
        return await Promise.race([promise, fired]);
      } catch (cause) {
        throw controller.signal.aborted ? error(failed, cause) : cause;
      } finally {
        controller.signal.removeEventListener('abort', onFired);
      }
    },
    error,
    end() {
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', onAbort);
    },
  };
}

function nameOf(request: Request): string {
  return `${request.method} ${request.path}`;
}

async function headersOf(
  connection: Connection,
  request: Request,
  userAgent: string,
): Promise<http.OutgoingHttpHeaders> {
  let authentication: Readonly<Record<string, string | string[]>>;
  try {
    authentication = await connection.headers();
  } catch (cause) {
    if (cause instanceof KubeError) throw cause;
    throw new KubeError({
      code: 'Config',
      message: `${connection.source}: no credentials: ${(cause as Error).message}`,
      cause,
    });
  }
  return {
    accept: request.accept ?? 'application/json',
    'user-agent': userAgent,
    ...authentication,
    ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
  };
}

function urlOf(server: URL, request: Request): URL {
  const url = new URL(server);
  url.pathname = `${server.pathname.replace(/\/$/, '')}${request.path}`;
  for (const [name, value] of Object.entries(request.query ?? {}))
    if (value !== undefined) url.searchParams.set(name, String(value));
  return url;
}

/** One try over the wire. Marks Network errors with whether the server can have seen the request (`unsent`). */
function exchange<T>(
  connection: Connection,
  request: Request,
  headers: http.OutgoingHttpHeaders,
  read: (answer: http.IncomingMessage) => Promise<T>,
  wait: Deadline,
): Promise<T> {
  const payload = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
  const send = connection.server.protocol === 'https:' ? https.request : http.request;
  return new Promise<T>((resolve, reject) => {
    const outgoing = send(urlOf(connection.server, request), {
      method: request.method,
      agent: connection.agent,
      headers: payload === undefined ? headers : { ...headers, 'content-length': payload.length },
    });
    const onDeadline = (): void => void outgoing.destroy(wait.error(request));
    const settle = (action: () => void): void => {
      wait.signal.removeEventListener('abort', onDeadline);
      action();
    };
    const fail = (cause: Error): void =>
      settle(() => {
        // Destroying a request shows up as a reset connection: what ended it is the deadline.
        if (wait.signal.aborted) reject(wait.error(request, cause));
        else reject(cause instanceof KubeError ? cause : networkError(request, cause));
      });
    if (wait.signal.aborted) onDeadline();
    else wait.signal.addEventListener('abort', onDeadline, { once: true });
    outgoing.on('error', fail);
    outgoing.on('response', (answer) => {
      // Errors after the headers arrive on the answer: they end the reading below.
      const done =
        (answer.statusCode ?? 500) > 299
          ? readAnswer(answer).then((body) => refuse(request, answer, body))
          : read(answer);
      done.then((result) => settle(() => resolve(result)), fail);
    });
    outgoing.end(payload);
  });
}

function refuse(request: Request, answer: http.IncomingMessage, read: Answer): never {
  throw errorOfAnswer(nameOf(request), answer.statusCode ?? 500, read.body, answer.headers['retry-after']);
}

async function readAnswer(answer: http.IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: parsed(text, answer) };
}

function parsed(text: string, answer: http.IncomingMessage): unknown {
  if (!(answer.headers['content-type'] ?? '').includes('json')) return text;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KubeError({ code: 'Protocol', message: `the server said JSON but sent: ${text.slice(0, 120)}`, cause });
  }
}

// Codes with which a connection fails before anything was sent.
const unsentCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

function networkError(request: Request, cause: Error): KubeError {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  return new KubeError({
    code: 'Network',
    message: `${nameOf(request)}: ${code === '' ? cause.message : `${cause.message} (${code})`}`,
    reason: unsentCodes.has(code) ? 'Unsent' : 'Lost',
    cause,
  });
}

/** How long to wait before the next try, or undefined when this failure is the caller's. */
function pauseBeforeRepeat(request: Request, error: unknown, attempts: number): number | undefined {
  if (!isKubeError(error) || attempts >= maxAttempts) return undefined;
  // The server says that it did not start the call and when it would: true for any verb.
  if (error.status === 429 || (error.retryAfterMs !== undefined && error.code === 'Unavailable'))
    return error.retryAfterMs ?? 1000;
  if (error.code !== 'Network') return undefined;
  const repeat = request.repeat ?? (request.method === 'POST' ? 'unsent' : 'always');
  if (repeat === 'unsent' && error.reason !== 'Unsent') return undefined;
  return networkDelaysMs[attempts - 1];
}

/** Token bucket: returns how long the next call has to wait, in milliseconds. */
function rateLimiter(qps: number, burst: number): () => number {
  let tokens = burst;
  let at = performance.now();
  return () => {
    const now = performance.now();
    tokens = Math.min(burst, tokens + ((now - at) * qps) / 1000) - 1;
    at = now;
    return tokens >= 0 ? 0 : (-tokens * 1000) / qps;
  };
}
