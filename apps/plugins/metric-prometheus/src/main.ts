import { httpOptions, metricHttpOf } from '@sluice/metric-http';
import { runPlugin } from '@sluice/plugin-sdk';
import { list } from '@sluice/service';
import { introduction } from './introduction.ts';
import { createPrometheusProvider } from './provider.ts';

await runPlugin({
  ...introduction,
  summary: 'Measures by queries of Prometheus, or of anything that serves its query API.',
  options: {
    ...httpOptions,
    address: list('Servers of the same data that are asked where a metric names no address.', {
      env: ['ARGO_ROLLOUTS_PROMETHEUS_ADDRESS'],
    }),
  },
  assemble: async (tools) => {
    const http = await metricHttpOf(tools, `sluice-metric-prometheus/${introduction.version}`);
    return {
      metric: createPrometheusProvider({ http, addresses: tools.config.address }),
      parts: [{ name: 'connections', start: () => undefined, stop: () => http.close() }],
    };
  },
});
