import type { Authority, CallObservation } from '@sluice/kube';
import { observeStanding } from '@sluice/reconcile';
import type { Metrics } from '@sluice/service';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import type { HintQueue } from './dispatch/hint-queue.ts';
import type { Scheduler, SchedulerHooks } from './scheduler/scheduler.ts';
import type { MeasurementDesk, MeasurementHooks } from './service/measurement-service.ts';
import type { MeasurementWorker, WorkerHooks } from './worker/worker.ts';

export interface RunnerMetrics {
  readonly scheduler: SchedulerHooks;
  readonly measurements: MeasurementHooks;
  readonly worker: WorkerHooks;
  onCall(call: CallObservation): void;
  onWatchRestart(plural: string, why: 'list' | 'watch'): void;
  /** What is looked at when somebody scrapes. */
  observe(sources: RunnerSources): void;
}

export interface RunnerSources {
  readonly scheduler?: Pick<Scheduler, 'size' | 'heldStatuses'>;
  readonly dispatcher?: Pick<Dispatcher, 'counts' | 'oldestDueAt'>;
  readonly hints?: Pick<HintQueue, 'depth'>;
  readonly desk?: Pick<MeasurementDesk, 'workers'>;
  readonly worker?: Pick<MeasurementWorker, 'running'>;
  readonly authority?: Pick<Authority, 'describe'>;
}

const lateness = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Names that dashboards for this API query where there are such (spec-rollout §9.2), and ours under `sluice_`. */
export function createRunnerMetrics(metrics: Metrics): RunnerMetrics {
  let sources: RunnerSources = {};
  observeBacklog(metrics, () => sources);
  const measured = metrics.counter({
    name: 'measurements_total',
    help: 'Measurements that came back, by provider and by what they were judged.',
    labels: ['provider', 'phase'],
  });
  const late = metrics.histogram({
    name: 'measurement_lateness_seconds',
    help: 'Seconds from when a measurement was due until a worker took it.',
    buckets: lateness,
  });
  const took = metrics.histogram({
    name: 'measurement_seconds',
    help: 'Seconds from when a worker took a measurement until it reported.',
    labels: ['provider'],
    buckets: lateness,
  });
  const unwanted = metrics.counter({
    name: 'measurement_reports_unwanted_total',
    help: 'Reports for what nobody waited for any more: late, twice, or of a run that is gone.',
  });
  const writes = metrics.counter({
    name: 'analysis_status_writes_total',
    help: 'Writes of the status of AnalysisRuns.',
    labels: ['urgency', 'outcome'],
  });
  const decided = metrics.histogram({
    name: 'analysis_decision_seconds',
    help: 'Seconds that one decision about an AnalysisRun took.',
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05],
  });
  const hints = metrics.counter({
    name: 'measurement_hints_total',
    help: 'Hints that this worker read from Redis, by what came of them.',
    labels: ['outcome'],
  });
  const calls = metrics.counter({
    name: 'kubernetes_calls_total',
    help: 'Calls to the API server.',
    labels: ['method', 'code'],
  });
  const restarts = metrics.counter({
    name: 'watch_restarts_total',
    help: 'Lists and watches that failed and were begun anew.',
    labels: ['kind', 'why'],
  });
  return {
    scheduler: {
      onStatusWritten: (urgency, outcome) => writes.inc({ urgency, outcome }),
      onDecided: (durationMs) => decided.observe(durationMs / 1_000),
    },
    measurements: {
      onMeasured(provider, phase, { lateMs, tookMs }) {
        measured.inc({ provider, phase });
        late.observe(lateMs / 1_000);
        took.observe({ provider }, tookMs / 1_000);
      },
      onUnwanted: () => unwanted.inc(),
    },
    worker: { onHint: (outcome) => hints.inc({ outcome }) },
    onCall: ({ method, code }) => calls.inc({ method, code: String(code) }),
    onWatchRestart: (kind, why) => restarts.inc({ kind, why }),
    observe: (given) => void (sources = { ...sources, ...given }),
  };
}

/** What a scaler of workers looks at: how much waits, and for how long. */
function observeBacklog(metrics: Metrics, sources: () => RunnerSources): void {
  const gauge = (name: string, help: string, value: () => number | undefined): void =>
    void metrics.gauge({
      name,
      help,
      collect(own) {
        const now = value();
        if (now !== undefined) own.set(now);
      },
    });
  metrics.gauge({
    name: 'measurements_in_flight',
    help: 'Measurements that are due: waiting for their turn, offered to workers, taken by one.',
    labels: ['state'],
    collect(own) {
      const counts = sources().dispatcher?.counts;
      for (const [state, count] of Object.entries(counts ?? {})) own.set({ state }, count);
    },
  });
  gauge('measurement_backlog', 'Measurements that are due and that no worker has taken.', () => {
    const counts = sources().dispatcher?.counts;
    return counts && counts.waiting + counts.offered;
  });
  gauge('measurement_oldest_due_seconds', 'How long the one that waits for longest has been due.', () => {
    const { dispatcher } = sources();
    if (dispatcher === undefined) return undefined;
    const dueAt = dispatcher.oldestDueAt();
    return dueAt === undefined ? 0 : Math.max(0, Date.now() - dueAt) / 1_000;
  });
  gauge('measurement_queue_depth', 'Hints in Redis that no worker has read.', () => sources().hints?.depth);
  gauge('measurement_workers', 'Workers that are connected.', () => sources().desk?.workers);
  gauge('analysis_runs', 'AnalysisRuns that are looked after here.', () => sources().scheduler?.size);
  gauge('analysis_statuses_held', 'Statuses that wait to be written.', () => sources().scheduler?.heldStatuses);
  gauge('worker_measurements', 'Measurements that this worker carries out.', () => sources().worker?.running);
  observeStanding(metrics, () => sources().authority);
}
