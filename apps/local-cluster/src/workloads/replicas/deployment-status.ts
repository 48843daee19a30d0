// A Deployment's counts and conditions: what `kubectl rollout status` and `kubectl wait` read.
import type { Condition } from '../base/pod.ts';
import { conditionOf } from '../base/pod.ts';
import { epochOf, timestamp } from '../base/time.ts';
import type { Deployment, DeploymentStatus, ReplicaSet, ReplicaSetStatus } from './kinds.ts';
import { wantedReplicas, withoutZeros } from './kinds.ts';
import type { Revisions } from './revisions.ts';
import { bounds } from './sizes.ts';

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

export const progress = {
  created: (set: string): Verdict => ({
    status: 'True',
    reason: 'NewReplicaSetCreated',
    message: `Created new replica set "${set}"`,
  }),
  found: (set: string): Verdict => ({
    status: 'True',
    reason: 'FoundNewReplicaSet',
    message: `Found new replica set "${set}"`,
  }),
  creationFailed: (message: string): Verdict => ({ status: 'False', reason: 'ReplicaSetCreateError', message }),
  moved: (of: string): Verdict => ({ status: 'True', reason: 'ReplicaSetUpdated', message: `${of} is progressing.` }),
  complete: (of: string): Verdict => ({
    status: 'True',
    reason: 'NewReplicaSetAvailable',
    message: `${of} has successfully progressed.`,
  }),
  late: (of: string): Verdict => ({
    status: 'False',
    reason: 'ProgressDeadlineExceeded',
    message: `${of} has timed out progressing.`,
  }),
  paused: (): Verdict => ({ status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' }),
  resumed: (): Verdict => ({ status: 'Unknown', reason: 'DeploymentResumed', message: 'Deployment is resumed' }),
} as const;

/** `conditions` with one of them set. The time of the last transition only changes with the status; what is the same stays untouched. */
export function withCondition(
  conditions: readonly Condition[],
  type: string,
  verdict: Verdict,
  nowMs: number,
): Condition[] {
  const known = conditionOf(conditions, type);
  if (known && known.status === verdict.status && known.reason === verdict.reason) return [...conditions];
  return replaced(conditions, type, verdict, nowMs);
}

function replaced(conditions: readonly Condition[], type: string, verdict: Verdict, nowMs: number): Condition[] {
  const now = timestamp(nowMs);
  const known = conditionOf(conditions, type);
  const lastTransitionTime = known?.status === verdict.status ? known.lastTransitionTime : now;
  const condition: Condition = {
    type,
    status: verdict.status,
    lastUpdateTime: now,
    lastTransitionTime,
    reason: verdict.reason,
    message: verdict.message,
  };
  return [...conditions.filter((c) => c.type !== type), condition];
}

/** Seconds without progress until the Deployment is called stuck; undefined if it never is. */
export const deadlineOf = ({ spec: { progressDeadlineSeconds: deadline = 600 } }: Deployment): number | undefined =>
  deadline === 2_147_483_647 ? undefined : deadline;

const total = (sets: readonly ReplicaSet[], count: keyof ReplicaSetStatus): number =>
  sets.reduce((n, set) => n + Number(set.status?.[count] ?? 0), 0);

/** Counts and the Available condition. */
export function countedStatus(deployment: Deployment, { current, old }: Revisions, nowMs: number): DeploymentStatus {
  const sets = current ? [...old, current] : old;
  const available = total(sets, 'availableReplicas');
  const enough = available >= wantedReplicas(deployment) - bounds(deployment).unavailable;
  const verdict: Verdict = enough
    ? { status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
    : {
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
  return {
    observedGeneration: deployment.metadata.generation,
    ...withoutZeros({
      replicas: total(sets, 'replicas'),
      updatedReplicas: current?.status?.replicas ?? 0,
      readyReplicas: total(sets, 'readyReplicas'),
      availableReplicas: available,
      unavailableReplicas: Math.max(0, sets.reduce((n, set) => n + wantedReplicas(set), 0) - available),
    }),
    conditions: withCondition(deployment.status?.conditions ?? [], 'Available', verdict, nowMs),
    ...(deployment.status?.collisionCount === undefined ? {} : { collisionCount: deployment.status.collisionCount }),
  };
}

/** Every pod is of the current version and available, and no other is left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = wantedReplicas(deployment);
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

const count = (
  status: DeploymentStatus | undefined,
  field: 'replicas' | 'updatedReplicas' | 'readyReplicas' | 'availableReplicas',
): number => status?.[field] ?? 0;
const oldPods = (status: DeploymentStatus | undefined): number =>
  count(status, 'replicas') - count(status, 'updatedReplicas');

const hasMoved = (before: DeploymentStatus | undefined, now: DeploymentStatus): boolean =>
  count(now, 'updatedReplicas') > count(before, 'updatedReplicas') ||
  oldPods(now) < oldPods(before) ||
  count(now, 'readyReplicas') > count(before, 'readyReplicas') ||
  count(now, 'availableReplicas') > count(before, 'availableReplicas');

/** When a Deployment that stands still will be late (epoch ms); undefined if it has arrived, is late already or has no deadline. */
export function lateAt(deployment: Deployment, conditions: readonly Condition[]): number | undefined {
  const deadline = deadlineOf(deployment);
  const known = conditionOf(conditions, 'Progressing');
  if (deadline === undefined || deployment.spec.paused || !known?.lastUpdateTime) return undefined;
  if (known.reason === 'NewReplicaSetAvailable' || known.reason === 'ProgressDeadlineExceeded') return undefined;
  return epochOf(known.lastUpdateTime) + deadline * 1000;
}

/** Counts, Available, Progressing and ReplicaFailure: the whole status of a Deployment that is being rolled out. */
export function rolloutStatus(deployment: Deployment, revisions: Revisions, nowMs: number): DeploymentStatus {
  const status = countedStatus(deployment, revisions, nowMs);
  const of = revisions.current
    ? `ReplicaSet "${revisions.current.metadata.name}"`
    : `Deployment "${deployment.metadata.name}"`;
  let conditions = status.conditions ?? [];
  if (deadlineOf(deployment) === undefined) conditions = conditions.filter((c) => c.type !== 'Progressing');
  else conditions = progressing(deployment, status, conditions, of, nowMs);
  return { ...status, conditions: withReplicaFailure(conditions, revisions) };
}

function progressing(
  deployment: Deployment,
  status: DeploymentStatus,
  conditions: Condition[],
  of: string,
  nowMs: number,
): Condition[] {
  const known = conditionOf(conditions, 'Progressing');
  if (known?.reason === 'NewReplicaSetAvailable' && (status.replicas ?? 0) === (status.updatedReplicas ?? 0))
    return conditions;
  if (isComplete(deployment, status)) return withCondition(conditions, 'Progressing', progress.complete(of), nowMs);
  // Progress starts the deadline anew, so its time is written even if nothing else of the condition changes.
  if (hasMoved(deployment.status, status)) return replaced(conditions, 'Progressing', progress.moved(of), nowMs);
  const due = lateAt(deployment, conditions);
  return due !== undefined && due <= nowMs
    ? withCondition(conditions, 'Progressing', progress.late(of), nowMs)
    : conditions;
}

function withReplicaFailure(conditions: readonly Condition[], { current, old }: Revisions): Condition[] {
  const others = conditions.filter((c) => c.type !== 'ReplicaFailure');
  for (const set of current ? [current, ...old] : old) {
    const failure = conditionOf(set.status?.conditions, 'ReplicaFailure');
    if (failure) return [...others, { ...failure, lastUpdateTime: failure.lastTransitionTime }];
  }
  return others;
}
