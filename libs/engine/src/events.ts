import { eventReasons, eventTypeOf } from '@sluice/model';
import type { CanaryStep, EventReason } from '@sluice/model';
import type { EventIntent } from './decision.ts';
import type { SetView } from './sets.ts';

export const event = (reason: EventReason, message: string): EventIntent => ({
  type: eventTypeOf(reason),
  reason,
  message,
});

export const scaled = (set: SetView, revision: number, to: number): EventIntent =>
  event(
    eventReasons.scalingReplicaSet,
    `Scaled ${to > set.spec ? 'up' : 'down'} ReplicaSet ${set.name} (revision ${revision}) from ${set.spec} to ${to}`,
  );

/** The step as `RolloutStepCompleted` names it. */
export function describeStep(step: CanaryStep): string {
  if (step.setWeight !== undefined) return `setWeight: ${step.setWeight}`;
  if (step.pause)
    return step.pause.duration === undefined || step.pause.duration === null
      ? 'pause'
      : `pause: ${step.pause.duration}`;
  if (step.experiment) return 'experiment';
  if (step.analysis) return 'analysis';
  if (step.setCanaryScale) return `setCanaryScale${describeScale(step.setCanaryScale)}`;
  if (step.setHeaderRoute) return `setHeaderRoute: ${step.setHeaderRoute.name}`;
  if (step.setMirrorRoute) return `setMirrorRoute: ${step.setMirrorRoute.name}`;
  return step.plugin ? `plugin: ${step.plugin.name}` : 'nothing';
}

function describeScale(scale: NonNullable<CanaryStep['setCanaryScale']>): string {
  if (scale.matchTrafficWeight) return '{matchTrafficWeight: true}';
  return scale.weight !== undefined && scale.weight !== null
    ? `{weight: ${scale.weight}}`
    : `{replicas: ${scale.replicas ?? 0}}`;
}
