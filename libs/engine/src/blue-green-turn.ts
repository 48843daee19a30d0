import { conditionTypes } from '@sluice/model';
import type { PauseCondition, Service } from '@sluice/model';
import {
  planNewSetCount,
  planPreviousSets,
  previewCount,
  isReadyForPause,
  isSaturated,
} from './blue-green-replicas.ts';
import { planSwitch, selectedHash, serviceOf } from './canary-services.ts';
import { conditionsOf, findCondition } from './conditions.ts';
import { findPause, pauseEnd, withPause, withoutPause } from './pause.ts';
import type { Plan } from './plan.ts';
import { promoted } from './promotion.ts';
import { planReplicas } from './replicas.ts';
import { isFastRollback } from './rollback.ts';
import { hasSucceeded } from './rollout-analysis/entries.ts';
import { dropDeadline } from './scale-down-delay.ts';
import { isUpToDate, lastingAvailable } from './sets.ts';
import type { SetView } from './sets.ts';
import { isStableMissing } from './stable-missing.ts';
import { blueGreenOf, isBlocked, isHalted, isResumedByUser, pausesOf } from './situation.ts';
import type { Situation } from './situation.ts';
import type { TurnResult } from './turn.ts';

/** One turn of a blue-green update: preview, wait, switch, let the old version go. Source: spec-rollout §7. */
export function blueGreenTurn(s: Situation, plan: Plan): TurnResult {
  const strategy = blueGreenOf(s)!;
  const active = serviceOf(s, strategy.activeService);
  const preview = serviceOf(s, strategy.previewService ?? undefined);
  const { newSet, stableSet } = s.roles;
  const activeSet = setOf(s, active);
  if (preview && preview !== active && !isHalted(s)) planSwitch(s, plan, preview, newSet.hash);
  if (stableSet) {
    dropDeadline(plan, stableSet);
    planReplicas(s, plan, stableSet, s.replicas);
  }
  if (newSet !== stableSet) planNewSetCount(s, plan, activeSet);
  planPreviousSets(s, plan);
  const pause = pauseTurn(s, plan, active);
  const target = active && activeTarget(s, active, pause);
  if (active && target) planSwitch(s, plan, active, target.hash);
  const reached = active && plan.switchTo(active.metadata.name);
  return finish(s, plan, { active, preview, activeSet: reached ? target : activeSet, pause });
}

const setOf = (s: Situation, service: Service | undefined): SetView | undefined => {
  const hash = service && selectedHash(service);
  return hash ? s.roles.all.find((set) => set.hash === hash) : undefined;
};

interface PauseTurn {
  readonly pauses: readonly PauseCondition[];
  readonly isCompleted: boolean;
}

const needsPause = (s: Situation): boolean =>
  blueGreenOf(s)?.autoPromotionEnabled === false || (blueGreenOf(s)?.autoPromotionSeconds ?? 0) > 0;

/** Nothing to wait for: it goes back to what was stable, everything is to be promoted, or nobody is served by another version. */
function isFastTracked(s: Situation, active: Service | undefined): boolean {
  const selected = active ? selectedHash(active) : '';
  const { hash } = s.roles.newSet;
  // The status says so from the turn that switches on: with an analysis after it, that turn does not promote yet.
  const isSwitched = selected === hash || s.status.blueGreen?.activeSelector === hash;
  return isFastRollback(s) || s.status.promoteFull === true || isUnused(s, selected) || isSwitched;
}

/**
 * The Service selects no version, and has never done so: there is no stable one, or none that was ever there in full. A Service that was
 * applied anew later, in mid-update, belongs to the stable one.
 */
function isUnused(s: Situation, selected: string): boolean {
  const { roles, status } = s;
  if (selected !== '' || isStableMissing(s)) return false;
  const wasEverHealthy = findCondition(conditionsOf(status), conditionTypes.healthy) !== undefined;
  return !roles.stableSet || roles.stableSet === roles.newSet || !wasEverHealthy;
}

