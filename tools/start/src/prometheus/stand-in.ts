import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerQuery } from './answer.ts';
import { parseExposition } from './exposition.ts';
import type { Sample } from './exposition.ts';
import { createScrapedSeries } from './series.ts';
import type { ScrapedSeries } from './series.ts';

/** What is scraped. */
export interface Target {
  /** Becomes the label `job`. */
  readonly job: string;
  /** `http://127.0.0.1:41234/metrics` */
  readonly url: string;
}

export interface StandInOptions {
  readonly targets: readonly Target[];
  readonly everyMs: number;
}

export interface StandIn {
  readonly url: string;
  stop(): Promise<void>;
}

const longestBody = 1 << 20;

/** Scrapes and answers the queries that it understands on a free loopback port, as a Prometheus would. */
export async function startStandIn({ targets, everyMs }: StandInOptions): Promise<StandIn> {
  const series = createScrapedSeries();
  const ending = new AbortController();
  const scraping = scrapeEvery(everyMs, targets, series, ending.signal);
  const server = http.createServer((request, response) => {
    respond(request, series).then(
      ({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      },
      (error: Error) => {
        const body = { status: 'error', errorType: 'internal', error: error.message };
        response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      ending.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await scraping;
    },
  };
}

async function respond(request: http.IncomingMessage, series: ScrapedSeries) {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stand-in');
  const parameters = new URLSearchParams(searchParams);
  if (request.method === 'POST')
    for (const [name, value] of new URLSearchParams(await bodyOf(request))) parameters.append(name, value);
  if (pathname === '/-/ready') return { status: 200, body: { status: 'success' } };
  return answerQuery(pathname, parameters, series, Date.now());
}

async function bodyOf(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > longestBody) throw new Error('the query is longer than 1 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

async function scrapeEvery(
  everyMs: number,
  targets: readonly Target[],
  series: ScrapedSeries,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const atMs = Date.now();
    const samples = await Promise.all(targets.map((target) => scrape(target, everyMs * 5, signal)));
    if (signal.aborted) return;
    series.add(atMs, samples.flat());
    await pause(Math.max(0, atMs + everyMs - Date.now()), signal);
  }
}

/** What a target tells of itself; nothing but `up` 0 when it does not answer. */
async function scrape({ job, url }: Target, withinMs: number, ending: AbortSignal): Promise<Sample[]> {
  const own = { job, instance: new URL(url).host };
  const up = (value: number): Sample => ({ labels: { __name__: 'up', ...own }, value });
  try {
    const response = await fetch(url, { signal: AbortSignal.any([ending, AbortSignal.timeout(withinMs)]) });
    if (!response.ok) return [up(0)];
    const samples = parseExposition(await response.text());
    return [up(1), ...samples.map(({ labels, value }) => ({ labels: { ...labels, ...own }, value }))];
  } catch {
    return [up(0)];
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
