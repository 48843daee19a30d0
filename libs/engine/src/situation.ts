import type {
  BlueGreenStrategy,
  CanaryStep,
  CanaryStrategy,
  PauseCondition,
  PodTemplateSpec,
  Rollout,
  RolloutSpec,
  RolloutStatus,
} from '@sluice/model';
import type { Hold } from './hold.ts';
import { assignRoles, heldRoles } from './roles.ts';
import type { Roles } from './roles.ts';
import { viewOf } from './sets.ts';
import type { EpochMs, RolloutSnapshot } from './snapshot.ts';

/** One turn's view: the snapshot, the status as the turns before have left it, and who plays which part. */
export interface Situation {
  readonly snapshot: RolloutSnapshot;
  readonly now: EpochMs;
  readonly rollout: Rollout;
  readonly spec: RolloutSpec;
  readonly status: RolloutStatus;
  readonly template: PodTemplateSpec;
  /** Pods asked for: `spec.replicas`; where that is left out, as many as a Deployment that it replaces has, or 1. */
  readonly replicas: number;
  readonly roles: Roles;
  /** What is wrong with the Rollout or missing in the installation. */
  readonly hold?: Hold | undefined;
  /** The spec asks for another version, which must not begin: `template` is that of the last one that did. */
  readonly keepsVersion: boolean;
}

export function situationOf(
  snapshot: RolloutSnapshot,
  template: PodTemplateSpec,
  status: RolloutStatus,
  hold?: Hold,
): Situation {
  const { rollout, now } = snapshot;
  const kept = hold?.blocks ? heldRoles(snapshot, template, status) : undefined;
  const roles = kept ?? assignRoles(snapshot, template, status);
  return {
    snapshot,
    now,
    rollout,
    spec: rollout.spec,
    status,
    template: kept?.newSet.stored?.spec.template ?? template,
    replicas: replicasOf(snapshot, roles),
    roles,
    hold,
    keepsVersion: kept !== undefined,
  };
}

/** A number that is invalid leaves the last one that was asked for in force. */
function replicasOf(snapshot: RolloutSnapshot, { stableSet, newSet }: Roles): number {
  const replicas = snapshot.rollout.spec.replicas ?? replicasToTake(snapshot);
  return replicas >= 0 ? replicas : Math.max(0, stableSet?.desired ?? newSet.desired ?? newSet.spec);
}

/**
 * A Rollout that begins with the pods of a Deployment takes over their number, so that it never replaces them with fewer; later it keeps the number
 * that its stable ReplicaSet was scaled for. A Deployment without pods has nothing to take over.
 */
function replicasToTake({ rollout, workload, replicaSets, storedStatus }: RolloutSnapshot): number {
  if (workload.kind !== 'found' || workload.replicas === undefined) return 1;
  const { stableRS } = storedStatus ?? rollout.status ?? {};
  if (!stableRS) return workload.replicas || 1;
  const stable = replicaSets.map(viewOf).find(({ hash }) => hash === stableRS);
  return stable?.desired ?? 1;
}

/**
 * Whether this turn leads to the stable version: after an abort, after the template was set back, and at rest. It needs nothing but the
 * stable version, so that nothing that is wrong elsewhere holds it.
 */
const isReturning = ({ status, roles: { newSet, stableSet } }: Situation): boolean =>
  stableSet !== undefined && (newSet === stableSet || status.abort === true);

/** Steps, switches and promotions stop for what is wrong. */
export const isBlocked = (s: Situation): boolean => s.hold?.blocks === true && !isReturning(s);

export const canaryOf = (s: Situation): CanaryStrategy | undefined => s.spec.strategy?.canary ?? undefined;
export const blueGreenOf = (s: Situation): BlueGreenStrategy | undefined => s.spec.strategy?.blueGreen ?? undefined;
const noSteps: readonly CanaryStep[] = Object.freeze([]);
export const stepsOf = (s: Situation): readonly CanaryStep[] => canaryOf(s)?.steps ?? noSteps;

/** Whether the stored status was computed for the spec as it is now. */
export const isObserved = (s: Situation): boolean =>
  s.status.observedGeneration === String(s.rollout.metadata.generation ?? 0);

/** What another controller, or this one after a restart, would go on from: a decided status may still wait to be stored. */
export const storedStatusOf = ({ snapshot }: Situation): RolloutStatus =>
  snapshot.storedStatus ?? snapshot.rollout.status ?? {};

/** The desired version is the stable one (also true before anything was recorded). */
export const isFullyPromoted = (status: RolloutStatus): boolean =>
  (status.stableRS ?? '') === (status.currentPodHash ?? '');

export const pausesOf = (status: RolloutStatus): readonly PauseCondition[] => status.pauseConditions ?? [];
export const isPausing = (s: Situation): boolean => pausesOf(s.status).length > 0 || s.spec.paused === true;
/** A user has cleared the pause that the controller had set, and the controller has not yet gone on. */
export const isResumedByUser = (status: RolloutStatus): boolean =>
  status.controllerPause === true && pausesOf(status).length === 0;

/**
 * Paused by hand, waiting for a person to judge an analysis, or blocked by what is wrong: no step, switch or promotion takes place, and the
 * number of pods follows `spec.replicas` in the present proportion. An abort ends it.
 */
export const isHalted = (s: Situation): boolean => {
  if (s.status.abort && s.roles.stableSet) return false;
  const isInconclusive = pausesOf(s.status).some((pause) => pause.reason === 'InconclusiveAnalysisRun');
  return s.spec.paused === true || isInconclusive || isBlocked(s);
};
