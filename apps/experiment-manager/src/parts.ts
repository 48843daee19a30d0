import type { ServerInterceptor } from '@grpc/grpc-js';
import { createEventRecorder, isKubeError } from '@sluice/kube';
import type { Authority, AuthorityOptions, KubeClient, KubeLogger, ReflectorTimings } from '@sluice/kube';
import { eventSourceComponent } from '@sluice/model';
import { addExplainRoute, createReplica, createStanding } from '@sluice/reconcile';
import type { Replica } from '@sluice/reconcile';
import type { ServerTls } from '@sluice/service/tls';
import { createCaches } from './assemble/caches.ts';
import type { Caches } from './assemble/caches.ts';
import { experimentService } from './calls/experiment-service.ts';
import { callsPart } from './calls/serve.ts';
import { createController } from './controller.ts';
import type { Controller, ControllerOptions } from './controller.ts';
import { explainExperiment } from './explain.ts';
import type { ExperimentMetrics } from './metrics.ts';

/** All that can be set about an experiment-manager; `main.ts` reads it from flags and environment. */
export interface ExperimentManagerOptions
  extends
    Omit<AuthorityOptions, 'onChange' | 'logger' | 'client' | 'service' | 'refusal' | 'beforeRelease'>,
    Partial<Pick<ControllerOptions, 'analysis' | 'workers' | 'resyncMs' | 'deferMs' | 'now' | 'random' | 'hooks'>> {
  readonly client: KubeClient;
  readonly logger: KubeLogger;
  /** Absent or empty: all. */
  readonly namespaces?: readonly string[];
  readonly metrics?: ExperimentMetrics;
  readonly watchTimings?: ReflectorTimings;
  /** Where other services' calls are answered. Absent: nowhere. */
  readonly grpc?: {
    readonly host: string;
    readonly port: number;
    readonly tls?: ServerTls | undefined;
    readonly guard?: ServerInterceptor | undefined;
  };
}

export interface ExperimentManager extends Replica {
  readonly caches: Caches;
  readonly authority: Authority;
  readonly controller: Controller;
}

/** Puts the manager together. Nothing is started yet. */
export function createExperimentManager(options: ExperimentManagerOptions): ExperimentManager {
  const { client, logger, metrics } = options;
  const caches = createCaches({
    client,
    logger,
    ...(options.namespaces === undefined ? {} : { namespaces: options.namespaces }),
    ...(options.instanceId === undefined ? {} : { instanceId: options.instanceId }),
    ...(options.watchTimings === undefined ? {} : { timings: options.watchTimings }),
    onRestart(plural, why, error) {
      metrics?.onWatchRestart(plural, why);
      if (plural === 'experiments' && isKubeError(error, 'NotFound'))
        logger.error({}, 'the kind Experiment is not installed in this cluster: apply charts/sluice/crds');
    },
  });
  const recorder = createEventRecorder({ client, component: eventSourceComponent, logger });
  const authority = createStanding({
    ...options,
    service: 'experiment-manager',
    onChange: () => controller.standingChanged(),
    beforeRelease: (_shard, leadership) => controller.handOver(leadership),
  });
  const controller: Controller = createController({
    ...options,
    caches,
    authority,
    recorder,
    ...(metrics === undefined ? {} : { hooks: metrics.hooks }),
  });
  metrics?.observe({
    experiments: () => caches.experiments.list(),
    exists: (key) => caches.experiments.getByKey(key) !== undefined,
    authority,
    lastEventAgeMs: () => caches.lastEventAgeMs,
  });

  const replica = createReplica({
    caches,
    authority,
    controller,
    recorder,
    others: () => (options.grpc === undefined ? [] : [callsPart(experimentService(client), options.grpc)]),
    routes: (app) =>
      addExplainRoute(app, '/explain/experiments', 'Experiment', (namespace, name) =>
        explainExperiment(controller, authority, namespace, name),
      ),
    onStopped: () => metrics?.stop(),
  });
  return { ...replica, caches, authority, controller };
}
