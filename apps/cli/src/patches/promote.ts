import { CommandError } from '../errors.ts';
import type { Rollout } from '@sluice/model';
import { isGenerationObserved } from '../view/phase.ts';
import { stepsOf } from '../view/weights.ts';

export type PromoteMode = 'next' | 'full' | 'skip-current-step' | 'skip-all-steps';

/** Merge patches, to be sent in this order: first to the status, then to the spec. Either may be absent; both may be: there is nothing to do then. */
export interface RolloutPatches {
  readonly status?: { status: StatusPatch };
  readonly spec?: { spec: Record<string, unknown> };
}

interface StatusPatch {
  pauseConditions?: null;
  controllerPause?: false;
  currentStepIndex?: number;
  promoteFull?: true;
}

/**
 * What `promote` changes. Without a mode it moves a Rollout on by one: out of its pause, or past its current step.
 *
 * @throws CommandError when steps are to be skipped that the Rollout has not got
 */
export function promotePatches(rollout: Rollout, mode: PromoteMode): RolloutPatches {
  const unpause = rollout.spec?.paused === true ? { spec: { spec: { paused: false } } } : {};
  switch (mode) {
    case 'skip-current-step':
      return { status: { status: { currentStepIndex: nextStep(skippable(rollout)) } } };
    case 'skip-all-steps':
      return { status: { status: { currentStepIndex: stepsOf(skippable(rollout)).length } } };
    case 'full': {
      // A status that is not about this spec does not know of its version.
      const isPromoted = isGenerationObserved(rollout) && rollout.status?.currentPodHash === rollout.status?.stableRS;
      return { ...unpause, ...(isPromoted ? {} : { status: { status: { promoteFull: true } } }) };
    }
    case 'next': {
      const status = moveOn(rollout);
      return { ...unpause, ...(status === undefined ? {} : { status: { status } }) };
    }
  }
}

function moveOn(rollout: Rollout): StatusPatch | undefined {
  const status = rollout.status ?? {};
  const isHeld = (status.pauseConditions ?? []).length > 0;
  const isInconclusive = status.canary?.currentStepAnalysisRunStatus?.status === 'Inconclusive';
  // Taking the pause away alone would run the same inconclusive analysis again: the person has decided, so its step is over.
  if (isInconclusive && isHeld && status.controllerPause === true) {
    return { pauseConditions: null, controllerPause: false, currentStepIndex: nextStep(rollout) };
  }
  if (isHeld) return { pauseConditions: null };
  if (stepsOf(rollout).length > 0) return { pauseConditions: null, currentStepIndex: nextStep(rollout) };
  return undefined;
}

function nextStep(rollout: Rollout): number {
  return Math.min((rollout.status?.currentStepIndex ?? 0) + 1, stepsOf(rollout).length);
}

function skippable(rollout: Rollout): Rollout {
  if (rollout.spec?.strategy?.blueGreen !== undefined)
    throw new CommandError('Cannot skip steps of a bluegreen rollout. Run without a flags');
  if (stepsOf(rollout).length === 0) throw new CommandError('Cannot skip steps of a rollout without steps');
  return rollout;
}
