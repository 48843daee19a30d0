import { silentLogger } from '@sluice/kube';
import type { KubeClient, KubeLogger } from '@sluice/kube';
import type { Metrics } from '@sluice/service';
import { routerClient, stepClient } from './clients.ts';
import type { RouterClient, StepClient } from './clients.ts';
import type { ConnectionTimings } from './connection.ts';
import { discoverPlugins } from './discovery.ts';
import { endpointOf } from './endpoint.ts';
import type { ConfiguredPlugin, PluginType } from './endpoint.ts';
import { createHostMetrics, seriesOf } from './host-metrics.ts';
import { metricClient } from './metric-client.ts';
import type { MetricClient } from './metric-client.ts';
import { createPluginCalls } from './plugin-calls.ts';
import { createPluginRegistry } from './plugin-registry.ts';
import type { PluginChange, PluginEntry, PluginState } from './plugin-registry.ts';
import type { TokenSource } from '@sluice/service/identity';
import type { ClientTls } from '@sluice/service/tls';

export interface PluginHostOptions {
  /** Without it only configured plugins are known. Needs to list and watch Services. */
  readonly client?: Pick<KubeClient, 'pages' | 'watch'>;
  /** Where Services are looked for, beside the system namespace; empty: everywhere. */
  readonly namespaces?: readonly string[];
  /** Plugins here serve all namespaces: `sluice-system`. */
  readonly systemNamespace?: string;
  readonly configured?: readonly ConfiguredPlugin[];
  /** For plugins that were found, and for configured ones without their own. Without it connections are not encrypted. */
  readonly tls?: ClientTls;
  /** What this side shows to plugins; without it only those of the same machine serve it. */
  readonly tokens?: TokenSource | undefined;
  readonly logger?: KubeLogger;
  readonly metrics?: Metrics;
  /** Calls that wait for one plugin at once: 100. Give less than the caller has workers, and a hanging plugin cannot hold them all. */
  readonly callsAtOnce?: number;
  readonly timings?: ConnectionTimings & {
    readonly attempts?: number;
    /** A plugin that went away is waited for by its callers for so long: 5 s. */
    readonly restartMs?: number;
    readonly retryMs?: { readonly first: number; readonly longest: number };
    readonly drainMs?: number;
  };
}

/** For people: what `sluice` and /debug show. */
export interface PluginInfo {
  readonly type: PluginType;
  readonly names: readonly string[];
  readonly address: string;
  readonly namespace: string | undefined;
  readonly source: 'service' | 'configuration';
  readonly state: PluginState;
  readonly problem: string | undefined;
  readonly version: string | undefined;
  readonly capabilities: readonly string[];
}

/** All plugins that a service can call. Fits as a part of `startService`. */
export interface PluginHost {
  readonly name: 'plugins';
  /** Connects to configured plugins, and resolves when the Services have been listed: plugins that are there are known, not yet ready. */
  start(signal?: AbortSignal): Promise<void>;
  /** Calls that run may end. */
  stop(): Promise<void>;
  /** Adds or replaces a plugin of the configuration while everything runs. */
  configure(plugin: ConfiguredPlugin): void;
  unconfigure(type: PluginType, name: string): void;
  /** The router that a name in a manifest means for a Rollout of this namespace; undefined when there is none. */
  router(name: string, namespace: string): RouterClient | undefined;
  /** The metric provider that `provider.<name>` or `provider.plugin[<name>]` means for a run of this namespace. */
  metric(name: string, namespace: string): MetricClient | undefined;
  step(name: string, namespace: string): StepClient | undefined;
  stateOf(type: PluginType, name: string, namespace: string): PluginState;
  list(): readonly PluginInfo[];
  /** Called when a plugin comes, goes, changes its state, or may be tried again. Look again at the rollouts that wait for it. Returns how to stop it. */
  onChange(listener: (change: PluginChange) => void): () => void;
}

export function createPluginHost(options: PluginHostOptions): PluginHost {
  const { logger = silentLogger, tls, timings = {}, systemNamespace = 'sluice-system' } = options;
  const registry = createPluginRegistry({ logger, timings, tokens: options.tokens, drainMs: timings.drainMs });
  const metrics = createHostMetrics(options.metrics);
  metrics.watch(() => registry.list());
  const calls = createPluginCalls({
    metrics,
    attempts: timings.attempts,
    restartMs: timings.restartMs,
    retryMs: timings.retryMs,
    atOnce: options.callsAtOnce,
  });

  function remove(key: string): void {
    const entry = registry.list().find(({ endpoint }) => endpoint.key === key);
    registry.remove(key);
    if (entry !== undefined) metrics.gone(seriesOf(entry));
  }

  const informer =
    options.client === undefined
      ? undefined
      : discoverPlugins({
          client: options.client,
          namespaces: options.namespaces ?? [],
          systemNamespace,
          tls,
          logger,
          onFound: registry.set,
          onGone: remove,
        });

  const finder = (type: PluginType, name: string, namespace: string) => () => registry.find(type, name, namespace);

  return {
    name: 'plugins',
    async start(signal) {
      for (const plugin of options.configured ?? []) registry.set(endpointOf(plugin, tls));
      informer?.start();
      await informer?.whenSynced(signal);
    },
    async stop() {
      await informer?.stop();
      await registry.stop();
    },
    configure: (plugin) => registry.set(endpointOf(plugin, tls)),
    unconfigure: (type, name) => remove(endpointOf({ type, name, address: '' }, undefined).key),
    router(name, namespace) {
      const find = finder('router', name, namespace);
      return find() === undefined ? undefined : routerClient(calls, name, find);
    },
    metric(name, namespace) {
      const find = finder('metric', name, namespace);
      return find() === undefined ? undefined : metricClient(calls, name, find);
    },
    step(name, namespace) {
      const find = finder('step', name, namespace);
      return find() === undefined ? undefined : stepClient(calls, name, find);
    },
    stateOf: (type, name, namespace) => registry.find(type, name, namespace)?.connection.state ?? 'absent',
    list: () => registry.list().map(infoOf),
    onChange: registry.onChange,
  };
}

function infoOf({ endpoint, names, connection }: PluginEntry): PluginInfo {
  return {
    type: endpoint.type,
    names,
    address: endpoint.address,
    namespace: endpoint.namespace,
    source: endpoint.source,
    state: connection.state,
    problem: connection.problem,
    version: connection.introduction?.version,
    capabilities: connection.introduction?.capabilities ?? [],
  };
}
