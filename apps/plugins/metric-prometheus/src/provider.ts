import type { MetricHttp } from '@sluice/metric-http';
import type { MetricProvider } from '@sluice/plugin-sdk';
import { questionOf } from './query.ts';
import { measuredOf } from './samples.ts';
import { createServers } from './servers.ts';
import { readPrometheusSettings } from './settings.ts';
import type { PrometheusSettings } from './settings.ts';

export interface PrometheusOptions {
  readonly http: MetricHttp;
  /** Asked where a metric names no address. */
  readonly addresses?: readonly string[];
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Measures by a query of Prometheus, or of anything that serves its query API. */
export function createPrometheusProvider(options: PrometheusOptions): MetricProvider<PrometheusSettings> {
  const { http, addresses = [], now = Date.now } = options;
  const servers = createServers(http);
  return {
    config: (raw) => readPrometheusSettings(raw, addresses),
    async validate({ config }) {
      // Throws where its times mean nothing.
      questionOf(config, now());
      return [];
    },
    async start({ config }, { signal }) {
      const metricMetadata = { ResolvedPrometheusQuery: config.query };
      const { data, warnings } = await servers.ask(questionOf(config, now()), config, signal);
      return {
        ...measuredOf(data),
        metricMetadata,
        ...(warnings.length === 0
          ? {}
          : { metadata: { warnings: warnings.map((each) => JSON.stringify(each)).join(', ') } }),
      };
    },
  };
}
