import { lastingAvailable, newestFirst, oldestFirst } from './sets.ts';
import type { SetView } from './sets.ts';

/**
 * Counts for the sets of interrupted updates of a basic canary: pods that cannot serve go at once, the rest as far as the floor of availability
 * allows, newest revision first. Source: spec-rollout §4.4.
 *
 * `spokenFor` is availability that the same decision takes elsewhere.
 */
export function drainOthers(
  others: readonly SetView[],
  all: readonly SetView[],
  floor: number,
  spokenFor: number,
): ReadonlyMap<SetView, number> {
  const counts = new Map<SetView, number>();
  for (const set of others.toSorted(oldestFirst)) if (set.spec > set.available) counts.set(set, set.available);
  let budget = all.reduce((sum, set) => sum + lastingAvailable(set), 0) - floor - spokenFor;
  for (const set of others.toSorted(newestFirst)) {
    if (budget <= 0) break;
    const from = counts.get(set) ?? set.spec;
    const to = Math.max(0, from - budget);
    budget -= from - to;
    counts.set(set, to);
  }
  return counts;
}
