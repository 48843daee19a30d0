import type { CanaryPair } from '../canary-replicas.ts';
import { selectedHash, serviceOf } from '../canary-services.ts';
import type { Plan } from '../plan.ts';
import { planReplicas } from '../replicas.ts';
import { dropDeadline, isAhead, planDeadline, planDelayedScaleDown } from '../scale-down-delay.ts';
import { lastingAvailable } from '../sets.ts';
import type { SetView } from '../sets.ts';
import { canaryOf, isFullyPromoted } from '../situation.ts';
import type { Situation } from '../situation.ts';
import { podsFor, scaleByHand } from './counts.ts';
import type { TrafficIntent } from './intent.ts';
import { isTrafficKnown } from './routers.ts';
import type { Acknowledgement } from './routers.ts';
import { proportionOf } from '../proportion.ts';
import { maxWeightOf } from '../weight.ts';
import { serviceNames } from './service-names.ts';
import type { TrafficSpan } from './span.ts';

const DEFAULT_ABORT_DELAY_SECONDS = 30;

/** Asks for pods on both sides and lets go of sets that nothing refers to any more. Source: spec-rollout §4.6, §4.7. */
export function planRoutedSets(
  s: Situation,
  plan: Plan,
  wanted: CanaryPair,
  routed: TrafficSpan,
  intent: TrafficIntent | undefined,
  answer: Acknowledgement,
): void {
  const { newSet, stableSet } = s.roles;
  if (stableSet) {
    dropDeadline(plan, stableSet);
    // What nobody has looked at yet may still need all pods that there are.
    const mayGo = isTrafficKnown(s) && !isSpreadBeyond(s, newSet);
    planReplicas(s, plan, stableSet, mayGo ? wanted.stable : Math.max(wanted.stable, stableSet.spec));
  }
  if (newSet !== stableSet) planNewSet(s, plan, wanted.canary, routed);
  planOthers(s, plan, intent, answer);
}

/** The sets while the rollout is halted: each keeps its part of `spec.replicas`, and all that traffic may need. */
export function planHaltedSets(s: Situation, plan: Plan, routed: TrafficSpan): void {
  const { newSet, stableSet } = s.roles;
  if (stableSet) {
    const isWhole = !canaryOf(s)?.dynamicStableScale || stableSet === newSet;
    const wanted = isWhole ? s.replicas : Math.max(proportionOf(s, stableSet), stableNeeds(s, routed));
    const mayGo = isTrafficKnown(s) && !isSpreadBeyond(s, newSet);
    planReplicas(s, plan, stableSet, mayGo ? wanted : Math.max(wanted, stableSet.spec));
  }
  if (newSet === stableSet) return;
  const wanted = scaleByHand(s) && s.replicas > 0 ? newSet.spec : proportionOf(s, newSet);
  planReplicas(s, plan, newSet, Math.max(wanted, Math.min(newSet.spec, carrying(s, routed))));
}

const stableNeeds = (s: Situation, routed: TrafficSpan): number => podsFor(s, maxWeightOf(s) - routed.lowest);

function planNewSet(s: Situation, plan: Plan, wanted: number, routed: TrafficSpan): void {
  const { newSet, stableSet } = s.roles;
  const count = Math.max(wanted, Math.min(newSet.spec, carrying(s, routed)));
  if (!s.status.abort || !stableSet || !waitsAfterAbort(s)) {
    dropDeadline(plan, newSet);
    planReplicas(s, plan, newSet, count);
    return;
  }
  planReplicas(s, plan, newSet, abortedCount(s, plan, routed));
}

/** Pods of the new version that traffic may need: they stay until the routers have been seen to have left them. */
function carrying(s: Situation, routed: TrafficSpan): number {
  // Where no pods are asked for, there is nothing to carry it anyway.
  if (s.replicas === 0) return 0;
  if (!isTrafficKnown(s) || isSpreadBeyond(s, s.roles.stableSet) || hasStableService(s)) return s.roles.newSet.spec;
  const isReached = routed.highest > 0 || routed.byHeader;
  return Math.max(isReached ? 1 : 0, scaleByHand(s) ? 0 : podsFor(s, routed.highest));
}

