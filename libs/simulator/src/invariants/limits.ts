import { resolveIntOrPercent } from '@sluice/model';
import type { Rollout } from '@sluice/model';

/**
 * How many pods there may be at most while a basic canary moves, and how many must stay available; blue-green uses the second for restarts.
 * Source: spec-rollout §4.1.
 */
export function limitsOf({ spec }: Rollout): { readonly most: number; readonly fewest: number } {
  const replicas = spec.replicas ?? 1;
  const { canary, blueGreen } = spec.strategy ?? {};
  const maxSurge = blueGreen ? 0 : (canary?.maxSurge ?? '25%');
  const maxUnavailable = (blueGreen ?? canary)?.maxUnavailable ?? '25%';
  const surge = resolveIntOrPercent(maxSurge, replicas, 'up') ?? 0;
  const unavailable = resolveIntOrPercent(maxUnavailable, replicas, 'down') ?? 0;
  const missing = surge === 0 && unavailable === 0 ? 1 : unavailable;
  return { most: replicas + surge, fewest: Math.max(0, replicas - missing) };
}
