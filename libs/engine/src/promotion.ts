import { eventReasons } from '@sluice/model';
import { event } from './events.ts';
import { newRevision } from './revision.ts';
import { isFastRollback, isWithinRollbackWindow } from './rollback.ts';
import { lastingAvailable } from './sets.ts';
import { canaryOf, stepsOf } from './situation.ts';
import type { Situation } from './situation.ts';
import { isHeldWithoutStable, isStableMissing } from './stable-missing.ts';
import { hasPassedThreshold } from './steps.ts';
import type { TurnResult } from './turn.ts';

/** Why the new version of a canary becomes the stable one now, or undefined. Source: spec-rollout §5.2. */
export function canaryPromotion(s: Situation): string | undefined {
  const { newSet, stableSet } = s.roles;
  if (!stableSet && !isStableMissing(s)) return 'Initial deploy';
  if (isHeldWithoutStable(s)) return undefined;
  if (s.status.abort) return undefined;
  // Without the stable version nothing else can serve: what was approved does not wait for its pods.
  if (!stableSet && s.status.promoteFull) return 'Full promotion requested';
  if (lastingAvailable(newSet) < s.replicas && !hasPassedThreshold(s, newSet)) return undefined;
  if (s.status.promoteFull) return 'Full promotion requested';
  if (newSet === stableSet) return 'Rollback to stable ReplicaSets';
  if (isFastRollback(s)) return 'Rollback within the rollback window';
  const steps = stepsOf(s).length;
  const isDone = steps === 0 || (s.status.currentStepIndex ?? 0) >= steps;
  return isDone ? `Completed all ${steps} canary steps` : undefined;
}

/** The new version is the stable one from now on. */
export function promoted(s: Situation, why: string): TurnResult {
  const { newSet } = s.roles;
  const isNew = s.status.stableRS !== newSet.hash;
  const steps = stepsOf(s).length;
  const message = `Rollout completed update to revision ${newRevision(s)} (${newSet.hash}): ${why}`;
  const endsAttempt = s.status.promoteFull ? 'FastPromoted' : isWithinRollbackWindow(s) ? 'FastRolledBack' : 'Promoted';
  return {
    pauses: [],
    abort: false,
    abortedAt: null,
    promoteFull: false,
    currentStepIndex: canaryOf(s) && steps > 0 ? steps : null,
    stableRS: newSet.hash,
    ...(isNew && { endsAttempt, events: [event(eventReasons.rolloutCompleted, message)] }),
  };
}
