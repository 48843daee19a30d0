import type { Service } from '@sluice/model';
import { mayPointAt, planSwitch, selectedHash, serviceOf } from '../canary-services.ts';
import type { Plan } from '../plan.ts';
import { lastingAvailable } from '../sets.ts';
import type { SetView } from '../sets.ts';
import { canaryOf } from '../situation.ts';
import type { Situation } from '../situation.ts';
import { hasPassedThreshold } from '../steps.ts';
import { maxWeightOf } from '../weight.ts';
import { shareOf } from './counts.ts';
import { isTrafficKnown } from './routers.ts';
import { serviceNames } from './service-names.ts';
import type { TrafficSpan } from './span.ts';
import { carrierOf } from './target.ts';

/** The version that each side of the routes reaches after this turn; undefined where the Service selects all versions, or there is no stable one. */
export interface Reached {
  readonly stable: string | undefined;
  readonly canary: string | undefined;
}

/** Points both Services where the routes expect them. Where there is no canary Service, the routes tell versions apart by hash and move alike. */
export function planRoutedServices(s: Situation, plan: Plan, routed: TrafficSpan): Reached {
  const names = serviceNames(s);
  const { stableSet } = s.roles;
  const stableService = serviceOf(s, names.stable);
  const canaryService = serviceOf(s, names.canary);
  if (stableService && stableSet && mayReturn(s, stableService, stableSet, routed))
    planSwitch(s, plan, stableService, stableSet.hash);
  if (canaryService) planCanaryService(s, plan, canaryService, routed);
  const after = (service: Service): string => plan.switchTo(service.metadata.name) ?? selectedHash(service);
  return {
    stable: stableService && after(stableService),
    canary: canaryService ? after(canaryService) || undefined : hashAfter(s, routed),
  };
}

/** What the stable Service selects keeps its traffic until the stable version can carry it, or has nothing left to answer with. */
function mayReturn(s: Situation, service: Service, stableSet: SetView, routed: TrafficSpan): boolean {
  const selected = selectedHash(service);
  if (selected === stableSet.hash) return true;
  const from = s.roles.all.find((set) => set.hash === selected);
  const canCarry = shareOf(s, stableSet) >= maxWeightOf(s) - routed.lowest || hasPassedThreshold(s, stableSet);
  return mayPointAt(service, stableSet) && (canCarry || !from || lastingAvailable(from) === 0);
}

function planCanaryService(s: Situation, plan: Plan, service: Service, routed: TrafficSpan): void {
  const { newSet, stableSet } = s.roles;
  // Taken back, the canary Service follows the routes: while they still send traffic there, its pods keep answering.
  const isBack = s.status.abort && stableSet && (routed.highest === 0 || !canaryOf(s)?.dynamicStableScale);
  const target = isBack ? stableSet : newSet;
  if (mayMove(s, service, target, routed)) {
    planSwitch(s, plan, service, target.hash);
  } else if (stableSet && mustLeave(s, selectedHash(service), newSet.hash) && mayPointAt(service, stableSet)) {
    planSwitch(s, plan, service, stableSet.hash);
  }
}

function mayMove(s: Situation, service: Service, target: SetView, routed: TrafficSpan): boolean {
  if (selectedHash(service) === target.hash) return true;
  const isUnused = getsNothing(s, routed) && !!canaryOf(s)?.pingPong;
  return isUnused || (canTakeOver(s, target, routed) && mayPointAt(service, target));
}

/** Seen to get nothing, by routers that have done what they were told: one that has not may still do what it was told before anybody looked. */
const getsNothing = (s: Situation, routed: TrafficSpan): boolean => routed.highest === 0 && isTrafficKnown(s);

/** The routes send a share there: it moves only to pods that can take that share, or away from pods that cannot answer at all. */
function canTakeOver(s: Situation, target: SetView, routed: TrafficSpan): boolean {
  const carrier = carrierOf(s);
  if (!carrier || lastingAvailable(carrier) === 0) return true;
  // On the stable version, both sides of the routes end at the same pods.
  return target === s.roles.stableSet
    ? getsNothing(s, routed) || lastingAvailable(target) >= s.replicas
    : routed.highest <= shareOf(s, target);
}

function hashAfter(s: Situation, routed: TrafficSpan): string {
  const { newSet, stableSet } = s.roles;
  const carrier = carrierOf(s);
  const isThere = !carrier || carrier === newSet || carrier === stableSet;
  return isThere || canTakeOver(s, newSet, routed) ? newSet.hash : carrier.hash;
}

/** The selected version is superseded and has nothing left to answer with. */
function mustLeave(s: Situation, selected: string, newHash: string): boolean {
  const set = s.roles.all.find((each) => each.hash === selected);
  return selected !== '' && selected !== newHash && (!set || lastingAvailable(set) === 0);
}
