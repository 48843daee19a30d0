import { conditionReasons, conditionTypes } from '@sluice/model';
import { conditionsOf, findCondition, paused, progressing, withCondition } from './conditions.ts';
import type { Conditions } from './conditions.ts';
import { isPausing } from './situation.ts';
import type { Situation } from './situation.ts';

/**
 * Brings the Paused and Progressing conditions in line with what users have asked for since: a pause stops the progress deadline,
 * a resume or a retry starts it again. Source: spec-rollout §2.3.
 */
export function followPauses(s: Situation): Conditions {
  let conditions = conditionsOf(s.status);
  const pausing = isPausing(s);
  const reason = findCondition(conditions, conditionTypes.progressing)?.reason;
  const isAborted = reason === conditionReasons.aborted;
  const isCompleted = findCondition(conditions, conditionTypes.completed)?.status === 'True';
  if (pausing !== (reason === conditionReasons.paused) && !isAborted && !isCompleted) {
    // Before there is a Progressing condition, or while it runs, "resumed" would only be noise.
    if (pausing)
      conditions = withCondition(
        conditions,
        progressing('Unknown', conditionReasons.paused, 'Rollout is paused'),
        s.now,
      );
    else
      conditions = withCondition(
        conditions,
        progressing('Unknown', conditionReasons.resumed, 'Rollout is resumed'),
        s.now,
      );
  }
  if (!s.status.abort && isAborted) {
    conditions = withCondition(
      conditions,
      progressing('Unknown', conditionReasons.retry, 'Retrying Rollout after abort'),
      s.now,
    );
  }
  const isPaused = findCondition(conditions, conditionTypes.paused)?.status === 'True';
  return pausing !== isPaused && !isAborted ? withCondition(conditions, paused(pausing), s.now) : conditions;
}
