import { eventReasons } from '@sluice/model';
import type { CanaryStep, PauseCondition } from '@sluice/model';
import { canaryCounts } from './canary-replicas.ts';
import type { CanaryPair } from './canary-replicas.ts';
import { isStillServed, planCanaryServices } from './canary-services.ts';
import { describeStep, event } from './events.ts';
import { drainOthers } from './other-replicas.ts';
import { enterPauseStep, withoutPause } from './pause.ts';
import type { Plan } from './plan.ts';
import { canaryPromotion, promoted } from './promotion.ts';
import { planReplicas } from './replicas.ts';
import { isResized, presentShare } from './proportion.ts';
import { isWithinRollbackWindow } from './rollback.ts';
import { lastingAvailable } from './sets.ts';
import type { SetView } from './sets.ts';
import { dropDeadline } from './scale-down-delay.ts';
import { canaryOf, isBlocked, isFullyPromoted, isHalted, isResumedByUser, pausesOf, stepsOf } from './situation.ts';
import type { Situation } from './situation.ts';
import { heldCanaryCount, isHeldWithoutStable } from './stable-missing.ts';
import { isStepDone } from './steps.ts';
import { surgeOf } from './surge.ts';
import type { TurnResult } from './turn.ts';
import { currentStepIndex, desiredCanaryWeight, maxWeightOf } from './weight.ts';

/** One turn of a canary without a traffic router: the number of pods is the only means to split traffic. */
export function canaryTurn(s: Situation, plan: Plan): TurnResult {
  const limits = surgeOf(s.replicas, canaryOf(s)?.maxSurge, canaryOf(s)?.maxUnavailable);
  const { newSet, stableSet, others } = s.roles;
  const weight = desiredCanaryWeight(s);
  const sides = { replicas: s.replicas, maxWeight: maxWeightOf(s), limits, newSet, stableSet, others };
  const countsFor = (share: number): CanaryPair => canaryCounts({ ...sides, weight: share });
  const wanted = countsFor(weight);
  const halted = isHalted(s);
  const moves = !halted && stableSet !== undefined && stableSet !== newSet;
  planCanaryServices(s, plan, {
    stable: moves && wanted.stable === 0 && !s.status.abort,
    canary: moves && wanted.canary === 0,
  });
  if (isHeldWithoutStable(s)) return heldWithoutStable(s, plan);
  if (!halted) planCounts(s, plan, wanted, s.replicas - limits.unavailable);
  else if (isResized(s)) {
    planCounts(s, plan, countsFor(presentShare(s, weight)), s.replicas - limits.unavailable);
  }
  if (s.status.abort && stableSet) return aborted(s);
  if (isBlocked(s)) return { keepsResume: true };
  const promotion = canaryPromotion(s);
  if (promotion) return promoted(s, promotion);
  if (isWithinRollbackWindow(s)) return { pauses: [], currentStepIndex: stepsOf(s).length || null };
  return stepTurn(s, plan, wanted);
}

/**
 * Asks for the counts, and takes away no set's last pod while a Service still points there and another version could answer.
 */
function planCounts(s: Situation, plan: Plan, wanted: CanaryPair, floor: number): void {
  const { newSet, stableSet, others, all } = s.roles;
  const plannedPair: [SetView, number][] =
    stableSet && stableSet !== newSet
      ? [
          [stableSet, wanted.stable],
          [newSet, wanted.canary],
        ]
      : [[newSet, wanted.canary]];
  const taken = plannedPair.reduce((sum, [set, to]) => sum + Math.max(0, lastingAvailable(set) - to), 0);
  const counts = new Map([...plannedPair, ...drainOthers(others, all, floor, taken)]);
  for (const [set, to] of counts) {
    const couldAnswer = all.some(
      (other) => other !== set && (other === newSet || other === stableSet) && lastingAvailable(other) > 0,
    );
    // A halted rollout moves no Service, and with no pods asked for there is nothing that it could be moved to.
    const isEmptied = s.replicas === 0 && isHalted(s);
    const kept =
      !isEmptied && to === 0 && lastingAvailable(set) > 0 && couldAnswer && isStillServed(s, plan, set) ? 1 : to;
    planReplicas(s, plan, set, kept);
    if (set === newSet || set === stableSet || kept === 0) dropDeadline(plan, set);
  }
}

function aborted(s: Situation): TurnResult {
  const steps = stepsOf(s).length;
  const currentStepIndex = steps === 0 ? null : isFullyPromoted(s.status) ? steps : 0;
  return { pauses: [], currentStepIndex };
}

/**
 * Nothing goes on by itself without the stable version: neither steps, nor time, nor pods of interrupted updates. A pause that a user has ended
 * is done with, and a resume that comes at another moment counts later.
 */
export function heldWithoutStable(s: Situation, plan: Plan): TurnResult {
  if (!isHalted(s)) planReplicas(s, plan, s.roles.newSet, heldCanaryCount(s));
  const index = currentStepIndex(s);
  const pauses = pausesOf(s.status);
  if (s.status.abort || index === undefined) return { pauses };
  const step = stepsOf(s)[index]!;
  if (step.pause && isResumedByUser(s.status) && !s.spec.paused && !isBlocked(s))
    return stepCompleted(s, step, index, pauses);
  return { pauses, keepsResume: true };
}

function stepTurn(s: Situation, plan: Plan, wanted: CanaryPair): TurnResult {
  const steps = stepsOf(s);
  const index = currentStepIndex(s);
  const pauses = s.status.promoteFull ? [] : pausesOf(s.status);
  if (index === undefined) return { pauses, currentStepIndex: steps.length || null };
  const step = steps[index]!;
  if (isStepDone(s, step, wanted)) return stepCompleted(s, step, index, pauses);
  const enters = step.pause && !plan.scales && !s.spec.paused && !s.status.promoteFull;
  // A resume that comes while the rollout is also paused by hand takes effect when that pause ends.
  return { pauses: enters ? enterPauseStep(s, plan, step.pause!) : pauses, keepsResume: s.spec.paused === true };
}

function stepCompleted(s: Situation, step: CanaryStep, index: number, pauses: readonly PauseCondition[]): TurnResult {
  const count = stepsOf(s).length;
  return {
    pauses: withoutPause(pauses, 'CanaryPauseStep'),
    currentStepIndex: index + 1,
    events: [
      event(eventReasons.rolloutStepCompleted, `Rollout step ${index + 1}/${count} completed (${describeStep(step)})`),
    ],
  };
}
