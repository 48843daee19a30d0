import { routersOf } from '@sluice/engine';
import type { CallObservation } from '@sluice/kube';
import { conditionReasons, conditionTypes } from '@sluice/model';
import type { Rollout } from '@sluice/model';
import { calledPath, createReconcileMetrics, labelsOf } from '@sluice/reconcile';
import type { ReconcileMetrics, ReconcileSources } from '@sluice/reconcile';
import type { Metrics } from '@sluice/service';
import { createAttemptMetrics } from './attempt-metrics.ts';
import type { ControllerHooks } from './controller.ts';

export interface ControllerMetrics extends Pick<ReconcileMetrics, 'onWatchRestart' | 'stop'> {
  readonly hooks: ControllerHooks;
  onCall(call: CallObservation): void;
  /** A Rollout that this replica is in charge of is stored anew. */
  onStored(before: Rollout, after: Rollout): void;
  /** What is looked at when somebody scrapes; there is nothing to see before. */
  observe(sources: MetricSources): void;
}

export interface MetricSources extends ReconcileSources {
  readonly rollouts: () => readonly Rollout[];
}

/** Metrics by the names that dashboards for this API query (spec-rollout §9.2), and ours under `sluice_`. */
export function createControllerMetrics(metrics: Metrics): ControllerMetrics {
  let rollouts: MetricSources['rollouts'] = () => [];
  observeRollouts(metrics, () => rollouts());
  const common = createReconcileMetrics(metrics, { what: 'rollout', kind: 'Rollout', queue: 'Rollouts' });
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
  return {
    hooks: {
      rollouts: common.hooks,
      services: common.queue('Services'),
      onEvent: (key, { type, reason }) => events.inc({ ...labelsOf(key), type, reason }),
    },
    onCall: (call) => calls.inc(labelsOfCall(call)),
    onStored: createAttemptMetrics(metrics),
    onWatchRestart: common.onWatchRestart,
    observe(sources) {
      rollouts = sources.rollouts;
      common.observe(sources);
    },
    stop: common.stop,
  };
}

const notApplicable = 'N/A';
const verbs = { GET: 'Get', POST: 'Create', PUT: 'Update', PATCH: 'Patch', DELETE: 'Delete' } as const;

function labelsOfCall({ method, path, code }: CallObservation) {
  const { kind, namespace, name } = calledPath(path);
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
