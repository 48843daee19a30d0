// Answers a metric, and remembers when each run asked for it.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface MetricServer {
  /** `http://127.0.0.1:PORT`; what stands behind the slash is whose metric it is. */
  readonly url: string;
  /** Begins to remember anew. */
  clear(): void;
  /** When each asked, in milliseconds of the monotonic clock. */
  readonly asked: ReadonlyMap<string, readonly number[]>;
  stop(): void;
}

export async function startMetricServer(): Promise<MetricServer> {
  const asked = new Map<string, number[]>();
  const body = JSON.stringify({ errors: 0.01 });
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  const server = http.createServer((request, response) => {
    const who = request.url ?? '';
    const times = asked.get(who);
    if (times === undefined) asked.set(who, [performance.now()]);
    else times.push(performance.now());
    response.writeHead(200, headers);
    response.end(body);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clear: () => asked.clear(),
    asked,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Milliseconds between what the same one asked. */
export function gapsOf(asked: MetricServer['asked']): number[] {
  const gaps: number[] = [];
  for (const times of asked.values())
    for (let at = 1; at < times.length; at += 1) gaps.push((times[at] ?? 0) - (times[at - 1] ?? 0));
  return gaps.sort((a, b) => a - b);
}

/** The value below which the given part of sorted values lies. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}
