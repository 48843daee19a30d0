import { PluginError } from '@sluice/plugin-sdk';

/** What was measured: for the conditions, and for people. */
export interface Measured {
  /** A number for a scalar; a list of numbers, labels dropped, for a vector, and series after series for a matrix. No data is an empty list. */
  readonly result: number | readonly number[];
  readonly value: string;
}

/** `data` of an answer of the query API (https://prometheus.io/docs/prometheus/latest/querying/api/). Throws PluginError. */
export function measuredOf(data: unknown): Measured {
  const { resultType, result } = record(data);
  switch (resultType) {
    case 'scalar': {
      const value = sampleOf(result);
      return { result: value, value: sampleText(value) };
    }
    case 'vector':
      return listed(listOf(result).map((series) => sampleOf(record(series)['value'])));
    case 'matrix':
      return listed(listOf(result).flatMap((series) => listOf(record(series)['values']).map(sampleOf)));
    default:
      throw new PluginError('Invalid', 'Prometheus metric type not supported', { path: 'query' });
  }
}

function listed(samples: readonly number[]): Measured {
  return { result: samples, value: `[${samples.map(sampleText).join(',')}]` };
}

/** `[1435781430.781, "0.97"]` */
function sampleOf(point: unknown): number {
  const text: unknown = listOf(point)[1];
  const value = typeof text === 'string' ? numberOf(text) : undefined;
  if (value === undefined) throw unreadable(`a sample is ${JSON.stringify(text)?.slice(0, 80) ?? 'missing'}`);
  return value;
}

function numberOf(text: string): number | undefined {
  if (/^NaN$/i.test(text)) return NaN;
  const infinity = /^([+-]?)Inf(?:inity)?$/i.exec(text);
  if (infinity !== null) return infinity[1] === '-' ? -Infinity : Infinity;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

/** As Prometheus writes numbers: never with an exponent. */
export function sampleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const [, sign = '', whole = '', fraction = '', exponent] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  if (exponent === undefined) return String(value);
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits + '0'.repeat(point - digits.length);
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw unreadable('an object is missing');
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw unreadable('a list is missing');
}

function unreadable(what: string): PluginError {
  return new PluginError('Unavailable', `bad_response: the answer is not the one of a Prometheus query API: ${what}`);
}
