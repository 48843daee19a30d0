import { httpOptions, metricHttpOf } from '@sluice/metric-http';
import { runPlugin } from '@sluice/plugin-sdk';
import { introduction } from './introduction.ts';
import { createWebProvider } from './provider.ts';

await runPlugin({
  ...introduction,
  summary: 'Measures by asking any address over HTTP, and takes a part of its answer by JSONPath.',
  options: httpOptions,
  assemble: async (tools) => {
    const http = await metricHttpOf(tools, `sluice-metric-web/${introduction.version}`);
    return {
      metric: createWebProvider(http),
      parts: [{ name: 'connections', start: () => undefined, stop: () => http.close() }],
    };
  },
});
