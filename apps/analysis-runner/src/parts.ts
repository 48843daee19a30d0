import type { ServerInterceptor } from '@grpc/grpc-js';
import { AnalysisServiceService, MeasurementServiceService } from '@sluice/contracts';
import { createEventRecorder, isKubeError, shardOf } from '@sluice/kube';
import type { AccessReviewer, AuthorityOptions, KubeClient, KubeLogger, ReflectorTimings } from '@sluice/kube';
import { eventSourceComponent } from '@sluice/model';
import type { PluginHost } from '@sluice/plugin-host';
import { createStanding } from '@sluice/reconcile';
import type { Assembly, Part } from '@sluice/service';
import type { CallerIdentity } from '@sluice/service/identity';
import type { ClientTls, ServerTls } from '@sluice/service/tls';
import { createDispatcher } from './dispatch/dispatcher.ts';
import type { DispatchLimits } from './dispatch/dispatcher.ts';
import { createHintQueue } from './dispatch/hint-queue.ts';
import type { RunnerMetrics } from './metrics.ts';
import { createHintRoutes } from './dispatch/hint-routes.ts';
import type { RedisPlace } from './redis.ts';
import { failed } from './service/outcomes.ts';
import { analysisService } from './service/analysis-service.ts';
import { createGrpcServer } from './service/grpc-server.ts';
import { createMeasurementService } from './service/measurement-service.ts';
import { createTryTemplate } from './service/try-template.ts';
import { createRunCache } from './scheduler/run-cache.ts';
import { createScheduler } from './scheduler/scheduler.ts';
import type { Scheduler } from './scheduler/scheduler.ts';
import { createSecrets } from './scheduler/secrets.ts';
import { createSchedulerLinks } from './worker/scheduler-links.ts';
import type { SchedulerLinks } from './worker/scheduler-links.ts';
import { createWorker } from './worker/worker.ts';
import type { MeasurementWorker } from './worker/worker.ts';

export type Role = 'scheduler' | 'worker';

/** What both roles need. */
export interface SharedOptions {
  readonly redis: RedisPlace;
  /** Unique for each start. */
  readonly identity: string;
  readonly plugins: PluginHost;
  readonly logger: KubeLogger;
  readonly metrics?: RunnerMetrics;
}

export interface SchedulerPartsOptions
  extends
    SharedOptions,
    Omit<AuthorityOptions, 'service' | 'onChange' | 'refusal' | 'beforeRelease' | 'logger' | 'client'> {
  readonly client: KubeClient;
  /** Absent or empty: all. */
  readonly namespaces?: readonly string[];
  readonly grpc: {
    readonly host: string;
    readonly port: number;
    readonly tls?: ServerTls | undefined;
    /** Checks who calls. Absent where this machine alone is served. */
    readonly guard?: ServerInterceptor | undefined;
    /** Whose certificates may take measurements, which hold secret values; where empty, whoever may call at all. */
    readonly workerNames?: readonly string[];
  };
  /** Asked what users may do who call for themselves. */
  readonly reviewer?: AccessReviewer;
  readonly limits?: Partial<DispatchLimits>;
  readonly writesPerSecond?: number;
  readonly watchTimings?: ReflectorTimings;
  /** How soon a hint that nobody took is offered again: 2 s. */
  readonly reofferMs?: number;
  /** How long a Secret that was read counts: 2 s. */
  readonly secretsKeptMs?: number;
}

export interface SchedulerParts extends Assembly {
  readonly scheduler: Scheduler;
  /** `host:port` of AnalysisService and MeasurementService; empty before the start. */
  readonly address: () => string;
}

export const defaultLimits: DispatchLimits = { inFlight: 1_000, perNamespace: 300, perTarget: 200, perHint: 25 };

// Watches end after 290 s at the latest: silence for so long means that they do not come back.
const silentTooLongMs = 400_000;
const flushMs = 3_000;

