import { publishedBy } from '@sluice/kube';
import { createAnalysisPeer } from '@sluice/peers';
import { callerTokens, clientOf, standingOf, standingOptions } from '@sluice/reconcile';
import { duration, grpcHost, integer, kubeOptions, runService, serviceOptions, text } from '@sluice/service';
import { audienceOf, guardOf, guardOptions, tokenOptions } from '@sluice/service/identity';
import { clientTlsOf, clientTlsOptions, serverTlsOf, serverTlsOptions, warnOfPlaintext } from '@sluice/service/tls';
import { createExperimentMetrics } from './metrics.ts';
import { createExperimentManager } from './parts.ts';

const version = '0.1.0';

await runService({
  name: 'experiment-manager',
  summary: 'Runs Experiments: temporary ReplicaSets, their Services and analyses, status.',
  options: {
    ...serviceOptions({ httpPort: 8090 }),
    ...kubeOptions(),
    ...standingOptions(),
    grpcHost: grpcHost(),
    grpcPort: integer('Port for calls; 0 takes a free one.', { default: 8091, min: 0, max: 65_535 }),
    ...serverTlsOptions(),
    ...clientTlsOptions(),
    ...guardOptions(),
    ...tokenOptions(),
    analysisRunner: text(
      'Where the analysis-runner answers calls (HOST:PORT). Without it experiments with analyses wait.',
    ),
    workers: integer('Experiments worked on at once.', { default: 10, min: 1, max: 200 }),
    resyncMs: duration('Each Experiment is looked at at least so often.', { default: '15m', minMs: 1_000 }),
  },
  assemble: async ({ config, logger, metrics }) => {
    const experimentMetrics = createExperimentMetrics(metrics);
    const client = await clientOf(config, {
      userAgent: `sluice-experiment-manager/${version}`,
      logger,
      onCall: experimentMetrics.onCall,
    });
    const tls = clientTlsOf(config);
    const serverTls = serverTlsOf(config, { callers: 'known', logger });
    warnOfPlaintext(serverTls, { host: config.grpcHost, holds: 'they make Experiments, and so pods', logger });
    const tokens = await callerTokens(config, client, logger);
    const identity = tokens && { tokens, audience: audienceOf('analysis-runner') };
    const guard = guardOf(config, {
      audiences: [audienceOf('experiment-manager')],
      host: config.grpcHost,
      tls: serverTls,
      get: publishedBy(client),
      logger,
    });
    return createExperimentManager({
      client,
      logger,
      metrics: experimentMetrics,
      ...(config.analysisRunner
        ? { analysis: createAnalysisPeer({ address: config.analysisRunner, tls, identity }) }
        : {}),
      ...standingOf(config),
      workers: config.workers,
      resyncMs: config.resyncMs,
      grpc: { host: config.grpcHost, port: config.grpcPort, tls: serverTls, guard },
    });
  },
});
