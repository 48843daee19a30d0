import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export interface MetricInit<L extends string> {
  /** Without prefix: `sluice_` is put before it. Units in the name: `_seconds`, `_bytes`, `_total` for counters. */
  readonly name: string;
  /** Instead of `sluice_`; '' for names that dashboards and alerts made for other controllers already query. */
  readonly prefix?: string;
  readonly help: string;
  readonly labels?: readonly L[];
}

/** The metrics of one service. */
export interface Metrics {
  readonly registry: Registry;
  counter<L extends string = never>(init: MetricInit<L>): Counter<L>;
  /** `collect` is called at each scrape to set the value. */
  gauge<L extends string = never>(init: MetricInit<L> & { readonly collect?: (gauge: Gauge<L>) => void }): Gauge<L>;
  histogram<L extends string = never>(init: MetricInit<L> & { readonly buckets?: readonly number[] }): Histogram<L>;
  /**
   * Drops every series that carries all of these labels, e.g. `{ namespace, name }` of an object that is gone: label sets live for ever otherwise.
   * Several calls in one tick cost one pass.
   */
  forget(labels: Readonly<Record<string, string>>): Promise<void>;
}

// From cache hits to calls that run into their deadline.
const secondsBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function createMetrics(options: { readonly processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry });
  let pending: { readonly gone: Readonly<Record<string, string>>[]; readonly done: Promise<void> } | undefined;

  const settings = <L extends string>(init: MetricInit<L>) => ({
    name: `${init.prefix ?? 'sluice_'}${init.name}`,
    help: init.help,
    labelNames: [...(init.labels ?? [])],
    registers: [registry],
  });

  async function removeSeries(gone: readonly Readonly<Record<string, string>>[]): Promise<void> {
    await Promise.resolve();
    pending = undefined;
    for (const metric of registry.getMetricsAsArray() as unknown as SeriesHolder[]) {
      if (metric.labelNames === undefined || metric.labelNames.length === 0) continue;
      const matching = gone.filter((labels) =>
        Object.keys(labels).every((label) => metric.labelNames?.includes(label)),
      );
      if (matching.length === 0) continue;
      for (const labels of await labelSetsOf(metric)) {
        if (matching.some((wanted) => Object.entries(wanted).every(([label, value]) => labels[label] === value)))
          metric.remove(labels);
      }
    }
  }

  return {
    registry,
    counter: (init) => new Counter(settings(init)),
    gauge(init) {
      const { collect } = init;
      const gauge: Gauge<NonNullable<typeof init.labels>[number]> = new Gauge({
        ...settings(init),
        ...(collect === undefined ? {} : { collect: () => collect(gauge) }),
      });
      return gauge;
    },
    histogram: (init) => new Histogram({ ...settings(init), buckets: [...(init.buckets ?? secondsBuckets)] }),
    forget(labels) {
      if (pending !== undefined) {
        pending.gone.push(labels);
        return pending.done;
      }
      const gone = [labels];
      const done = removeSeries(gone);
      pending = { gone, done };
      return done;
    },
  };
}

interface SeriesHolder {
  readonly labelNames?: readonly string[];
  get(): Promise<{ readonly values: readonly { readonly labels: Record<string, string> }[] }>;
  remove(labels: Record<string, string>): void;
}

async function labelSetsOf(metric: SeriesHolder): Promise<Record<string, string>[]> {
  const sets = new Map<string, Record<string, string>>();
  for (const { labels } of (await metric.get()).values) {
    // A histogram lists each of its buckets.
    const own = Object.fromEntries(Object.entries(labels).filter(([label]) => metric.labelNames?.includes(label)));
    sets.set(JSON.stringify(own), own);
  }
  return [...sets.values()];
}