/** The scheduler, put together. Nothing is started yet. */
export function createSchedulerParts(options: SchedulerPartsOptions): SchedulerParts {
  const { client, logger, metrics, plugins, identity } = options;
  const runs = createRunCache({
    client,
    logger,
    ...(options.namespaces === undefined ? {} : { namespaces: options.namespaces }),
    ...(options.instanceId === undefined ? {} : { instanceId: options.instanceId }),
    ...(options.watchTimings === undefined ? {} : { timings: options.watchTimings }),
    onRestart(plural, why, error) {
      metrics?.onWatchRestart(plural, why);
      if (isKubeError(error, 'NotFound'))
        logger.error({}, 'the kind AnalysisRun is not installed in this cluster: apply charts/sluice/crds');
    },
  });
  const count = options.shards ?? 1;
  const authority = createStanding({
    ...options,
    service: 'analysis-runner',
    onChange: () => scheduler.standingChanged(),
    beforeRelease: async (shard) => {
      const late = new Promise((resolve) => setTimeout(resolve, flushMs).unref());
      await Promise.race([scheduler.flush((uid) => shardOf(uid, count) === shard), late]);
    },
  });
  const recorder = createEventRecorder({ client, component: eventSourceComponent, logger });
  const secrets = createSecrets({
    client,
    logger,
    ...(options.secretsKeptMs === undefined ? {} : { keepMs: options.secretsKeptMs }),
  });
  const hints = createHintQueue({
    redis: options.redis,
    scheduler: identity,
    logger,
    onForgotten: () => dispatcher.offersLost(),
  });
  const dispatcher = createDispatcher({
    limits: { ...defaultLimits, ...options.limits },
    offer: createHintRoutes({ queue: hints, workers: { offer: (list) => desk.offer(list) } }),
    onGivenUp: (flight) =>
      scheduler.returned(flight, failed(flight, 'no worker has answered in time, three times', Date.now())),
    logger,
    ...(options.reofferMs === undefined ? {} : { reofferMs: options.reofferMs }),
  });
  const scheduler: Scheduler = createScheduler({
    client,
    runs,
    isInCharge: (uid) => authority.standing(uid) === 'in charge',
    dispatcher,
    secrets,
    recorder,
    logger,
    leavesTraces(provider, namespace) {
      const plugin = plugins.metric(provider, namespace);
      return plugin === undefined || plugin.state !== 'ready' || plugin.capabilities.includes('pending');
    },
    ...(options.writesPerSecond === undefined ? {} : { writesPerSecond: options.writesPerSecond }),
    ...(metrics === undefined ? {} : { hooks: metrics.scheduler }),
  });
  const desk = createMeasurementService({
    identity,
    dispatcher,
    scheduler,
    secrets,
    logger,
    ...(metrics === undefined ? {} : { hooks: metrics.measurements }),
  });
  const tryTemplate = createTryTemplate({ client, plugins, secrets });
  const server = createGrpcServer({
    ...options.grpc,
    services: [
      {
        definition: MeasurementServiceService,
        implementation: desk.implementation,
        callers: options.grpc.workerNames,
      },
      {
        definition: AnalysisServiceService,
        implementation: analysisService({ client, logger, tryTemplate, reviewer: options.reviewer }),
      },
    ],
  });
  metrics?.observe({
    scheduler,
    dispatcher,
    hints,
    desk,
    authority,
  });

  const stopper = new AbortController();
  let address = '';
  const parts: readonly Part[] = [
    {
      name: 'caches',
      async start() {
        runs.start();
        await runs.whenSynced(stopper.signal);
      },
      stop: () => runs.stop(),
    },
    { name: 'events', start: () => undefined, stop: () => recorder.stop() },
    { name: 'hints', start: () => hints.start(), stop: () => hints.stop() },
    { name: 'authority', start: () => authority.start(), stop: () => authority.stop() },
    { name: 'grpc', start: async () => (address = await server.start()), stop: () => server.stop() },
    {
      name: 'scheduler',
      start() {
        dispatcher.start();
        scheduler.start();
      },
      async stop() {
        await scheduler.stop();
        dispatcher.stop();
        desk.stop();
      },
    },
  ];
  return {
    parts,
    scheduler,
    address: () => address,
    live: {
      watches: () => !runs.synced || runs.lastEventAgeMs < silentTooLongMs || 'no sign of life from the API server',
    },
    ready: {
      caches: () => runs.synced || 'still listing',
      authority: () => authority.isSettled || 'it is not known yet who is in charge',
    },
  };
}

export interface WorkerPartsOptions extends SharedOptions {
  /** `host:port` of the schedulers; a function where it is known only after the start. */
  readonly schedulers: () => readonly string[];
  readonly tls?: ClientTls | undefined;
  /** What it shows to schedulers. */
  readonly caller?: CallerIdentity | undefined;
  readonly atOnce?: number;
  /** How long stopping waits for measurements that run: 5 s. */
  readonly graceMs?: number;
}

/** A worker, put together. */
export function createWorkerParts(options: WorkerPartsOptions): Assembly {
  const { logger, metrics, plugins } = options;
  let connected = (): number => 0;
  let stop = async (): Promise<void> => undefined;
  const worker: Part = {
    name: 'worker',
    start() {
      const schedulers: SchedulerLinks = createSchedulerLinks({
        targets: options.schedulers(),
        worker: options.identity,
        ...(options.tls === undefined ? {} : { tls: options.tls }),
        identity: options.caller,
        logger,
        onHint: (hint) => void running.hinted(hint),
      });
      const running: MeasurementWorker = createWorker({
        redis: options.redis,
        schedulers,
        plugins,
        logger,
        ...(options.atOnce === undefined ? {} : { atOnce: options.atOnce }),
        ...(metrics === undefined ? {} : { hooks: metrics.worker }),
      });
      connected = () => schedulers.connected;
      metrics?.observe({ worker: running });
      schedulers.start();
      running.start();
      stop = async () => {
        await running.stop(options.graceMs);
        await schedulers.stop();
      };
    },
    stop: () => stop(),
  };
  return {
    parts: [worker],
    ready: {
      schedulers: () =>
        connected() > 0 || `no scheduler is reached (${options.schedulers().join(', ')}): nothing is measured`,
    },
  };
}

/** Both roles, or one, as one service. The worker stops first, and what it still reports is stored. */
export function assembled(
  plugins: PluginHost,
  scheduler: SchedulerParts | undefined,
  worker: Assembly | undefined,
): Assembly {
  const pluginPart: Part = { name: plugins.name, start: () => plugins.start(), stop: () => plugins.stop() };
  return {
    parts: [pluginPart, ...(scheduler?.parts ?? []), ...(worker?.parts ?? [])],
    live: { ...scheduler?.live },
    ready: { ...scheduler?.ready, ...worker?.ready },
  };
}
