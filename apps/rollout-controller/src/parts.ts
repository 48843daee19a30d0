import { noCapabilities } from '@sluice/engine';
import { createEventRecorder, isKubeError } from '@sluice/kube';
import type { KubeClient, KubeLogger, ReflectorTimings } from '@sluice/kube';
import { eventSourceComponent } from '@sluice/model';
import type { AnalysisPeer, ExperimentPeer } from '@sluice/peers';
import type { PluginHost } from '@sluice/plugin-host';
import type { Assembly, Part } from '@sluice/service';
import { createCaches } from './assemble/caches.ts';
import type { Caches } from './assemble/caches.ts';
import { createAuthority } from './authority.ts';
import type { Authority, AuthorityOptions } from './authority.ts';
import { createController } from './controller.ts';
import type { Controller, ControllerOptions } from './controller.ts';
import { addExplainRoute, explainRollout } from './explain.ts';
import type { ControllerMetrics } from './metrics.ts';
import { createRouters } from './routers/routers.ts';
import { createStepPlugins } from './step-plugins/step-plugins.ts';

/** All that can be set about a rollout-controller; `main.ts` reads it from flags and environment. */
export interface RolloutControllerOptions
  extends
    Omit<AuthorityOptions, 'onChange' | 'logger' | 'client'>,
    Partial<
      Pick<
        ControllerOptions,
        'workers' | 'resyncMs' | 'deferMs' | 'lingerMs' | 'capabilities' | 'now' | 'random' | 'hooks'
      >
    > {
  readonly client: KubeClient;
  readonly logger: KubeLogger;
  /** Absent or empty: all. */
  readonly namespaces?: readonly string[];
  readonly metrics?: ControllerMetrics;
  readonly watchTimings?: ReflectorTimings;
  /** Where plugins are found. Absent: there are none. */
  readonly plugins?: PluginHost;
  /** Where AnalysisRuns are asked for. Absent: Rollouts that need one are held. Closed with the controller. */
  readonly analysis?: AnalysisPeer;
  /** Where Experiments are asked for. Absent: Rollouts that need one are held. Closed with the controller. */
  readonly experiments?: ExperimentPeer;
  /** Routes are looked at at least so often: 30 s. */
  readonly lookEveryMs?: number;
}

export interface RolloutController extends Assembly {
  readonly caches: Caches;
  readonly authority: Authority;
  readonly controller: Controller;
  /** Starts all parts in order; for tests, where no service runs around it. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

// Watches end after 290 s at the latest: silence for so long means that they do not come back.
const silentTooLongMs = 400_000;

/** Puts the controller together. Nothing is started yet. */
export function createRolloutController(options: RolloutControllerOptions): RolloutController {
  const { client, logger, metrics } = options;
  const caches = createCaches({
    client,
    logger,
    ...(options.namespaces === undefined ? {} : { namespaces: options.namespaces }),
    ...(options.instanceId === undefined ? {} : { instanceId: options.instanceId }),
    follows: { analysis: options.analysis !== undefined, experiments: options.experiments !== undefined },
    ...(options.watchTimings === undefined ? {} : { timings: options.watchTimings }),
    onRestart(plural, why, error) {
      metrics?.onWatchRestart(plural, why);
      if (plural === 'rollouts' && isKubeError(error, 'NotFound'))
        logger.error({}, 'the kind Rollout is not installed in this cluster: apply charts/sluice/crds');
    },
  });
  const recorder = createEventRecorder({ client, component: eventSourceComponent, logger });
  const authority = createAuthority({ ...options, onChange: () => controller.enqueueAll() });
  const routers =
    options.plugins &&
    createRouters({ host: options.plugins, logger, now: options.now ?? Date.now, lookEveryMs: options.lookEveryMs });
  const stepPlugins =
    options.plugins && createStepPlugins({ host: options.plugins, logger, now: options.now ?? Date.now });
  const controller: Controller = createController({
    ...options,
    routers,
    stepPlugins,
    caches,
    authority,
    recorder,
    capabilities: {
      ...(options.capabilities ?? noCapabilities),
      ...(options.analysis && { analysis: true }),
      ...(options.experiments && { experiments: true }),
    },
    peers: { analysis: options.analysis, experiments: options.experiments },
    ...(metrics === undefined ? {} : { hooks: metrics.hooks }),
  });
  metrics?.observe({
    rollouts: () => caches.rollouts.list(),
    exists: (key) => caches.rollouts.getByKey(key) !== undefined,
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
    ...(options.plugins === undefined ? [] : [pluginsPart(options.plugins, controller, stopper.signal)]),
    {
      name: 'peers',
      start: () => undefined,
      stop() {
        options.analysis?.close();
        options.experiments?.close();
      },
    },
    { name: 'events', start: () => undefined, stop: () => recorder.stop() },
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
    routes: (app) => addExplainRoute(app, (namespace, name) => explainRollout(controller, authority, namespace, name)),
    async start() {
      for (const part of parts) await part.start();
    },
    async stop() {
      stopper.abort(new Error('the controller stops'));
      for (const part of parts.toReversed()) await part.stop?.();
      metrics?.stop();
    },
  };
}

/** Rollouts that wait for a plugin are looked at when it comes, goes or is well again. */
function pluginsPart(plugins: PluginHost, controller: Controller, signal: AbortSignal): Part {
  let stopListening = (): void => undefined;
  return {
    name: plugins.name,
    async start() {
      stopListening = plugins.onChange(({ type, names, namespace }) => {
        if (type === 'router') controller.routersChanged(names, namespace);
        if (type === 'step') controller.stepPluginsChanged(names, namespace);
      });
      await plugins.start(signal);
    },
    async stop() {
      stopListening();
      await plugins.stop();
    },
  };
}
