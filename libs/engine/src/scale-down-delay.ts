import { formatTime, scaleDownDeadlineAnnotation } from '@sluice/model';
import type { Plan } from './plan.ts';
import { planReplicas } from './replicas.ts';
import { newestFirst } from './sets.ts';
import type { SetView } from './sets.ts';
import type { Situation } from './situation.ts';
import type { EpochMs } from './snapshot.ts';

const DEFAULT_DELAY_SECONDS = 30;

export interface DelayRules {
  /** How long a set that is no longer needed keeps its pods: connections end, and a rollback is quick. */
  readonly delaySeconds: number | undefined;
  /** How many such sets may wait at once; none where there is no limit. */
  readonly revisionLimit: number | undefined;
  /** Pods that a waiting set keeps. */
  readonly keep: (set: SetView) => number;
}

/**
 * Gives each set that nothing refers to any more its time to go, newest first. A delay of 0 means at once.
 * Source: spec-rollout §4.6 “Delay helper”.
 */
export function planDelayedScaleDown(s: Situation, plan: Plan, sets: readonly SetView[], rules: DelayRules): void {
  const delayMs = (rules.delaySeconds ?? DEFAULT_DELAY_SECONDS) * 1000;
  const limit = rules.revisionLimit ?? Infinity;
  let waiting = 0;
  for (const set of sets.filter((each) => each.spec > 0).toSorted(newestFirst)) {
    if (set.deadline === undefined) {
      if (delayMs === 0 || waiting >= limit) planGone(s, plan, set);
      else {
        waiting++;
        planDeadline(s, plan, set, delayMs);
        planKept(s, plan, set, rules.keep(set));
      }
      continue;
    }
    waiting++;
    if (waiting > limit || !isAhead(set.deadline, s.now)) planGone(s, plan, set);
    else {
      planKept(s, plan, set, rules.keep(set));
      plan.wake(set.deadline);
    }
  }
}

/** What only waits is written for its size alone: what the Rollout asks for meanwhile is no concern of it. */
function planKept(s: Situation, plan: Plan, set: SetView, to: number): void {
  if (to !== set.spec) planReplicas(s, plan, set, to);
}

/** Expired, or unreadable: a deadline that nobody can read must not keep pods for ever. */
export const isAhead = (deadline: EpochMs, now: EpochMs): boolean => deadline > now;

export function planDeadline(s: Situation, plan: Plan, set: SetView, delayMs: number): void {
  const at = s.now + delayMs;
  plan.change(set, { annotations: { [scaleDownDeadlineAnnotation]: formatTime(at) } });
  plan.wake(at);
}

export function dropDeadline(plan: Plan, set: SetView): void {
  if (set.deadline !== undefined) plan.change(set, { annotations: { [scaleDownDeadlineAnnotation]: null } });
}

function planGone(s: Situation, plan: Plan, set: SetView): void {
  planReplicas(s, plan, set, 0);
  dropDeadline(plan, set);
}
