import { noCapabilities } from '@sluice/engine';
import { createEventRecorder, isKubeError, keyOf } from '@sluice/kube';
import type { Authority, AuthorityOptions, KubeClient, KubeLogger, ReflectorTimings } from '@sluice/kube';
import { eventSourceComponent } from '@sluice/model';
import type { AnalysisPeer, ExperimentPeer } from '@sluice/peers';
import type { PluginHost } from '@sluice/plugin-host';
import { addExplainRoute, createReplica, createStanding } from '@sluice/reconcile';
import type { Replica } from '@sluice/reconcile';
import type { Part } from '@sluice/service';
import { createCaches } from './assemble/caches.ts';
import type { Caches } from './assemble/caches.ts';
import { createController } from './controller.ts';
import type { Controller, ControllerOptions } from './controller.ts';
import { explainRollout } from './explain.ts';
import type { ControllerMetrics } from './metrics.ts';
import { createRouters } from './routers/routers.ts';
import { createStepPlugins } from './step-plugins/step-plugins.ts';

/** All that can be set about a rollout-controller; `main.ts` reads it from flags and environment. */
export interface RolloutControllerOptions
  extends
    Omit<AuthorityOptions, 'onChange' | 'logger' | 'client' | 'service' | 'refusal' | 'beforeRelease'>,
    Partial<Pick<ControllerOptions, 'workers' | 'resyncMs' | 'deferMs' | 'capabilities' | 'now' | 'random' | 'hooks'>> {
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

export interface RolloutController extends Replica {
  readonly caches: Caches;
  readonly authority: Authority;
  readonly controller: Controller;
}

/** Puts the controller together. Nothing is started yet. */
export function createRolloutController(options: RolloutControllerOptions): RolloutController {
  const { client, logger, metrics, plugins, analysis, experiments } = options;
  const caches = createCaches({
    client,
    logger,
    ...(options.namespaces === undefined ? {} : { namespaces: options.namespaces }),
    ...(options.instanceId === undefined ? {} : { instanceId: options.instanceId }),
    follows: { analysis: analysis !== undefined, experiments: experiments !== undefined },
    ...(options.watchTimings === undefined ? {} : { timings: options.watchTimings }),
    onRestart(plural, why, error) {
      metrics?.onWatchRestart(plural, why);
      if (plural === 'rollouts' && isKubeError(error, 'NotFound'))
        logger.error({}, 'the kind Rollout is not installed in this cluster: apply charts/sluice/crds');
    },
  });
  const recorder = createEventRecorder({ client, component: eventSourceComponent, logger });
  const authority = createStanding({
    ...options,
    service: 'rollout-controller',
    onChange: () => controller.standingChanged(),
    beforeRelease: (_shard, leadership) => controller.handOver(leadership),
  });
  const now = options.now ?? Date.now;
  const controller: Controller = createController({
    ...options,
    routers: plugins && createRouters({ host: plugins, logger, now, lookEveryMs: options.lookEveryMs }),
    stepPlugins:
      plugins &&
      createStepPlugins({ host: plugins, logger, now, onAnswer: (rollout) => controller.stepPluginAnswered(rollout) }),
    caches,
    authority,
    recorder,
    capabilities: {
      ...(options.capabilities ?? noCapabilities),
      ...(analysis && { analysis: true }),
      ...(experiments && { experiments: true }),
    },
    peers: { analysis, experiments },
    ...(metrics === undefined ? {} : { hooks: metrics.hooks }),
  });
  metrics?.observe({
    rollouts: () => caches.rollouts.list(),
    exists: (key) => caches.rollouts.getByKey(key) !== undefined,
    authority,
    lastEventAgeMs: () => caches.lastEventAgeMs,
  });
  caches.rollouts.onChange((before, after) => {
    if (before && after && authority.standing(keyOf(after.metadata)) === 'in charge') metrics?.onStored(before, after);
  });
  const replica = createReplica({
    caches,
    authority,
    controller,
    recorder,
    others: (signal) => [
      ...(plugins === undefined ? [] : [pluginsPart(plugins, controller, signal)]),
      peersPart([analysis, experiments]),
    ],
    routes: (app) =>
      addExplainRoute(app, '/explain', 'Rollout', (namespace, name) =>
        explainRollout(controller, authority, namespace, name),
      ),
    onStopped: () => metrics?.stop(),
  });
  return { ...replica, caches, authority, controller };
}

const peersPart = (peers: readonly ({ close(): void } | undefined)[]): Part => ({
  name: 'peers',
  start: () => undefined,
  stop: () => peers.forEach((peer) => peer?.close()),
});

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
