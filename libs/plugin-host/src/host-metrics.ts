import type { Metrics } from '@sluice/service';
import type { PluginEntry } from './plugin-registry.ts';

export interface HostMetrics {
  called(entry: PluginEntry, method: string, code: string, seconds: number): void;
  retried(entry: PluginEntry): void;
  /** The states of all plugins, at each scrape. */
  watch(list: () => readonly PluginEntry[]): void;
  gone(labels: { readonly type: string; readonly plugin: string; readonly plugin_namespace: string }): void;
}

const silent: HostMetrics = {
  called: () => undefined,
  retried: () => undefined,
  watch: () => undefined,
  gone: () => undefined,
};

/** Series of one plugin: its type, its first name, and the namespace that it is limited to, or ''. */
export function seriesOf({ endpoint }: PluginEntry) {
  return { type: endpoint.type, plugin: endpoint.names[0] ?? '', plugin_namespace: endpoint.namespace ?? '' };
}

export function createHostMetrics(metrics: Metrics | undefined): HostMetrics {
  if (metrics === undefined) return silent;
  const plugin = ['type', 'plugin', 'plugin_namespace'] as const;
  const calls = metrics.counter({
    name: 'plugin_calls_total',
    help: 'Calls of plugins, with their retries counted as one, by outcome: OK or an error code.',
    labels: [...plugin, 'method', 'code'],
  });
  const seconds = metrics.histogram({
    name: 'plugin_call_seconds',
    help: 'How long calls of plugins took, with their retries.',
    labels: [...plugin, 'method'],
  });
  const retries = metrics.counter({
    name: 'plugin_retries_total',
    help: 'Attempts after the first one, because a plugin did not answer.',
    labels: [...plugin],
  });
  let list: () => readonly PluginEntry[] = () => [];
  metrics.gauge({
    name: 'plugin_state',
    help: '1 for the state that a plugin is in: ready, connecting (it is not reached), open (it does not answer, calls are held back).',
    labels: [...plugin, 'state'],
    collect(gauge) {
      gauge.reset();
      for (const entry of list()) {
        for (const state of ['ready', 'connecting', 'open'] as const)
          gauge.set({ ...seriesOf(entry), state }, entry.connection.state === state ? 1 : 0);
      }
    },
  });
  return {
    called(entry, method, code, duration) {
      calls.inc({ ...seriesOf(entry), method, code });
      seconds.observe({ ...seriesOf(entry), method }, duration);
    },
    retried: (entry) => retries.inc(seriesOf(entry)),
    watch: (newList) => void (list = newList),
    gone: (labels) => void metrics.forget(labels),
  };
}
