import { Server } from '@grpc/grpc-js';
import type { ServerInterceptor } from '@grpc/grpc-js';
import { onlyCallers, serverCredentials } from '@sluice/service/tls';
import type { ServerTls } from '@sluice/service/tls';
import { createAnswerMemory } from './answer-memory.ts';
import type { CallRuntime } from './call.ts';
import type { Introduction, PluginService } from './describe.ts';
import { createHealth } from './health.ts';
import { createMeasurements } from './measurements.ts';
import { metricService } from './metric-service.ts';
import type { MetricProvider } from './metric.ts';
import { silentLogger } from './logger.ts';
import type { PluginLogger } from './logger.ts';
import { createRolloutTurns } from './rollout-turns.ts';
import { routerService } from './router.ts';
import type { Router } from './router.ts';
import { stepService } from './step.ts';
import type { Step } from './step.ts';

/** A plugin: how it introduces itself, and the author's logic. A name stands for one kind of plugin, so exactly one of these is given. */
export interface Plugin extends Introduction {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the configuration's type is between the author's own functions
  readonly router?: Router<any>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  readonly metric?: MetricProvider<any>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  readonly step?: Step<any>;
}

export interface ServeOptions {
  /** 127.0.0.1 */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port?: number;
  /** Without it anyone who can connect is served. */
  readonly tls?: ServerTls;
  /** Checks who calls, as `guardOf` of @sluice/service/identity does. Absent where this machine alone is served. */
  readonly guard?: ServerInterceptor | undefined;
  readonly logger?: PluginLogger;
  /** Called after each call. `code` is `OK` or an error code. */
  readonly onCall?: CallRuntime['onCall'];
  /** For a call that brings no deadline: 30 s. */
  readonly defaultDeadlineMs?: number;
}

export interface ServedPlugin {
  /** `127.0.0.1:41234`, as gRPC clients take it. */
  readonly address: string;
  /** What health says while the plugin runs: false while it cannot work, such as before its caches are filled. */
  setServing(serving: boolean): void;
  /** Health says NOT_SERVING, calls that run may end within `graceMs` (10 s), then all is closed. */
  stop(graceMs?: number): Promise<void>;
}

/** Serves a plugin. Throws when the address is taken or a certificate cannot be read. */
export async function servePlugin(plugin: Plugin, options: ServeOptions = {}): Promise<ServedPlugin> {
  const { host = '127.0.0.1', port = 0, logger = silentLogger } = options;
  const service = serviceOf(plugin, {
    logger,
    answers: createAnswerMemory(),
    turns: createRolloutTurns({
      onAbandoned: (uid) =>
        logger.error(
          { uid },
          'a call goes on long after it was told to stop: the next one for its rollout starts beside it',
        ),
    }),
    defaultDeadlineMs: options.defaultDeadlineMs ?? 30_000,
    onCall: options.onCall ?? (() => undefined),
  });
  const health = createHealth([service.name]);
  const server = new Server({
    interceptors: [...(options.guard ? [options.guard] : []), onlyCallers(() => options.tls?.clientNames)],
  });
  for (const { definition, implementation } of [service, health.service]) server.addService(definition, implementation);
  const bound = await bind(server, `${host}:${port}`, options.tls);
  health.set(true);
  let stopped: Promise<void> | undefined;
  return {
    address: `${host === '0.0.0.0' || host === '[::]' ? '127.0.0.1' : host}:${bound}`,
    setServing: (serving) => void (stopped === undefined && health.set(serving)),
    stop(graceMs = 10_000) {
      health.set(false);
      stopped ??= close(server, health.end, graceMs);
      return stopped;
    },
  };
}

function serviceOf(plugin: Plugin, runtime: CallRuntime): PluginService {
  const { router, metric, step } = plugin;
  if ([router, metric, step].filter((each) => each !== undefined).length === 1) {
    if (router !== undefined) return routerService(plugin, router, runtime);
    if (metric !== undefined) return metricService(plugin, metric, runtime, createMeasurements());
    if (step !== undefined) return stepService(plugin, step, runtime);
  }
  throw new TypeError(`plugin ${plugin.name}: give one of \`router\`, \`metric\` and \`step\``);
}

async function bind(server: Server, address: string, tls: ServerTls | undefined): Promise<number> {
  const credentials = serverCredentials(tls);
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => (error === null ? resolve(port) : reject(error)));
  });
}

function close(server: Server, endWatches: () => void, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), graceMs).unref();
    // Refuses new calls, lets those that run go on; calls back when they have ended, also after forceShutdown.
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
    endWatches();
  });
}
