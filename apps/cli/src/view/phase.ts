import type { Rollout } from '@sluice/model';
import type { Workload } from './objects.ts';

export interface Phase {
  readonly phase: string;
  readonly message: string;
}

const NOT_OBSERVED = 'waiting for rollout spec update to be observed';

/**
 * What a client shows as a Rollout's status. The written status is only believed once the controller has seen the spec:
 * right after an edit it still describes the version before, and scripts that wait for Healthy would return at once.
 *
 * @param workload what workloadRef names, where the caller could read it
 */
export function rolloutPhase(rollout: Rollout, workload?: Workload): Phase {
  const status = rollout.status ?? {};
  if (!isGenerationObserved(rollout)) return { phase: 'Progressing', message: NOT_OBSERVED };
  if (status.controllerPause === true && (status.pauseConditions ?? []).length === 0) {
    return { phase: 'Progressing', message: 'waiting for rollout to unpause' };
  }
  const workloadGeneration = workload?.metadata?.generation;
  if (workloadGeneration !== undefined && status.workloadObservedGeneration !== String(workloadGeneration)) {
    return { phase: 'Progressing', message: `${NOT_OBSERVED} for the reference workload` };
  }
  // No phase at all: a Rollout that no controller has looked at yet.
  if (!status.phase) return { phase: 'Progressing', message: NOT_OBSERVED };
  return { phase: status.phase, message: status.message ?? '' };
}

/** Whether the status is about the spec as it is now. Only a numeric observedGeneration can be behind: very old controllers wrote a hash there. */
export function isGenerationObserved(rollout: Rollout): boolean {
  const observed = rollout.status?.observedGeneration ?? '';
  return !/^\d+$/.test(observed) || Number(observed) >= (rollout.metadata?.generation ?? 0);
}