function pauseTurn(s: Situation, plan: Plan, active: Service | undefined): PauseTurn {
  const pauses = pausesOf(s.status);
  const checkpoint = s.status.blueGreen?.scaleUpPreviewCheckPoint === true;
  if (s.status.abort) return { pauses: [], isCompleted: false };
  if (isBlocked(s)) return { pauses, isCompleted: false };
  if (isFastTracked(s, active)) {
    return { pauses: s.status.promoteFull ? [] : withoutPause(pauses, 'BlueGreenPause'), isCompleted: true };
  }
  if (blueGreenOf(s)!.prePromotionAnalysis && !hasSucceeded(s.status, 'PrePromotion'))
    return { pauses, isCompleted: false };
  if (checkpoint || !needsPause(s)) return { pauses: withoutPause(pauses, 'BlueGreenPause'), isCompleted: true };
  if (isHalted(s)) return { pauses, isCompleted: false };
  const pause = findPause(pauses, 'BlueGreenPause');
  if (!pause) {
    if (isResumedByUser(s.status)) return { pauses, isCompleted: true };
    const begins = isReadyForPause(s) && !plan.scales;
    return { pauses: begins ? withPause(pauses, 'BlueGreenPause', s.now) : pauses, isCompleted: false };
  }
  const seconds = blueGreenOf(s)?.autoPromotionEnabled === false ? 0 : (blueGreenOf(s)?.autoPromotionSeconds ?? 0);
  if (seconds === 0) return { pauses, isCompleted: false };
  const end = pauseEnd(pause, seconds);
  if (end < s.now) return { pauses: withoutPause(pauses, 'BlueGreenPause'), isCompleted: true };
  plan.wake(end + 1);
  return { pauses, isCompleted: false };
}

/**
 * Where the active Service goes, if anywhere. On abort it goes back to the stable version whatever state the new one is in, as soon as that
 * costs no capacity.
 */
function activeTarget(s: Situation, active: Service, pause: PauseTurn): SetView | undefined {
  const { newSet, stableSet } = s.roles;
  if (isHalted(s)) return undefined;
  if (s.status.abort) {
    if (!stableSet || selectedHash(active) === stableSet.hash) return stableSet;
    const serving = setOf(s, active);
    const served = serving ? lastingAvailable(serving) : 0;
    const canAnswer = isUpToDate(stableSet) ? lastingAvailable(stableSet) : 0;
    // With no pods asked for there is nobody to serve, and nothing to wait for.
    const canServe = canAnswer > 0 && (canAnswer >= s.replicas || canAnswer >= served);
    return s.replicas === 0 || canServe ? stableSet : undefined;
  }
  const isTracked = isFastTracked(s, active) || pause.isCompleted;
  if (isTracked && isSaturated(s, newSet)) return newSet;
  // Until then it stays with the version that it serves, or goes back to the stable one where it has lost its way.
  const served = setOf(s, active);
  const mayReturn = stableSet && stableSet !== newSet && lastingAvailable(stableSet) > 0 && isUpToDate(stableSet);
  return served ?? (mayReturn ? stableSet : undefined);
}

interface Outcome {
  readonly active: Service | undefined;
  readonly preview: Service | undefined;
  readonly activeSet: SetView | undefined;
  readonly pause: PauseTurn;
}

function finish(s: Situation, plan: Plan, { active, preview, activeSet, pause }: Outcome): TurnResult {
  const { newSet } = s.roles;
  const { activeSelector = '', previewSelector = '' } = s.hold ? (s.status.blueGreen ?? {}) : {};
  const selector = (service: Service | undefined, remembered: string): string =>
    service ? (plan.switchTo(service.metadata.name) ?? selectedHash(service)) : remembered;
  const blueGreen = {
    activeSelector: selector(active, activeSelector),
    previewSelector: selector(preview, previewSelector),
    scaleUpPreviewCheckPoint: checkpointOf(s, pause),
  };
  if (isBlocked(s)) return { pauses: pause.pauses, keepsResume: true, blueGreen, activeSet };
  const why = promotion(s, blueGreen.activeSelector);
  const startsAttempt = !s.status.currentPodHash;
  if (why)
    return {
      ...promoted(s, why),
      blueGreen: { ...blueGreen, scaleUpPreviewCheckPoint: false },
      activeSet,
      startsAttempt,
    };
  // A resume counts until the switch that it asked for has happened.
  const keepsResume = isResumedByUser(s.status) && !s.status.abort && blueGreen.activeSelector !== newSet.hash;
  return { pauses: pause.pauses, keepsResume, blueGreen, activeSet, startsAttempt };
}

/** With a smaller preview: once it was accepted it grows to full size, and is not asked about again. */
function checkpointOf(s: Situation, pause: PauseTurn): boolean {
  if (s.status.blueGreen?.scaleUpPreviewCheckPoint) return true;
  const count = previewCount(s);
  return count !== undefined && pause.isCompleted && s.roles.newSet.available === count;
}

function promotion(s: Situation, activeSelector: string): string | undefined {
  const { newSet, stableSet } = s.roles;
  const isFirst = !stableSet && !isStableMissing(s);
  if (isFirst || isUnused(s, activeSelector)) return 'Initial deploy';
  if (activeSelector !== newSet.hash) return undefined;
  if (s.status.promoteFull) return 'Full promotion requested';
  if (isFastRollback(s)) return 'Rollback within the rollback window';
  const awaitsAnalysis = blueGreenOf(s)!.postPromotionAnalysis && !hasSucceeded(s.status, 'PostPromotion');
  return s.status.abort || awaitsAnalysis ? undefined : 'Completed blue-green update';
}
