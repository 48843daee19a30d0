import { namesNoRouter } from '../hold.ts';
import { canaryOf } from '../situation.ts';
import type { Situation } from '../situation.ts';
import type { Plan } from '../plan.ts';
import { named } from '../snapshot.ts';

/** Whether routers are asked to split this rollout's traffic at all. */
export const isRouted = (s: Situation): boolean => canaryOf(s)?.trafficRouting != null && !namesNoRouter(s.spec);

/**
 * The routers that may still hold routes for this rollout although its strategy names none any more: which one the split in the status was given to is not
 * recorded, so that each that is installed has to have said that it holds nothing.
 */
function owingRouters(s: Situation): readonly string[] {
  const { capabilities, releases = {} } = s.snapshot;
  return capabilities.routers.filter((router) => named(releases, router) !== 'released');
}

/** The split that the status speaks of is nobody's any more, and has not been given back everywhere. */
export const isBeingReleased = (s: Situation): boolean =>
  !isRouted(s) && s.snapshot.rollout.status?.canary?.weights != null && owingRouters(s).length > 0;

export function planRelease(s: Situation, plan: Plan): void {
  if (isBeingReleased(s)) plan.route({ kind: 'ReleaseTraffic', routers: owingRouters(s), events: [] });
}

/** The first router that was asked to give back its routes and has not, and why. */
export function releaseWaitedFor(s: Situation): { readonly router: string; readonly reason: string } | undefined {
  if (!isBeingReleased(s)) return undefined;
  for (const router of owingRouters(s)) {
    const answer = named(s.snapshot.releases ?? {}, router);
    if (answer !== undefined && answer !== 'released') return { router, reason: answer.reason };
  }
  return undefined;
}
