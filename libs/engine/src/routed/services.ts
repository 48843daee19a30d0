import type { Service } from '@sluice/model';
import { mayPointAt, planSwitch, selectedHash, serviceOf } from '../canary-services.ts';
import type { Plan } from '../plan.ts';
import type { SetView } from '../sets.ts';
import { canaryOf } from '../situation.ts';
import type { Situation } from '../situation.ts';
import { shareFor } from './counts.ts';
import type { Routed } from './routers.ts';
import { serviceNames } from './service-names.ts';
import { canaryHash, carrierOf } from './target.ts';

/**
 * Points both Services where the routes expect them. Returns the version that each selects after this turn; undefined where there is no
 * such Service and the router tells versions apart by hash.
 */
export function planRoutedServices(
  s: Situation,
  plan: Plan,
  routed: Routed,
): { readonly stable?: string; readonly canary?: string } {
  const names = serviceNames(s);
  const { newSet, stableSet } = s.roles;
  const stableService = serviceOf(s, names.stable);
  const canaryService = serviceOf(s, names.canary);
  if (
    stableService &&
    stableSet &&
    (selectedHash(stableService) === stableSet.hash || mayPointAt(stableService, stableSet))
  ) {
    planSwitch(s, plan, stableService, stableSet.hash);
  }
  if (canaryService) {
    // Taken back, the canary Service follows the routes: while they still send traffic there, its pods keep answering.
    const isBack = s.status.abort && stableSet && (routed.highest === 0 || !canaryOf(s)?.dynamicStableScale);
    const target = isBack ? stableSet : s.roles.all.find((set) => set.hash === canaryHash(s));
    if (target && mayMove(s, canaryService, target, routed)) {
      planSwitch(s, plan, canaryService, target.hash);
    } else if (
      stableSet &&
      mustLeave(s, selectedHash(canaryService), newSet.hash) &&
      mayPointAt(canaryService, stableSet)
    ) {
      planSwitch(s, plan, canaryService, stableSet.hash);
    }
  }
  const after = (service: typeof stableService): string | undefined =>
    service && (plan.switchTo(service.metadata.name) ?? selectedHash(service));
  return { stable: after(stableService), canary: after(canaryService) };
}

/** The routes send a share there: it moves only to pods that can take that share, or away from pods that cannot answer at all. */
function mayMove(s: Situation, service: Service, target: SetView, routed: Routed): boolean {
  if (selectedHash(service) === target.hash) return true;
  const carrier = carrierOf(s);
  // On the stable version, both sides of the routes end at the same pods.
  const canCarry =
    target === s.roles.stableSet
      ? routed.highest === 0 || target.available >= s.replicas
      : routed.highest <= shareFor(s, target.available);
  const isTakenOver = canCarry || (carrier?.available ?? 0) === 0;
  const isUnused = routed.highest === 0 && !!canaryOf(s)?.pingPong;
  return isUnused || (isTakenOver && mayPointAt(service, target));
}

/** The selected version is superseded and has nothing left to answer with. */
function mustLeave(s: Situation, selected: string, newHash: string): boolean {
  const set = s.roles.all.find((each) => each.hash === selected);
  return selected !== '' && selected !== newHash && (set?.available ?? 0) === 0;
}
