import { routersOf } from '@sluice/engine';
import type { EventIntent } from '@sluice/engine';
import { parseKey } from '@sluice/kube';
import type { CallObservation, WorkQueueHooks } from '@sluice/kube';
import { conditionReasons, conditionTypes } from '@sluice/model';
import type { Rollout } from '@sluice/model';
import type { Metrics } from '@sluice/service';
import type { Authority } from './authority.ts';
import type { ControllerHooks } from './controller.ts';

/** How long the series of a Rollout outlive it, so that the last scrape sees how it ended. Source: spec-rollout §9.1. */
const seriesOutliveMs = 65_000;

export interface ControllerMetrics {
  readonly hooks: ControllerHooks;
  onCall(call: CallObservation): void;
  onWatchRestart(plural: string, why: 'list' | 'watch'): void;
  /** What is looked at when somebody scrapes; there is nothing to see before. */
  observe(sources: MetricSources): void;
  stop(): void;
}

export interface MetricSources {
  readonly rollouts: () => readonly Rollout[];
  readonly exists: (key: string) => boolean;
  readonly authority: Pick<Authority, 'standing' | 'describe'>;
  readonly lastEventAgeMs: () => number;
}

/** Metrics by the names that dashboards for this API query (spec-rollout §9.2), and ours under `sluice_`. */
export function createControllerMetrics(metrics: Metrics): ControllerMetrics {
  let sources: MetricSources | undefined;
  const timers = new Map<string, NodeJS.Timeout>();
  observeRollouts(metrics, () => sources?.rollouts() ?? []);
  observeStanding(metrics, () => sources);

  const named = ['namespace', 'name'] as const;
  const reconcile = metrics.histogram({
    name: 'rollout_reconcile',
    prefix: '',
    help: 'Seconds that one reconciliation of a Rollout took.',
    labels: named,
    buckets: [0.01, 0.15, 0.25, 0.5, 1],
  });
  const errors = metrics.counter({
    name: 'rollout_reconcile_error',
    prefix: '',
    help: 'Reconciliations of a Rollout that failed.',
    labels: named,
  });
  const events = metrics.counter({
    name: 'rollout_events_total',
    prefix: '',
    help: 'Events recorded about a Rollout.',
    labels: ['namespace', 'name', 'type', 'reason'],
  });
  const calls = metrics.counter({
    name: 'controller_clientset_k8s_request_total',
    prefix: '',
    help: 'Calls to the API server. `name` is given for Rollouts only: other names change with every revision.',
    labels: ['kind', 'namespace', 'name', 'verb', 'status_code'],
  });
  const restarts = metrics.counter({
    name: 'watch_restarts_total',
    help: 'Lists and watches that failed and were begun anew.',
    labels: ['kind', 'why'],
  });
  const queues = observeQueues(metrics);

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
      rollouts: queues.hooksOf('Rollouts'),
      services: queues.hooksOf('Services'),
      onAdded: queues.added,
      onReconciled(key, durationMs, error) {
        reconcile.observe(labelsOf(key), durationMs / 1000);
        if (error !== undefined) errors.inc(labelsOf(key));
      },
      onEvent: (key, { type, reason }: EventIntent) => events.inc({ ...labelsOf(key), type, reason }),
      onGone: forgetLater,
    },
    onCall: (call) => calls.inc(labelsOfCall(call)),
    onWatchRestart: (kind, why) => restarts.inc({ kind, why }),
    observe: (given) => void (sources = given),
    stop: () => timers.forEach((timer) => clearTimeout(timer)),
  };
}

function labelsOf(key: string): { namespace: string; name: string } {
  const { namespace = '', name } = parseKey(key);
  return { namespace, name };
}

const notApplicable = 'N/A';
const verbs = { GET: 'Get', POST: 'Create', PUT: 'Update', PATCH: 'Patch', DELETE: 'Delete' } as const;

/** `/apis/GROUP/VERSION[/namespaces/NAMESPACE]/PLURAL[/NAME[/SUBRESOURCE]]`, or the same under `/api/VERSION`. */
function labelsOfCall({ method, path, code }: CallObservation) {
  const [, root, ...rest] = path.split('/');
  const parts = rest.slice(root === 'api' ? 1 : 2);
  const namespace = parts[0] === 'namespaces' && parts.length > 2 ? parts[1] : undefined;
  const [kind = path, name] = namespace === undefined ? parts : parts.slice(2);
  return {
    kind,
    namespace: namespace ?? notApplicable,
    name: kind === 'rollouts' && name !== undefined ? name : notApplicable,
    verb: method === 'GET' && name === undefined ? 'List' : verbs[method],
    status_code: String(code),
  };
}

const phases: Readonly<Record<string, string>> = {
  [conditionReasons.newReplicaSetAvailable]: 'Completed',
  [conditionReasons.progressDeadlineExceeded]: 'Timeout',
  [conditionReasons.paused]: 'Paused',
  [conditionReasons.aborted]: 'Abort',
  [conditionReasons.replicaSetCreateError]: 'Error',
};

