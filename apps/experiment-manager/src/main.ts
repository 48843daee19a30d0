import { createAnalysisPeer } from '@sluice/peers';
import { clientOf, standingOf, standingOptions } from '@sluice/reconcile';
import { duration, integer, kubeOptions, runService, serviceOptions, text } from '@sluice/service';
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
    grpcHost: text('Address for calls; 127.0.0.1 keeps them on this machine.', { default: '0.0.0.0' }),
    grpcPort: integer('Port for calls; 0 takes a free one.', { default: 8091, min: 0, max: 65_535 }),
    ...serverTlsOptions(),
    ...clientTlsOptions(),
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
    return createExperimentManager({
      client,
      logger,
      metrics: experimentMetrics,
      ...(config.analysisRunner ? { analysis: createAnalysisPeer({ address: config.analysisRunner, tls }) } : {}),
      ...standingOf(config),
      workers: config.workers,
      resyncMs: config.resyncMs,
      grpc: { host: config.grpcHost, port: config.grpcPort, tls: serverTls },
    });
  },
});
