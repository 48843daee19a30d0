import { eventReasons, formatTime, stepHash } from '@sluice/model';
import type { CanaryStep } from '@sluice/model';
import { carriedCommands } from './commands.ts';
import { event } from './events.ts';
import { isWithinRollbackWindow } from './rollback.ts';
import { blueGreenOf, canaryOf, stepsOf } from './situation.ts';
import type { Situation } from './situation.ts';
import type { TurnResult } from './turn.ts';
import { isOpen } from './duration.ts';

const hashes = new WeakMap<readonly CanaryStep[], string>();

/** Kept by the identity of the steps: every decision asks, and hardly any sees new ones. */
function hashOfSteps(steps: readonly CanaryStep[]): string {
  let hash = hashes.get(steps);
  if (hash === undefined) hashes.set(steps, (hash = stepHash(steps)));
  return hash;
}

/** Whether the pod template or the steps are others than those the status is about. Source: spec-rollout §5.3. */
export function needsReset(s: Situation): boolean {
  const { currentPodHash, currentStepHash } = s.status;
  // What is wrong may be in the steps: an update keeps its place until it is right again.
  if (s.hold?.blocks && s.roles.newSet !== s.roles.stableSet) return false;
  if (currentPodHash && currentPodHash !== s.roles.newSet.hash) return true;
  // What the other strategy left in the status means nothing to this one.
  if (blueGreenOf(s) && currentStepHash) return true;
  return canaryOf(s) !== undefined && hasOtherSteps(s);
}

/** Whether the steps are others than those that the status is about. */
export const hasOtherSteps = (s: Situation): boolean =>
  !s.status.currentStepHash || s.status.currentStepHash !== hashOfSteps(stepsOf(s));

/**
 * Forgets all that was about the version before: pauses, abort, promotions, a pending restart, and starts at the first step. Commands
 * that are about the new version count: the status that they were written to was only not up to date.
 */
export function reset(s: Situation): TurnResult {
  const { newSet } = s.roles;
  const canary = canaryOf(s);
  const isPodChange = s.status.currentPodHash !== newSet.hash;
  const skip = skippedSteps(s, isPodChange);
  const isBack = isPodChange && !!s.status.stableRS && s.status.stableRS === newSet.hash;
  const steps = stepsOf(s).length;
  const isDone = skip !== undefined;
  const { abort, promoteFull } = carriedCommands(s);
  const currentStepIndex = canary && steps > 0 ? (isDone ? steps : 0) : null;
  return {
    startsOver: true,
    pauses: [],
    abort,
    abortedAt: abort ? formatTime(s.now) : null,
    ...(!promoteFull && { promoteFull: false as const }),
    currentPodHash: newSet.hash,
    currentStepHash: canary ? hashOfSteps(stepsOf(s)) : '',
    currentStepIndex,
    ...(s.spec.restartAt && isRestartCovered(s) && { restartedAt: s.spec.restartAt }),
    ...(blueGreenOf(s) && { blueGreen: { ...selectors(s), scaleUpPreviewCheckPoint: false } }),
    startsAttempt: !isBack && (isPodChange || !isDone),
    ...(isBack && isOpen(s.status.duration) && { endsAttempt: 'FastRolledBack' as const }),
    events: skip && canary && steps > 0 && !abort ? [event(eventReasons.skipSteps, skip)] : [],
  };
}

/** Whether all pods of the new version will be younger than the restart that was asked for: none exists yet. */
const isRestartCovered = ({ roles }: Situation): boolean => roles.newSet.replicas === 0;

/** Why none of the steps has to be gone through. Steps that change after everything was promoted have nothing left to do. */
function skippedSteps(s: Situation, isPodChange: boolean): string | undefined {
  if (s.status.stableRS && s.status.stableRS === s.roles.newSet.hash) return 'Rollback to stable ReplicaSets';
  return isPodChange && isWithinRollbackWindow(s) ? 'Rollback within the rollback window' : undefined;
}

const selectors = ({ status }: Situation) => ({
  activeSelector: status.blueGreen?.activeSelector ?? '',
  previewSelector: status.blueGreen?.previewSelector ?? '',
});
