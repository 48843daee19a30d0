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
import { assignRoles } from './roles.ts';
import type { Roles } from './roles.ts';
import type { EpochMs, RolloutSnapshot } from './snapshot.ts';

/** One turn's view: the snapshot, the status as the turns before have left it, and who plays which part. */
export interface Situation {
  readonly snapshot: RolloutSnapshot;
  readonly now: EpochMs;
  readonly rollout: Rollout;
  readonly spec: RolloutSpec;
  readonly status: RolloutStatus;
  readonly template: PodTemplateSpec;
  /** Pods asked for: `spec.replicas`, 1 where it is left out. */
  readonly replicas: number;
  readonly roles: Roles;
}

export function situationOf(snapshot: RolloutSnapshot, template: PodTemplateSpec, status: RolloutStatus): Situation {
  const { rollout, now } = snapshot;
  const roles = assignRoles(snapshot, template, status);
  return { snapshot, now, rollout, spec: rollout.spec, status, template, replicas: rollout.spec.replicas ?? 1, roles };
}

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

/** Paused by hand, or waiting for a person to judge an analysis: nothing is scaled or switched meanwhile. */
export const isHalted = (s: Situation): boolean =>
  s.spec.paused === true || pausesOf(s.status).some((pause) => pause.reason === 'InconclusiveAnalysisRun');
