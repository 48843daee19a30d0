import { createAnalysisPeer, createExperimentPeer } from '@sluice/peers';
import { createPluginHost, pluginList } from '@sluice/plugin-host';
import { callerTokens, clientOf, standingOf, standingOptions } from '@sluice/reconcile';
import { duration, integer, kubeOptions, runService, serviceOptions, text } from '@sluice/service';
import { audienceOf, tokenOptions } from '@sluice/service/identity';
import { clientTlsOf, clientTlsOptions } from '@sluice/service/tls';
import { createControllerMetrics } from './metrics.ts';
import { createRolloutController } from './parts.ts';

const version = '0.1.0';

await runService({
  name: 'rollout-controller',
  summary: 'Moves Rollouts: ReplicaSets, Services, steps, status.',
  options: {
    ...serviceOptions({ httpPort: 8090 }),
    ...kubeOptions(),
    ...standingOptions(),
    workers: integer('Rollouts worked on at once.', { default: 10, min: 1, max: 200 }),
    plugins: pluginList(
      'Plugins at fixed addresses, beside those found as Services labelled sluice.dev/plugin: router:nginx=127.0.0.1:8091;router:istio=127.0.0.1:8092',
    ),
    ...clientTlsOptions(),
    ...tokenOptions(),
    analysisRunner: text('Where the analysis-runner is (host:port). Without it, Rollouts with an analysis are held.'),
    experimentManager: text(
      'Where the experiment-manager is (host:port). Without it, Rollouts with an experiment step are held.',
    ),
    resyncMs: duration('Each Rollout is looked at at least so often.', { default: '15m', minMs: 1_000 }),
  },
  assemble: async ({ config, logger, metrics }) => {
    const controllerMetrics = createControllerMetrics(metrics);
    const client = await clientOf(config, {
      userAgent: `sluice-rollout-controller/${version}`,
      logger,
      onCall: controllerMetrics.onCall,
    });
    const tls = clientTlsOf(config);
    const tokens = await callerTokens(config, client, logger);
    const identityFor = (service: string) => tokens && { tokens, audience: audienceOf(service) };
    const plugins = createPluginHost({
      client,
      namespaces: config.namespaces,
      systemNamespace: config.systemNamespace,
      configured: config.plugins,
      ...(tls !== undefined && { tls }),
      tokens,
      logger,
      metrics,
      callsAtOnce: Math.max(1, config.workers - 2),
    });
    return createRolloutController({
      client,
      plugins,
      ...(config.analysisRunner && {
        analysis: createAnalysisPeer({ address: config.analysisRunner, tls, identity: identityFor('analysis-runner') }),
      }),
      ...(config.experimentManager && {
        experiments: createExperimentPeer({
          address: config.experimentManager,
          tls,
          identity: identityFor('experiment-manager'),
        }),
      }),
      logger,
      metrics: controllerMetrics,
      ...standingOf(config),
      workers: config.workers,
      resyncMs: config.resyncMs,
    });
  },
});
