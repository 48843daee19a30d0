import { evaluateTime } from '@sluice/expression';
import { invalid } from '@sluice/metric-http';
import { parseDuration } from '@sluice/model';
import type { PrometheusSettings } from './settings.ts';

/** One question to the query API. */
export interface Question {
  readonly path: '/api/v1/query' | '/api/v1/query_range';
  readonly form: URLSearchParams;
}

/** What is asked at a moment (milliseconds since 1970). Throws PluginError `Invalid` for times that mean nothing. */
export function questionOf({ query, range }: PrometheusSettings, nowMs: number): Question {
  if (range === undefined)
    return { path: '/api/v1/query', form: new URLSearchParams({ query, time: secondsText(nowMs) }) };
  return {
    path: '/api/v1/query_range',
    form: new URLSearchParams({
      query,
      start: secondsText(timeOf('start', range.start, nowMs)),
      end: secondsText(timeOf('end', range.end, nowMs)),
      step: String(stepOf(range.step) / 1_000),
    }),
  };
}

function timeOf(name: 'start' | 'end', source: string, nowMs: number): number {
  const time = evaluateTime(source, { now: nowMs });
  if (!time.ok) throw invalid(`rangeQuery.${name}`, `failed to parse rangeQuery.${name} as time: ${time.detail}`);
  return time.epochMs;
}

function stepOf(text: string): number {
  const step = parseDuration(text);
  if (!step.ok)
    throw invalid('rangeQuery.step', `failed to parse rangeQuery.step as duration: time: invalid duration "${text}"`);
  if (step.ms <= 0) throw invalid('rangeQuery.step', 'rangeQuery.step must be longer than nothing');
  return step.ms;
}

/** To the millisecond, as servers read times. */
function secondsText(epochMs: number): string {
  return String(Math.round(epochMs) / 1_000);
}
