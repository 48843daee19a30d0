import type { MetricHttp } from '@sluice/metric-http';
import type { MetricProvider } from '@sluice/plugin-sdk';
import { measuredOf } from './measured.ts';
import { readWebSettings } from './settings.ts';
import type { WebSettings } from './settings.ts';

/** Measures by asking an address and taking a part of what it answers. */
export function createWebProvider(http: MetricHttp): MetricProvider<WebSettings> {
  return {
    config: readWebSettings,
    async start({ config }, { signal }) {
      const { path, body, oauth2, ...request } = config;
      const answer = await http.ask({ ...request, signal, ...(body === undefined ? {} : { body }), oauth2 });
      return measuredOf(answer.status, answer.text, path);
    },
  };
}
