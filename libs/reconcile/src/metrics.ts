import { parseKey } from '@sluice/kube';
import type { Authority, WorkQueueHooks } from '@sluice/kube';
import type { Metrics } from '@sluice/service';
import type { LoopHooks } from './reconcile-loop.ts';

/** How long the series of an object outlive it, so that the last scrape sees how it ended. Source: spec-rollout §9.1. */
const seriesOutliveMs = 65_000;

export interface ReconcileSources {
  readonly exists: (key: string) => boolean;
  readonly authority: Pick<Authority, 'describe'>;
  readonly lastEventAgeMs: () => number;
}

export interface ReconcileMetrics {
  /** Of the loop; its queue has the name that was given. */
  readonly hooks: LoopHooks;
  /** Of a further queue. */
  queue(name: string): { readonly hooks: WorkQueueHooks; readonly onAdded: () => void };
  onWatchRestart(plural: string, why: 'list' | 'watch'): void;
  /** What is looked at when somebody scrapes; there is nothing to see before. */
  observe(sources: ReconcileSources): void;
  stop(): void;
}

/** `what`: begins the names of metrics (`rollout`); `kind` and `queue` as people read them (`Rollout`, `Rollouts`). */
export function createReconcileMetrics(
  metrics: Metrics,
  { what, kind, queue }: { readonly what: string; readonly kind: string; readonly queue: string },
): ReconcileMetrics {
  let sources: ReconcileSources | undefined;
  const timers = new Map<string, NodeJS.Timeout>();
  observeStanding(metrics, () => sources?.authority);
  observeWatches(metrics, () => sources?.lastEventAgeMs() ?? 0);
  const labels = ['namespace', 'name'] as const;
  const reconcile = metrics.histogram({
    name: `${what}_reconcile`,
    prefix: '',
    help: `Seconds that one reconciliation of a ${kind} took.`,
    labels,
    buckets: [0.01, 0.15, 0.25, 0.5, 1],
  });
  const errors = metrics.counter({
    name: `${what}_reconcile_error`,
    prefix: '',
    help: `Reconciliations of a ${kind} that failed.`,
    labels,
  });
  const restarts = metrics.counter({
    name: 'watch_restarts_total',
    help: 'Lists and watches that failed and were begun anew.',
    labels: ['kind', 'why'],
  });
  const queueOf = observeQueues(metrics);
  const main = queueOf(queue);

  function forgetLater(key: string): void {
    clearTimeout(timers.get(key));
    const timer = setTimeout(() => {
      timers.delete(key);
      if (sources?.exists(key) !== true) void metrics.forget(labelsOf(key));
    }, seriesOutliveMs);
    timers.set(key, timer.unref());
  }

  return {
    hooks: {
      queue: main.hooks,
      onAdded: main.onAdded,
      onReconciled(key, durationMs, error) {
        reconcile.observe(labelsOf(key), durationMs / 1000);
        if (error !== undefined) errors.inc(labelsOf(key));
      },
      onGone: forgetLater,
    },
    queue: queueOf,
    onWatchRestart: (plural, why) => restarts.inc({ kind: plural, why }),
    observe: (given) => void (sources = given),
    stop: () => timers.forEach((timer) => clearTimeout(timer)),
  };
}

/** The labels that an object's series carry. */
export function labelsOf(key: string): { namespace: string; name: string } {
  const { namespace = '', name } = parseKey(key);
  return { namespace, name };
}

export interface CalledPath {
  /** Plural. */
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** What a path of the API is about: `/apis/GROUP/VERSION[/namespaces/NAMESPACE]/PLURAL[/NAME[/SUBRESOURCE]]`, or the same under `/api/VERSION`. */
export function calledPath(path: string): CalledPath {
  const [, root, ...rest] = path.split('/');
  const parts = rest.slice(root === 'api' ? 1 : 2);
  const namespace = parts[0] === 'namespaces' && parts.length > 2 ? parts[1] : undefined;
  const [kind = path, name] = namespace === undefined ? parts : parts.slice(2);
  return { kind, namespace, name };
}

/** Who is in charge, as each replica sees it. */
export function observeStanding(metrics: Metrics, authority: () => Pick<Authority, 'describe'> | undefined): void {
  metrics.gauge({
    name: 'in_charge',
    help: '1 while this replica may write for some objects.',
    collect: (gauge) => gauge.set(authority()?.describe().mayWrite ? 1 : 0),
  });
  metrics.gauge({
    name: 'shard_held',
    help: '1 for each Lease that this replica holds, 0 for those of others, with who holds it.',
    labels: ['lease', 'holder'],
    collect(gauge) {
      gauge.reset();
      for (const { lease, holder = '', mine } of authority()?.describe().leases ?? [])
        gauge.set({ lease, holder }, mine ? 1 : 0);
    },
  });
  metrics.gauge({
    name: 'other_controller_live',
    help: '1 while another controller of this API is live, or it cannot be told: then this one only observes.',
    labels: ['lease'],
    collect(gauge) {
      for (const { lease, state } of authority()?.describe().otherControllers ?? [])
        gauge.set({ lease }, state === 'live' || state === 'unknown' ? 1 : 0);
    },
  });
}

function observeWatches(metrics: Metrics, lastEventAgeMs: () => number): void {
  metrics.gauge({
    name: 'watch_last_event_age_seconds',
    help: 'Age of the oldest sign of life of any watch.',
    collect(gauge) {
      const ageMs = lastEventAgeMs();
      gauge.set(Number.isFinite(ageMs) ? ageMs / 1000 : 0);
    },
  });
}

function observeQueues(metrics: Metrics): ReconcileMetrics['queue'] {
  const labels = ['name'] as const;
  const buckets = [0.001, 0.01, 0.1, 1, 10, 100];
  const shared = { prefix: '', labels };
  const depth = metrics.gauge({ ...shared, name: 'workqueue_depth', help: 'Keys that wait to be worked on.' });
  const adds = metrics.counter({ ...shared, name: 'workqueue_adds_total', help: 'Keys added.' });
  const retries = metrics.counter({
    ...shared,
    name: 'workqueue_retries_total',
    help: 'Keys tried again after a failure.',
  });
  const waited = metrics.histogram({
    ...shared,
    name: 'workqueue_queue_duration_seconds',
    help: 'Seconds that a key waited.',
    buckets,
  });
  const worked = metrics.histogram({
    ...shared,
    name: 'workqueue_work_duration_seconds',
    help: 'Seconds that a key was worked on.',
    buckets,
  });
  return (name) => ({
    onAdded: () => adds.inc({ name }),
    hooks: {
      onDepth: (queued) => depth.set({ name }, queued),
      onStart: (_key, waitedMs) => waited.observe({ name }, waitedMs / 1000),
      onFinish(_key, durationMs, error) {
        worked.observe({ name }, durationMs / 1000);
        if (error !== undefined) retries.inc({ name });
      },
    },
  });
}
