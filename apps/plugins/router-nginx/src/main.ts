import { runPlugin } from '@sluice/plugin-sdk';
import { introduction } from './introduction.ts';
import { createNginxRouter } from './router.ts';

await runPlugin({
  ...introduction,
  summary: 'Routes rollouts with ingress-nginx: a canary Ingress beside each stable one.',
  assemble: async ({ kube }) => ({ router: createNginxRouter({ client: await kube() }) }),
});
