import { targetOf } from './plan.ts';
import type { Plan } from './plan.ts';
import { oldestFirst } from './sets.ts';
import type { Situation } from './situation.ts';

const DEFAULT_LIMIT = 10;

/**
 * Forgets the oldest sets beyond `revisionHistoryLimit`. One that still has pods is skipped, and no younger one goes in its place.
 * Source: spec-rollout §3.4.
 */
export function planHistory(s: Situation, plan: Plan): void {
  const excess = s.roles.others.length - (s.spec.revisionHistoryLimit ?? DEFAULT_LIMIT);
  if (excess <= 0) return;
  for (const set of s.roles.others.toSorted(oldestFirst).slice(0, excess)) {
    const stored = set.stored!;
    const isSettled = (stored.status?.observedGeneration ?? 0) >= (stored.metadata.generation ?? 0);
    if (set.spec === 0 && set.replicas === 0 && isSettled)
      plan.later({ kind: 'DeleteReplicaSet', target: targetOf(stored), events: [] });
  }
}
