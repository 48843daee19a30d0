import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createClient } from '@sluice/kube';
import { createAnalysisPeer, createExperimentPeer } from '@sluice/peers';
import { duration, integer, kubeOptions, list, runService, serviceOptions, text } from '@sluice/service';
import { configuredPlugin, createPluginHost } from '@sluice/plugin-host';
import type { ConfiguredPlugin } from '@sluice/plugin-host';
import type { Option } from '@sluice/service';
import { createControllerMetrics } from './metrics.ts';
import { createRolloutController } from './parts.ts';

const version = '0.1.0';

function pluginList(describe: string): Option<readonly ConfiguredPlugin[]> {
  return {
    describe,
    placeholder: 'TYPE:NAME=ADDRESS;…',
    fallback: [],
    parse: (text) =>
      text
        .split(';')
        .filter((part) => part.trim() !== '')
        .map((part) => configuredPlugin(part.trim())),
  };
}

await runService({
  name: 'rollout-controller',
  summary: 'Moves Rollouts: ReplicaSets, Services, steps, status.',
  options: {
    ...serviceOptions({ httpPort: 8090 }),
    ...kubeOptions(),
    foreignLeaseNamespace: list(
      'Where another controller of this API may keep its Lease: while it is live, this one only observes. "none" if there is no other; the system namespace is looked at as well.',
      { default: ['argo-rollouts'] },
    ),
    workers: integer('Rollouts worked on at once.', { default: 10, min: 1, max: 200 }),
    plugins: pluginList(
      'Plugins at fixed addresses, beside those found as Services labelled sluice.dev/plugin: router:nginx=127.0.0.1:8091;router:istio=127.0.0.1:8092',
    ),
    analysisRunner: text('Where the analysis-runner is (host:port). Without it, Rollouts with an analysis are held.'),
    experimentManager: text(
      'Where the experiment-manager is (host:port). Without it, Rollouts with an experiment step are held.',
    ),
    resyncMs: duration('Each Rollout is looked at at least so often.', { default: '15m', minMs: 1_000 }),
  },
  assemble: async ({ config, logger, metrics }) => {
    const controllerMetrics = createControllerMetrics(metrics);
    const client = await createClient({
      userAgent: `sluice-rollout-controller/${version}`,
      ...(config.kubeconfig === undefined ? {} : { kubeconfig: config.kubeconfig }),
      ...(config.context === undefined ? {} : { context: config.context }),
      ...(config.kubeQps === 0 ? {} : { qps: config.kubeQps }),
      onCall: controllerMetrics.onCall,
    });
    logger.info(
      { server: client.server, source: client.source, instanceId: config.instanceId },
      'serving this cluster',
    );
    const expectsNobody = config.foreignLeaseNamespace.includes('none');
    const plugins = createPluginHost({
      client,
      namespaces: config.namespaces,
      systemNamespace: config.systemNamespace,
      configured: config.plugins,
      logger,
      metrics,
      callsAtOnce: Math.max(1, config.workers - 2),
    });
    return createRolloutController({
      client,
      plugins,
      ...(config.analysisRunner ? { analysis: createAnalysisPeer({ address: config.analysisRunner }) } : {}),
      ...(config.experimentManager ? { experiments: createExperimentPeer({ address: config.experimentManager }) } : {}),
      logger,
      metrics: controllerMetrics,
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
    });
  },
});