/** The word of `rollout_info`, which is not `status.phase`: it follows from the reason of the condition Progressing. */
export function infoPhaseOf({ status }: Rollout): string {
  const conditions = status?.conditions ?? [];
  const isInvalid = conditions.some((one) => one.type === conditionTypes.invalidSpec && one.status === 'True');
  if (isInvalid) return 'InvalidSpec';
  const reason = conditions.find((one) => one.type === conditionTypes.progressing)?.reason;
  return phases[reason ?? ''] ?? 'Progressing';
}

function observeRollouts(metrics: Metrics, rollouts: () => readonly Rollout[]): void {
  const strategyOf = ({ spec }: Rollout): string =>
    spec.strategy?.canary ? 'canary' : spec.strategy?.blueGreen ? 'blueGreen' : 'none';
  const nameOf = ({ metadata }: Rollout) => ({ namespace: metadata.namespace ?? '', name: metadata.name });
  metrics.gauge({
    name: 'rollout_info',
    prefix: '',
    help: 'One series for each Rollout; its value is 1.',
    labels: ['namespace', 'name', 'strategy', 'traffic_router', 'phase'],
    collect(gauge) {
      gauge.reset();
      for (const rollout of rollouts()) {
        const traffic_router = routersOf(rollout.spec)[0] ?? '';
        gauge.set(
          { ...nameOf(rollout), strategy: strategyOf(rollout), traffic_router, phase: infoPhaseOf(rollout) },
          1,
        );
      }
    },
  });
  metrics.gauge({
    name: 'rollout_phase',
    prefix: '',
    help: 'Deprecated: use rollout_info.',
    labels: ['namespace', 'name', 'strategy', 'phase'],
    collect(gauge) {
      gauge.reset();
      for (const rollout of rollouts())
        gauge.set({ ...nameOf(rollout), strategy: strategyOf(rollout), phase: infoPhaseOf(rollout) }, 1);
    },
  });
  const replicas = (which: string, help: string, valueOf: (rollout: Rollout) => number): void =>
    void metrics.gauge({
      name: `rollout_info_replicas_${which}`,
      prefix: '',
      help,
      labels: ['namespace', 'name'],
      collect(gauge) {
        gauge.reset();
        for (const rollout of rollouts()) gauge.set(nameOf(rollout), valueOf(rollout));
      },
    });
  replicas('available', 'Pods that are available.', ({ status }) => status?.availableReplicas ?? 0);
  replicas('unavailable', 'Pods that exist and are not available.', ({ status }) =>
    Math.max(0, (status?.replicas ?? 0) - (status?.availableReplicas ?? 0)),
  );
  replicas('desired', 'Pods that are asked for.', ({ spec }) => spec.replicas ?? 1);
  replicas('updated', 'Pods of the desired version.', ({ status }) => status?.updatedReplicas ?? 0);
}

function observeStanding(metrics: Metrics, sources: () => MetricSources | undefined): void {
  metrics.gauge({
    name: 'in_charge',
    help: '1 while this replica may write.',
    collect: (gauge) => gauge.set(sources()?.authority.standing('') === 'in charge' ? 1 : 0),
  });
  metrics.gauge({
    name: 'other_controller_live',
    help: '1 while another controller of this API is live, or it cannot be told: then this one only observes.',
    labels: ['lease'],
    collect(gauge) {
      for (const { lease, state } of sources()?.authority.describe().otherControllers ?? [])
        gauge.set({ lease }, state === 'live' || state === 'unknown' ? 1 : 0);
    },
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

function observeQueues(metrics: Metrics) {
  const labels = ['name'] as const;
  const buckets = [0.001, 0.01, 0.1, 1, 10, 100];
  const depth = metrics.gauge({ name: 'workqueue_depth', prefix: '', help: 'Keys that wait to be worked on.', labels });
  const adds = metrics.counter({ name: 'workqueue_adds_total', prefix: '', help: 'Keys added.', labels });
  const retries = metrics.counter({
    name: 'workqueue_retries_total',
    prefix: '',
    help: 'Keys tried again after a failure.',
    labels,
  });
  const waited = metrics.histogram({
    name: 'workqueue_queue_duration_seconds',
    prefix: '',
    help: 'Seconds that a key waited.',
    labels,
    buckets,
  });
  const worked = metrics.histogram({
    name: 'workqueue_work_duration_seconds',
    prefix: '',
    help: 'Seconds that a key was worked on.',
    labels,
    buckets,
  });
  return {
    added: (name: 'Rollouts' | 'Services') => adds.inc({ name }),
    hooksOf: (name: 'Rollouts' | 'Services'): WorkQueueHooks => ({
      onDepth: (queued) => depth.set({ name }, queued),
      onStart: (_key, waitedMs) => waited.observe({ name }, waitedMs / 1000),
      onFinish(_key, durationMs, error) {
        worked.observe({ name }, durationMs / 1000);
        if (error !== undefined) retries.inc({ name });
      },
    }),
  };
}
