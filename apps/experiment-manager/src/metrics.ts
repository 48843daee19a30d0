import type { CallObservation } from '@sluice/kube';
import type { Experiment } from '@sluice/model';
import { calledPath, createReconcileMetrics } from '@sluice/reconcile';
import type { ReconcileMetrics, ReconcileSources } from '@sluice/reconcile';
import type { Metrics } from '@sluice/service';
import type { ControllerHooks } from './controller.ts';

export interface MetricSources extends ReconcileSources {
  readonly experiments: () => readonly Experiment[];
}

export interface ExperimentMetrics extends Pick<ReconcileMetrics, 'onWatchRestart' | 'stop'> {
  readonly hooks: ControllerHooks;
  onCall(call: CallObservation): void;
  /** What is looked at when somebody scrapes; there is nothing to see before. */
  observe(sources: MetricSources): void;
}

/** Metrics by the names that dashboards for this API query (spec-rollout §9.2), and ours under `sluice_`. */
export function createExperimentMetrics(metrics: Metrics): ExperimentMetrics {
  let experiments: MetricSources['experiments'] = () => [];
  observeExperiments(metrics, () => experiments());
  const common = createReconcileMetrics(metrics, { what: 'experiment', kind: 'Experiment', queue: 'Experiments' });
  const calls = metrics.counter({
    name: 'api_calls_total',
    help: 'Calls to the API server.',
    labels: ['kind', 'verb', 'code'],
  });
  return {
    hooks: common.hooks,
    onCall: ({ method, path, code }) => calls.inc({ kind: calledPath(path).kind, verb: method, code: String(code) }),
    onWatchRestart: common.onWatchRestart,
    observe(sources) {
      experiments = sources.experiments;
      common.observe(sources);
    },
    stop: common.stop,
  };
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
