import type { SetHeaderRoute, SetMirrorRoute } from '@sluice/model';
import { newRevision } from '../revision.ts';
import { lastingAvailable } from '../sets.ts';
import { isFullyPromoted, stepsOf } from '../situation.ts';
import type { Situation } from '../situation.ts';

export interface ManagedRoutes {
  readonly headerRoutes: readonly SetHeaderRoute[];
  readonly mirrorRoutes: readonly SetMirrorRoute[];
}

export const noManagedRoutes: ManagedRoutes = { headerRoutes: [], mirrorRoutes: [] };

/**
 * Header and mirror routes that are to exist: those that steps up to the current one have set and none has taken away. They go with the
 * end of the update, however it ends, and when no canary pod could answer. Source: spec-rollout §6, spec-traffic §4.5.
 */
export function managedRoutes(s: Situation): ManagedRoutes {
  if (
    isFullyPromoted(s.status) ||
    s.status.abort ||
    s.status.promoteFull ||
    lastingAvailable(s.roles.newSet) === 0 ||
    newRevision(s) < 2
  )
    return noManagedRoutes;
  const header = new Map<string, SetHeaderRoute>();
  const mirror = new Map<string, SetMirrorRoute>();
  for (const step of stepsOf(s).slice(0, (s.status.currentStepIndex ?? 0) + 1)) {
    if (step.setHeaderRoute) keep(header, step.setHeaderRoute);
    if (step.setMirrorRoute) keep(mirror, step.setMirrorRoute);
  }
  return { headerRoutes: [...header.values()], mirrorRoutes: [...mirror.values()] };
}

function keep<T extends { readonly name: string; readonly match?: readonly unknown[] | null }>(
  routes: Map<string, T>,
  route: T,
): void {
  routes.delete(route.name);
  if (route.match && route.match.length > 0) routes.set(route.name, route);
}
