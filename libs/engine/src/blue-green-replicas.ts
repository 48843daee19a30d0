import { isAhead, dropDeadline, planDeadline, planDelayedScaleDown } from './scale-down-delay.ts';
import type { Plan } from './plan.ts';
import { selectedHash, serviceOf } from './canary-services.ts';
import { planReplicas } from './replicas.ts';
import { isUpToDate, lastingAvailable } from './sets.ts';
import type { SetView } from './sets.ts';
import { hasSucceeded } from './rollout-analysis/entries.ts';
import { blueGreenOf, isBlocked, isFullyPromoted, isPausing, pausesOf } from './situation.ts';
import type { Situation } from './situation.ts';

const DEFAULT_ABORT_DELAY_SECONDS = 30;

export const previewCount = (s: Situation): number | undefined => blueGreenOf(s)?.previewReplicaCount ?? undefined;

/** Pods that the new version should have now. Source: spec-rollout §7.2. */
export function newSetCount(s: Situation, activeSet: SetView | undefined): number {
  const count = previewCount(s);
  // From the turn that switches on, nobody looks at a preview any more: these pods serve.
  const serves = activeSet === s.roles.newSet || s.status.blueGreen?.activeSelector === s.roles.newSet.hash;
  if (count === undefined || !activeSet || serves || s.status.promoteFull || s.replicas === 0) return s.replicas;
  const accepted =
    s.status.blueGreen?.scaleUpPreviewCheckPoint === true &&
    !isPausing(s) &&
    s.status.currentPodHash === s.roles.newSet.hash;
  return accepted ? s.replicas : count;
}

/** All pods that it was asked for are there and available, and it was asked for all that the Rollout wants. */
export const isSaturated = (s: Situation, set: SetView): boolean =>
  set.spec === s.replicas &&
  set.available === s.replicas &&
  (s.replicas === 0 || (set.desired === s.replicas && isUpToDate(set)));

export function isReadyForPause(s: Situation): boolean {
  const { newSet } = s.roles;
  const wanted = newSetCount(s, activeSetOf(s));
  return newSet.spec === wanted && newSet.available === wanted;
}

function activeSetOf(s: Situation): SetView | undefined {
  const service = serviceOf(s, blueGreenOf(s)?.activeService);
  const hash = service && selectedHash(service);
  return hash ? s.roles.all.find((set) => set.hash === hash) : undefined;
}

/** Scales the new version; after an abort it waits, unless the delay is 0, which means: for ever. Source: spec-rollout §4.7. */
export function planNewSetCount(s: Situation, plan: Plan, activeSet: SetView | undefined): void {
  const { newSet, stableSet } = s.roles;
  if (!s.status.abort || !stableSet) {
    dropDeadline(plan, newSet);
    const isKept = isBlocked(s) && newSet.desired === s.replicas;
    planReplicas(s, plan, newSet, isKept ? newSet.spec : newSetCount(s, activeSet));
    return;
  }
  planReplicas(s, plan, newSet, abortedCount(s, plan));
}

function abortedCount(s: Situation, plan: Plan): number {
  const { newSet, stableSet } = s.roles;
  const delaySeconds = blueGreenOf(s)?.abortScaleDownDelaySeconds ?? DEFAULT_ABORT_DELAY_SECONDS;
  // While the active Service still points here, these pods serve.
  const isServing = activeSetOf(s) === newSet;
  if (delaySeconds === 0 || newSet.spec === 0 || isServing) return newSet.spec;
  if (newSet.deadline === undefined) {
    if (lastingAvailable(stableSet!) >= s.replicas) planDeadline(s, plan, newSet, delaySeconds * 1000);
    return newSet.spec;
  }
  if (!isAhead(newSet.deadline, s.now)) return 0;
  plan.wake(newSet.deadline);
  return newSet.spec;
}

/** Versions before the stable one and interrupted updates: they wait as long as the strategy says, then go. */
export function planPreviousSets(s: Situation, plan: Plan): void {
  if (pausesOf(s.status).some(({ reason }) => reason === 'InconclusiveAnalysisRun')) return;
  if (isBlocked(s)) return;
  const strategy = blueGreenOf(s)!;
  // Without a delay of their own they stay until the switch has proved right.
  if (strategy.scaleDownDelaySeconds == null && awaitsPostPromotion(s)) return;
  planDelayedScaleDown(
    s,
    plan,
    s.roles.others.filter((set) => !isReferenced(s, set)),
    {
      delaySeconds: strategy.scaleDownDelaySeconds ?? undefined,
      revisionLimit: strategy.scaleDownDelayRevisionLimit ?? undefined,
      // A waiting set follows the autoscaler, so that going back to it finds enough pods.
      keep: (set) => (set.deadline === undefined ? set.spec : s.replicas),
    },
  );
}

/** It has been switched to the new version, and whether that was right is being measured. */
const awaitsPostPromotion = (s: Situation): boolean =>
  !!blueGreenOf(s)?.postPromotionAnalysis &&
  !s.status.abort &&
  !isFullyPromoted(s.status) &&
  activeSetOf(s) === s.roles.newSet &&
  !hasSucceeded(s.status, 'PostPromotion');

/** Something may still send requests there: judged by what was observed, not by what this turn wants. */
function isReferenced(s: Situation, set: SetView): boolean {
  const strategy = blueGreenOf(s)!;
  const services = [strategy.activeService, strategy.previewService ?? undefined].map((name) => serviceOf(s, name));
  return services.some((service) => service !== undefined && selectedHash(service) === set.hash);
}
