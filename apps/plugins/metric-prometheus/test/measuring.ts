import { createMetricHttp } from '@sluice/metric-http';
import { json } from '@sluice/metric-http/testing';
import { silentLogger } from '@sluice/plugin-sdk';
import type { JsonObject, MetricValueAnswer } from '@sluice/plugin-sdk';
import { onTestFinished } from 'vitest';
import { createPrometheusProvider } from '../src/index.ts';
import type { PrometheusOptions } from '../src/index.ts';

type Response = Parameters<typeof json>[0];

/** Measures with one provider, as often as it is asked to. */
export function measuring(options: Partial<PrometheusOptions> = {}) {
  const http = createMetricHttp({ userAgent: 'test', env: {} });
  onTestFinished(() => http.close());
  const provider = createPrometheusProvider({ http, ...options });
  return async (raw: JsonObject): Promise<MetricValueAnswer> => {
    const query = {
      id: 'u/m/1',
      run: { namespace: 'n', name: 'r', uid: 'u' },
      metricName: 'm',
      ordinal: 1,
      config: provider.config?.(raw) as never,
      metric: {},
      secretValues: [],
    };
    const call = { signal: new AbortController().signal, logger: silentLogger };
    return (await provider.start(query, call as never)) as MetricValueAnswer;
  };
}

export const vector = (...values: readonly string[]) => ({
  resultType: 'vector',
  result: values.map((value, index) => ({ metric: { i: String(index) }, value: [1_700_000_000.123, value] })),
});

export const succeed = (response: Response, data: unknown, more: object = {}): void =>
  json(response, { status: 'success', data, ...more });
