import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createClient } from '@sluice/kube';
import { createAnalysisPeer } from '@sluice/peers';
import { duration, integer, kubeOptions, list, runService, serviceOptions, text } from '@sluice/service';
import { createExperimentMetrics } from './metrics.ts';
import { createExperimentManager } from './parts.ts';

const version = '0.1.0';

await runService({
  name: 'experiment-manager',
  summary: 'Runs Experiments: temporary ReplicaSets, their Services and analyses, status.',
  options: {
    ...serviceOptions({ httpPort: 8090 }),
    ...kubeOptions(),
    foreignLeaseNamespace: list(
      'Where another controller of this API may keep its Lease: while it is live, this one only observes. "none" if there is no other; the system namespace is looked at as well.',
      { default: ['argo-rollouts'] },
    ),
    grpcHost: text('Address for calls; 127.0.0.1 keeps them on this machine.', { default: '0.0.0.0' }),
    grpcPort: integer('Port for calls; 0 takes a free one.', { default: 8091, min: 0, max: 65_535 }),
    analysisRunner: text(
      'Where the analysis-runner answers calls (HOST:PORT). Without it experiments with analyses wait.',
    ),
    workers: integer('Experiments worked on at once.', { default: 10, min: 1, max: 200 }),
    resyncMs: duration('Each Experiment is looked at at least so often.', { default: '15m', minMs: 1_000 }),
  },
  assemble: async ({ config, logger, metrics }) => {
    const experimentMetrics = createExperimentMetrics(metrics);
    const client = await createClient({
      userAgent: `sluice-experiment-manager/${version}`,
      ...(config.kubeconfig === undefined ? {} : { kubeconfig: config.kubeconfig }),
      ...(config.context === undefined ? {} : { context: config.context }),
      ...(config.kubeQps === 0 ? {} : { qps: config.kubeQps }),
      onCall: experimentMetrics.onCall,
    });
    logger.info(
      { server: client.server, source: client.source, instanceId: config.instanceId },
      'serving this cluster',
    );
    const expectsNobody = config.foreignLeaseNamespace.includes('none');
    return createExperimentManager({
      client,
      logger,
      metrics: experimentMetrics,
      ...(config.analysisRunner ? { analysis: createAnalysisPeer({ address: config.analysisRunner }) } : {}),
      namespaces: config.namespaces,
      systemNamespace: config.systemNamespace,
      instanceId: config.instanceId,
      identity: `${hostname()}_${randomUUID()}`,
      leaderElect: config.leaderElect,
      leaseDurationMs: config.leaseDurationMs,
      renewDeadlineMs: config.leaseRenewDeadlineMs,
      retryPeriodMs: config.leaseRetryMs,
      foreignNamespaces: expectsNobody ? [] : [...config.foreignLeaseNamespace, config.systemNamespace],
      workers: config.workers,
      resyncMs: config.resyncMs,
      grpc: { host: config.grpcHost, port: config.grpcPort },
    });
  },
});
