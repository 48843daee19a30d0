import type { ServerCredentials } from '@grpc/grpc-js';
import { createAuthority, createEventRecorder, isKubeError } from '@sluice/kube';
import type { Authority, AuthorityOptions, KubeClient, KubeLogger, ReflectorTimings } from '@sluice/kube';
import { eventSourceComponent } from '@sluice/model';
import { StartError } from '@sluice/service';
import type { Assembly, Part } from '@sluice/service';
import { createCaches } from './assemble/caches.ts';
import type { Caches } from './assemble/caches.ts';
import { experimentService } from './calls/experiment-service.ts';
import { callsPart } from './calls/serve.ts';
import { createController } from './controller.ts';
import type { Controller, ControllerOptions } from './controller.ts';
import { addExplainRoute, explainExperiment } from './explain.ts';
import type { ExperimentMetrics } from './metrics.ts';

/** All that can be set about an experiment-manager; `main.ts` reads it from flags and environment. */
export interface ExperimentManagerOptions
  extends
    Omit<AuthorityOptions, 'onChange' | 'logger' | 'client' | 'service' | 'refusal'>,
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
    readonly credentials?: () => Promise<ServerCredentials>;
  };
}

export interface ExperimentManager extends Assembly {
  readonly caches: Caches;
  readonly authority: Authority;
  readonly controller: Controller;
  /** Starts all parts in order; for tests, where no service runs around it. Resolves with the address of the calls, where they are answered. */
  start(): Promise<string | undefined>;
  stop(): Promise<void>;
}

// Watches end after 290 s at the latest: silence for so long means that they do not come back.
const silentTooLongMs = 400_000;

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
  const authority = createAuthority({
    ...options,
    service: 'experiment-manager',
    refusal: (message, cause) => new StartError(message, cause),
    onChange: () => controller.enqueueAll(),
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

  const stopper = new AbortController();
  const parts: readonly Part[] = [
    {
      name: 'caches',
      async start() {
        caches.start();
        await caches.whenSynced(stopper.signal);
      },
      stop: () => caches.stop(),
    },
    { name: 'events', start: () => undefined, stop: () => recorder.stop() },
    ...(options.grpc === undefined ? [] : [callsPart(experimentService(client), options.grpc)]),
    { name: 'authority', start: () => authority.start(), stop: () => authority.stop() },
    { name: 'controller', start: () => controller.start(), stop: () => controller.stop() },
  ];

  return {
    caches,
    authority,
    controller,
    parts,
    live: {
      watches: () =>
        !caches.synced ||
        caches.lastEventAgeMs < silentTooLongMs ||
        'no sign of life from the API server on some watch',
    },
    ready: {
      caches: () => caches.synced || 'still listing',
      authority: () => authority.isSettled || 'it is not known yet who is in charge',
    },
    routes: (app) =>
      addExplainRoute(app, (namespace, name) => explainExperiment(controller, authority, namespace, name)),
    async start() {
      let address: string | undefined;
      for (const part of parts) {
        const answer = await part.start();
        if (part.name === 'grpc' && typeof answer === 'string') address = answer;
      }
      return address;
    },
    async stop() {
      stopper.abort(new Error('the experiment-manager stops'));
      for (const part of parts.toReversed()) await part.stop?.();
      metrics?.stop();
    },
  };
}
