import { parseKey } from '@sluice/kube';
import type { Authority, CallObservation } from '@sluice/kube';
import type { Experiment } from '@sluice/model';
import type { Metrics } from '@sluice/service';
import type { ControllerHooks } from './controller.ts';

/** How long the series of an Experiment outlive it, so that the last scrape sees how it ended. Source: spec-rollout §9.1. */
const seriesOutliveMs = 65_000;

export interface MetricSources {
  readonly experiments: () => readonly Experiment[];
  readonly exists: (key: string) => boolean;
  readonly authority: Pick<Authority, 'standing'>;
  readonly lastEventAgeMs: () => number;
}

export interface ExperimentMetrics {
  readonly hooks: ControllerHooks;
  onCall(call: CallObservation): void;
  onWatchRestart(plural: string, why: 'list' | 'watch'): void;
  /** What is looked at when somebody scrapes; there is nothing to see before. */
  observe(sources: MetricSources): void;
  stop(): void;
}

/** Metrics by the names that dashboards for this API query (spec-rollout §9.2), and ours under `sluice_`. */
export function createExperimentMetrics(metrics: Metrics): ExperimentMetrics {
  let sources: MetricSources | undefined;
  const timers = new Map<string, NodeJS.Timeout>();
  observeExperiments(metrics, () => sources?.experiments() ?? []);
  observeStanding(metrics, () => sources);
  const named = ['namespace', 'name'] as const;
  const reconcile = metrics.histogram({
    name: 'experiment_reconcile',
    prefix: '',
    help: 'Seconds that one reconciliation of an Experiment took.',
    labels: named,
    buckets: [0.01, 0.15, 0.25, 0.5, 1],
  });
  const errors = metrics.counter({
    name: 'experiment_reconcile_error',
    prefix: '',
    help: 'Reconciliations of an Experiment that failed.',
    labels: named,
  });
  const calls = metrics.counter({
    name: 'api_calls_total',
    help: 'Calls to the API server.',
    labels: ['kind', 'verb', 'code'],
  });
  const restarts = metrics.counter({
    name: 'watch_restarts_total',
    help: 'Lists and watches that failed and were begun anew.',
    labels: ['kind', 'why'],
  });
  const depth = metrics.gauge({
    name: 'workqueue_depth',
    prefix: '',
    help: 'Keys that wait to be worked on.',
    labels: ['name'],
  });
  const adds = metrics.counter({ name: 'workqueue_adds_total', prefix: '', help: 'Keys added.', labels: ['name'] });
  const name = 'Experiments';

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
      queue: { onDepth: (queued) => depth.set({ name }, queued) },
      onAdded: () => adds.inc({ name }),
      onReconciled(key, durationMs, error) {
        reconcile.observe(labelsOf(key), durationMs / 1000);
        if (error !== undefined) errors.inc(labelsOf(key));
      },
      onGone: forgetLater,
    },
    onCall: ({ method, path, code }) => calls.inc({ kind: kindOf(path), verb: method, code: String(code) }),
    onWatchRestart: (kind, why) => restarts.inc({ kind, why }),
    observe: (given) => void (sources = given),
    stop: () => timers.forEach((timer) => clearTimeout(timer)),
  };
}

function labelsOf(key: string): { namespace: string; name: string } {
  const { namespace = '', name } = parseKey(key);
  return { namespace, name };
}

/** `/apis/GROUP/VERSION[/namespaces/NAMESPACE]/PLURAL…`, or the same under `/api/VERSION`. */
function kindOf(path: string): string {
  const [, root, ...rest] = path.split('/');
  const parts = rest.slice(root === 'api' ? 1 : 2);
  return (parts[0] === 'namespaces' && parts.length > 2 ? parts[2] : parts[0]) ?? path;
}

function observeExperiments(metrics: Metrics, experiments: () => readonly Experiment[]): void {
  const labels = ['namespace', 'name', 'phase'] as const;
  const show = (name: string, help: string): void =>
    void metrics.gauge({
      name,
      prefix: '',
      help,
      labels,
      collect(gauge) {
        gauge.reset();
        for (const { metadata, status } of experiments())
          gauge.set({ namespace: metadata.namespace ?? '', name: metadata.name, phase: status?.phase ?? '' }, 1);
      },
    });
  show('experiment_info', 'One series for each Experiment; its value is 1.');
  show('experiment_phase', 'Deprecated: use experiment_info.');
}

function observeStanding(metrics: Metrics, sources: () => MetricSources | undefined): void {
  metrics.gauge({
    name: 'in_charge',
    help: '1 while this replica may write.',
    collect: (gauge) => gauge.set(sources()?.authority.standing('') === 'in charge' ? 1 : 0),
  });
  metrics.gauge({
    name: 'watch_last_event_age_seconds',
    help: 'Age of the oldest sign of life of any watch.',
    collect(gauge) {
      const ageMs = sources()?.lastEventAgeMs() ?? 0;
      gauge.set(Number.isFinite(ageMs) ? ageMs / 1000 : 0);
    },
  });
}