/** With a delay of 0, and with a dynamic stable set unless a delay was asked for, the canary goes as its traffic goes. */
function waitsAfterAbort(s: Situation): boolean {
  const delay = canaryOf(s)?.abortScaleDownDelaySeconds;
  return delay !== 0 && (!canaryOf(s)?.dynamicStableScale || (delay !== undefined && delay !== null));
}

function abortedCount(s: Situation, plan: Plan, routed: TrafficSpan): number {
  const { newSet, stableSet } = s.roles;
  const delaySeconds = canaryOf(s)?.abortScaleDownDelaySeconds ?? DEFAULT_ABORT_DELAY_SECONDS;
  if (newSet.spec === 0) return 0;
  if (newSet.deadline === undefined) {
    if (lastingAvailable(stableSet!) >= s.replicas) planDeadline(s, plan, newSet, delaySeconds * 1000);
    return newSet.spec;
  }
  if (isAhead(newSet.deadline, s.now)) {
    plan.wake(newSet.deadline);
    return newSet.spec;
  }
  const mayBeReached = routed.highest > 0 || routed.byHeader || !isTrafficKnown(s) || hasStableService(s);
  return s.replicas > 0 && mayBeReached ? newSet.spec : 0;
}

function planOthers(s: Situation, plan: Plan, intent: TrafficIntent | undefined, answer: Acknowledgement): void {
  const canary = canaryOf(s);
  const free = s.roles.others.filter((set) => !isReferenced(s, set, intent, answer));
  const isDelayed = (set: SetView): boolean => isFullyPromoted(s.status) || set.deadline !== undefined;
  for (const set of free) {
    if (set.spec === 0) continue;
    // Nobody has a connection to pods that never answered.
    if (!isDelayed(set) || canary?.dynamicStableScale || lastingAvailable(set) === 0) {
      planReplicas(s, plan, set, 0);
      dropDeadline(plan, set);
    }
  }
  if (canary?.dynamicStableScale) return;
  const answering = free.filter((set) => isDelayed(set) && lastingAvailable(set) > 0);
  planDelayedScaleDown(s, plan, answering, {
    delaySeconds: canary?.scaleDownDelaySeconds ?? undefined,
    revisionLimit: canary?.scaleDownDelayRevisionLimit ?? undefined,
    keep: lastingAvailable,
  });
}

/** What the two Services select: a hash, or '' for all versions. */
function selectedHashes(s: Situation): readonly (string | undefined)[] {
  const names = serviceNames(s);
  return [names.stable, names.canary].map((name) => {
    const service = serviceOf(s, name);
    return service && selectedHash(service);
  });
}

/** Somebody has pointed the stable Service at the new version: it gets the stable side's traffic until the stable one can take that back. */
const hasStableService = (s: Situation): boolean => selectedHashes(s)[0] === s.roles.newSet.hash;

/** A Service that selects all versions needs the pods of each, until the one that is to stay has all that are asked for. */
const isSpreadBeyond = (s: Situation, staying: SetView | undefined): boolean =>
  selectedHashes(s).includes('') && !(staying !== undefined && lastingAvailable(staying) >= s.replicas);

/** Traffic may still reach it: a Service was last seen to select it, or the routers have not all been seen to be done with it. */
function isReferenced(s: Situation, set: SetView, intent: TrafficIntent | undefined, answer: Acknowledgement): boolean {
  // Where no pods are asked for there is nobody to move traffic to, and nothing to wait for.
  if (s.replicas === 0) return false;
  const isSelected = selectedHashes(s).includes(set.hash) || isSpreadBeyond(s, s.roles.stableSet);
  if (isSelected || intent?.canary.hash === set.hash) return true;
  if (answer !== 'missing' && answer !== 'pending') return false;
  const weights = s.status.canary?.weights;
  const isRecorded = weights?.canary.podTemplateHash === set.hash || weights?.stable.podTemplateHash === set.hash;
  // A promotion records the routes as they are going to be: what it replaces stays until they are.
  return isRecorded || (isFullyPromoted(s.status) && set.deadline === undefined);
}
