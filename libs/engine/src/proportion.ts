import type { SetView } from './sets.ts';
import type { Situation } from './situation.ts';
import { maxWeightOf } from './weight.ts';

// While a Rollout is halted its sets keep their proportion. Each set has written on it for how many pods it was last scaled, so that a scaling
// that was interrupted between two sets ends at the same numbers.

const sidesOf = ({ roles: { newSet, stableSet } }: Situation): readonly SetView[] =>
  stableSet && stableSet !== newSet ? [newSet, stableSet] : [newSet];

/** Whether `spec.replicas` has changed since the sets were last scaled. One that was never scaled waits for the update to go on. */
export const isResized = (s: Situation): boolean =>
  sidesOf(s).some((set) => set.desired !== undefined && set.desired !== s.replicas);

/** The part of all pods asked for that this set has. */
const partOf = (set: SetView | undefined): number => (set?.desired ? set.spec / set.desired : 0);

/** The canary's share of the pods, out of the highest weight; `weight` where there are none. */
export function presentShare(s: Situation, weight: number): number {
  const { newSet, stableSet } = s.roles;
  const [canary, stable] = [partOf(newSet), partOf(stableSet)];
  return canary + stable === 0 ? weight : Math.round((maxWeightOf(s) * canary) / (canary + stable));
}

/** The pods that this set gets of `spec.replicas`: none only where it has none. */
export const proportionOf = (s: Situation, set: SetView): number =>
  set.desired === undefined || set.desired === 0 || set.desired === s.replicas
    ? set.spec
    : Math.ceil((set.spec * s.replicas) / set.desired);
