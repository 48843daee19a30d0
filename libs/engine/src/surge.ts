import { resolveIntOrPercent } from '@sluice/model';
import type { IntOrString } from '@sluice/model';

/** How far the number of pods may leave the number asked for while a basic canary moves. */
export interface Surge {
  readonly surge: number;
  readonly unavailable: number;
}

const BOTH_DEFAULT = '25%';

/**
 * Round surge up and unavailability down, as Deployments do; with both at zero one pod may be missing, otherwise nothing could
 * ever move. Source: spec-rollout §4.1.
 */
export function surgeOf(
  replicas: number,
  maxSurge: IntOrString | null | undefined,
  maxUnavailable: IntOrString | null | undefined,
): Surge {
  const surge = resolveIntOrPercent(maxSurge ?? BOTH_DEFAULT, replicas, 'up') ?? 0;
  if (replicas === 0) return { surge, unavailable: 0 };
  const unavailable = resolveIntOrPercent(maxUnavailable ?? BOTH_DEFAULT, replicas, 'down') ?? 0;
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, replicas) };
}
