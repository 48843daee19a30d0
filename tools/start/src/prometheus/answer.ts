import type { Sample } from './exposition.ts';
import { evaluate } from './query/evaluate.ts';
import type { Value } from './query/evaluate.ts';
import { parseQuery } from './query/parse.ts';
import { QueryError } from './query/query-error.ts';
import { durationMs } from './query/tokens.ts';
import { keyOf } from './series.ts';
import type { ScrapedSeries } from './series.ts';

export interface Answer {
  readonly status: number;
  readonly body: object;
}

/** Answers what stands behind /api/v1 as Prometheus does. */
export function answerQuery(path: string, parameters: URLSearchParams, series: ScrapedSeries, nowMs: number): Answer {
  try {
    if (path === '/api/v1/query') return success(instant(parameters, series, nowMs));
    if (path === '/api/v1/query_range') return success(range(parameters, series));
    return failure(404, 'not_found', `the stand-in for Prometheus answers /api/v1/query and /api/v1/query_range only`);
  } catch (error) {
    if (error instanceof QueryError) return failure(400, 'bad_data', error.message);
    throw error;
  }
}

const success = (data: object): Answer => ({ status: 200, body: { status: 'success', data } });
const failure = (status: number, errorType: string, error: string): Answer => ({
  status,
  body: { status: 'error', errorType, error },
});

function instant(parameters: URLSearchParams, series: ScrapedSeries, nowMs: number): object {
  const atMs = timeOf(parameters, 'time') ?? nowMs;
  return dataOf(evaluate(parseQuery(required(parameters, 'query')), series, atMs), atMs);
}

function dataOf(value: Value, atMs: number): object {
  const point = (number: number) => [atMs / 1000, formatted(number)];
  if (typeof value === 'number') return { resultType: 'scalar', result: point(value) };
  return { resultType: 'vector', result: value.map((each) => ({ metric: each.labels, value: point(each.value) })) };
}

const mostSteps = 11_000;

function range(parameters: URLSearchParams, series: ScrapedSeries): object {
  const [fromMs, toMs] = [timeOf(parameters, 'start'), timeOf(parameters, 'end')];
  if (fromMs === undefined || toMs === undefined) throw new QueryError('start and end are required');
  const stepMs = stepOf(required(parameters, 'step'));
  if ((toMs - fromMs) / stepMs > mostSteps) throw new QueryError(`more than ${mostSteps} points: make step longer`);
  const expression = parseQuery(required(parameters, 'query'));
  const found = new Map<string, { metric: Sample['labels']; values: [number, string][] }>();
  for (let atMs = fromMs; atMs <= toMs; atMs += stepMs) {
    const value = evaluate(expression, series, atMs);
    for (const { labels, value: number } of typeof value === 'number' ? [{ labels: {}, value }] : value) {
      const line = found.get(keyOf(labels)) ?? { metric: labels, values: [] };
      line.values.push([atMs / 1000, formatted(number)]);
      found.set(keyOf(labels), line);
    }
  }
  return { resultType: 'matrix', result: [...found.values()] };
}

function required(parameters: URLSearchParams, name: string): string {
  const text = parameters.get(name);
  if (!text) throw new QueryError(`${name} is required`);
  return text;
}

/** Seconds since 1970, or a date and time. */
function timeOf(parameters: URLSearchParams, name: string): number | undefined {
  const text = parameters.get(name);
  if (!text) return undefined;
  const seconds = Number(text);
  const atMs = Number.isNaN(seconds) ? Date.parse(text) : seconds * 1000;
  if (!Number.isFinite(atMs)) throw new QueryError(`${name} is no time: ${text}`);
  return atMs;
}

function stepOf(text: string): number {
  const seconds = Number(text);
  const ms = Number.isNaN(seconds) ? durationMs(text) : seconds * 1000;
  if (!(ms > 0)) throw new QueryError(`step is no duration: ${text}`);
  return ms;
}

function formatted(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}
