import { runPlugin } from '@sluice/plugin-sdk';
import { toggle } from '@sluice/service';
import { introduction } from './introduction.ts';
import { createGatewayRouter } from './router.ts';

await runPlugin({
  ...introduction,
  summary: 'Routes rollouts with HTTPRoutes, GRPCRoutes, TCPRoutes and TLSRoutes of the Gateway API.',
  options: {
    waitForGateways: toggle(
      'Take a change for done only when the gateways say in their conditions that they have taken it in.',
      { default: true },
    ),
  },
  assemble: async ({ config, kube }) => ({
    router: createGatewayRouter({ client: await kube(), waitForGateways: config.waitForGateways }),
  }),
});
