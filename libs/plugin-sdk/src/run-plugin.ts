import { createClient, publishedBy } from '@sluice/kube';
import type { KubeClient } from '@sluice/kube';
import { StartError, grpcHost, integer, list, runService, serviceOptions, text } from '@sluice/service';
import type { Checks, Config, Logger, Metrics, OptionSet, Part, RunOptions, RunningService } from '@sluice/service';
import { configuredAudience, guardOf, guardOptions } from '@sluice/service/identity';
import { serverTlsOf, serverTlsOptions, warnOfPlaintext } from '@sluice/service/tls';
import type { Introduction } from './describe.ts';
import { servePlugin } from './serve-plugin.ts';
import type { Plugin, ServedPlugin } from './serve-plugin.ts';

export interface PluginTools<O extends OptionSet> {
  readonly config: Config<O>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The cluster that --kubeconfig, $KUBECONFIG or the pod's account names. */
  kube(): Promise<KubeClient>;
}

export interface PluginAssembly extends Pick<Plugin, 'router' | 'metric' | 'step'> {
  /** Started before the plugin is served, stopped after it: informers, connections. */
  readonly parts?: readonly Part[];
  /** `/readyz` says no while one of them does. */
  readonly ready?: Checks;
}

export interface PluginProgram<O extends OptionSet> extends Introduction {
  /** One sentence for `--help`. */
  readonly summary: string;
  /** Settings of the author's own, beside those of every plugin. */
  readonly options?: O;
  readonly assemble: (tools: PluginTools<O>) => PluginAssembly | Promise<PluginAssembly>;
}

function pluginOptions() {
  return {
    ...serviceOptions({ httpPort: 8090 }),
    grpcHost: grpcHost(),
    grpcPort: integer('Port for calls; 0 takes a free one.', { default: 8091, min: 0, max: 65_535 }),
    ...serverTlsOptions(),
    ...guardOptions(),
    audience: list(
      'What tokens of callers must be bound to: sluice.dev/NAMESPACE.SERVICE where the plugin is found by its Service; sluice.dev/TYPE.NAME, where a configuration names it, when absent.',
    ),
    kubeconfig: text('Kubeconfig file; otherwise $KUBECONFIG, ~/.kube/config, or the pod it runs in.'),
    context: text('Context of the kubeconfig; otherwise its current one.'),
    kubeQps: integer('Calls a second to the API server; 0 is no limit besides its own.', { default: 0, min: 0 }),
  };
}

type PluginSettings = Config<ReturnType<typeof pluginOptions>>;

/**
 * A plugin's whole `main.ts`: flags and environment, logs, /healthz, /readyz and /metrics, the gRPC server, and a stop on SIGTERM that lets running calls end.
 * With `--announce` it prints `{"name":…,"pid":…,"addresses":{"metrics":"http://…","grpc":"127.0.0.1:…"}}` when it serves.
 */
export function runPlugin<const O extends OptionSet = Record<never, never>>(
  program: PluginProgram<O>,
  options: RunOptions = {},
): Promise<RunningService | undefined> {
  const programName = program.name.replaceAll(/[^A-Za-z0-9]+/g, '-');
  return runService(
    {
      name: programName,
      summary: program.summary,
      options: { ...pluginOptions(), ...((program.options ?? {}) as OptionSet) },
      assemble: async (tools) => {
        const settings = tools.config as unknown as PluginSettings;
        const kube = once(() => clientOf(settings, `${programName}/${program.version}`));
        const assembly = await program.assemble({
          config: tools.config as unknown as Config<O>,
          logger: tools.logger,
          metrics: tools.metrics,
          kube,
        });
        const grpc = grpcPart({ ...program, ...assembly }, settings, { ...tools, kube });
        return { parts: [...(assembly.parts ?? []), grpc], ready: assembly.ready ?? {} };
      },
    },
    options,
  );
}

function grpcPart(
  plugin: Plugin,
  settings: PluginSettings,
  { logger, metrics, kube }: Pick<PluginTools<OptionSet>, 'logger' | 'metrics' | 'kube'>,
): Part {
  let served: ServedPlugin | undefined;
  const calls = metrics.counter({
    name: 'plugin_served_calls_total',
    help: 'Calls that this plugin answered, by method and outcome (OK or an error code).',
    labels: ['method', 'code'],
  });
  const seconds = metrics.histogram({
    name: 'plugin_served_call_seconds',
    help: 'How long this plugin took to answer.',
    labels: ['method'],
  });
  return {
    name: 'grpc',
    async start() {
      const tls = serverTlsOf(settings, { callers: 'anyone', logger });
      const guard = guardOf(settings, {
        audiences: settings.audience.length > 0 ? settings.audience : [configuredAudience(typeOf(plugin), plugin.name)],
        host: settings.grpcHost,
        tls,
        get: async (path) => publishedBy(await kube())(path),
        logger,
      });
      warnOfPlaintext(tls, { host: settings.grpcHost, holds: meaningOfCalls(plugin), logger });
      const where = `${settings.grpcHost}:${settings.grpcPort}`;
      try {
        served = await servePlugin(plugin, {
          host: settings.grpcHost,
          port: settings.grpcPort,
          logger,
          ...(tls === undefined ? {} : { tls }),
          guard,
          onCall(call) {
            calls.inc({ method: call.method, code: call.code });
            seconds.observe({ method: call.method }, call.seconds);
          },
        });
      } catch (cause) {
        throw new StartError(
          `cannot serve on ${where}: ${(cause as Error).message}. Look at --grpc-host, --grpc-port and --tls-cert.`,
          cause,
        );
      }
      return served.address;
    },
    stop: () => served?.stop(),
  };
}

const typeOf = ({ router, metric }: Plugin): 'router' | 'metric' | 'step' =>
  router !== undefined ? 'router' : metric !== undefined ? 'metric' : 'step';

function meaningOfCalls({ router, metric }: Plugin): string {
  if (metric !== undefined) return 'they carry secret values';
  return router === undefined ? 'they carry out steps of rollouts' : 'they change what is routed';
}

function clientOf(settings: PluginSettings, userAgent: string): Promise<KubeClient> {
  return createClient({
    userAgent,
    ...(settings.kubeconfig === undefined ? {} : { kubeconfig: settings.kubeconfig }),
    ...(settings.context === undefined ? {} : { context: settings.context }),
    ...(settings.kubeQps === 0 ? {} : { qps: settings.kubeQps }),
  });
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
