import type { CanaryStep, Rollout } from '@sluice/model';

export function stepsOf(rollout: Rollout): CanaryStep[] {
  return rollout.spec?.strategy?.canary?.steps ?? [];
}

/** The index of the step that is being carried out; undefined without steps and once all are done. */
export function currentStepIndex(rollout: Rollout): number | undefined {
  const steps = stepsOf(rollout);
  if (steps.length === 0) return undefined;
  const index = rollout.status?.currentStepIndex ?? 0;
  return index >= steps.length ? undefined : index;
}

function maxWeight(rollout: Rollout): number {
  return rollout.spec?.strategy?.canary?.trafficRouting?.maxTrafficWeight ?? 100;
}

/** The latest setWeight at or before the current step; the whole weight past the end, 0 when no step has set one. */
export function setWeight(rollout: Rollout): number {
  const index = currentStepIndex(rollout);
  if (index === undefined) return maxWeight(rollout);
  const weights = stepsOf(rollout)
    .slice(0, index + 1)
    .map((step) => step.setWeight)
    .filter((weight) => weight !== undefined);
  return weights.at(-1) ?? 0;
}

/** The share of requests that the canary gets: by what the router reports, or without one by its share of the available pods. */
export function actualWeight(rollout: Rollout, canaryAvailable: number): number {
  if (currentStepIndex(rollout) === undefined) return maxWeight(rollout);
  const available = rollout.status?.availableReplicas ?? 0;
  if (available <= 0) return 0;
  if (rollout.spec?.strategy?.canary?.trafficRouting !== undefined)
    return rollout.status?.canary?.weights?.canary?.weight ?? setWeight(rollout);
  return Math.floor((canaryAvailable * maxWeight(rollout)) / available);
}
