import { runPlugin } from '@sluice/plugin-sdk';
import { text } from '@sluice/service';
import { introduction } from './introduction.ts';
import { createIstioRouter } from './router.ts';

await runPlugin({
  ...introduction,
  summary: 'Routes rollouts with Istio VirtualServices and DestinationRules.',
  options: {
    istioApiVersion: text('Version of networking.istio.io to read and write.', { default: 'v1alpha3' }),
  },
  assemble: async ({ config, kube }) => ({
    router: createIstioRouter({ client: await kube(), apiVersion: config.istioApiVersion }),
  }),
});
