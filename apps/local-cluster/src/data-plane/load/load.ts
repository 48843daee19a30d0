// A load generator: a steady rate of requests for a given time, on loopback, and then it ends by itself.
import http from 'node:http';

export interface LoadTarget {
  readonly method: string;
  readonly path: string;
  /** With Host. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface LoadOptions {
  /** The data plane. Only loopback addresses are taken. */
  readonly url: string;
  /** Taken in turn; a function is asked again after each round, so that new routes get their share. Without any, nothing is sent. */
  readonly targets: readonly LoadTarget[] | (() => readonly LoadTarget[]);
  /** 1 to `maxRatePerSecond`. */
  readonly ratePerSecond: number;
  /** At most `maxDurationMs`. */
  readonly durationMs: number;
  /** Ends it earlier; requests that are under way are waited for. */
  readonly signal?: AbortSignal;
  readonly onAnswer?: (target: LoadTarget, status: number) => void;
}

export interface LoadResult {
  readonly sent: number;
  /** Answers by status; 0 is a request that got none. */
  readonly byStatus: Readonly<Record<number, number>>;
  /** Requests that were due and not sent, since too many were waiting for their answers. */
  readonly skipped: number;
  readonly durationMs: number;
  /** Sent per second. */
  readonly ratePerSecond: number;
}

export const maxRatePerSecond = 2000;
export const maxDurationMs = 3_600_000;
const mostWaiting = 500;
const tickMs = 10;
const timeoutMs = 35_000;

function checked({ url, ratePerSecond, durationMs }: LoadOptions): URL {
  const { hostname, protocol } = new URL(url);
  if (protocol !== 'http:' || !/^(127(\.\d+){3}|localhost|\[::1\])$/.test(hostname))
    throw new RangeError(`${url}: load is only sent to http addresses on loopback, such as http://127.0.0.1:8080`);
  if (!(ratePerSecond >= 1 && ratePerSecond <= maxRatePerSecond))
    throw new RangeError(`a rate of ${ratePerSecond} requests a second: use 1 to ${maxRatePerSecond}`);
  if (!(durationMs > 0 && durationMs <= maxDurationMs))
    throw new RangeError(`a duration of ${durationMs} ms: use 1 to ${maxDurationMs}`);
  return new URL(url);
}

/** Resolves when the time is over and every request has ended. Throws RangeError for an address that is not loopback, and for rates or times out of bounds. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { hostname, port } = checked(options);
  const { targets, ratePerSecond, durationMs, signal, onAnswer } = options;
  const agent = new http.Agent({ keepAlive: true });
  const byStatus: Record<number, number> = {};
  const waiting = new Set<Promise<void>>();
  const started = performance.now();
  let turn = 0;
  let due = 0;
  let sent = 0;
  let skipped = 0;

  let round: readonly LoadTarget[] = [];

  function sendNext(): void {
    if (turn >= round.length) {
      round = typeof targets === 'function' ? targets() : targets;
      turn = 0;
    }
    const target = round[turn++];
    if (!target) return;
    if (waiting.size >= mostWaiting) return void skipped++;
    sent++;
    const answered = ask({ agent, hostname, port }, target).then((status) => {
      byStatus[status] = (byStatus[status] ?? 0) + 1;
      onAnswer?.(target, status);
      waiting.delete(answered);
    });
    waiting.add(answered);
  }

  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearInterval(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    // What is due is told by the clock, not by the number of ticks: a late tick sends what it missed.
    const timer = setInterval(() => {
      const elapsed = Math.min(performance.now() - started, durationMs);
      for (const until = (elapsed / 1000) * ratePerSecond; due < until; due++) sendNext();
      if (elapsed >= durationMs) end();
    }, tickMs);
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
  });
  const tookMs = performance.now() - started;
  await Promise.all(waiting);
  agent.destroy();
  return { sent, byStatus, skipped, durationMs: tookMs, ratePerSecond: tookMs > 0 ? (1000 * sent) / tookMs : 0 };
}

function ask(
  to: { readonly agent: http.Agent; readonly hostname: string; readonly port: string },
  { method, path, headers }: LoadTarget,
): Promise<number> {
  return new Promise((resolve) => {
    const request = http.request({ ...to, method, path, headers, timeout: timeoutMs }, (response) => {
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', () => resolve(0));
      response.resume();
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(0));
    request.end();
  });
}
