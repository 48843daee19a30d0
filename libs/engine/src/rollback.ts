import { experimentNameAnnotation } from '@sluice/model';
import { wasMadeBefore } from './sets.ts';
import type { Situation } from './situation.ts';

/** The desired version is the stable one, or was made before it. */
export function isRollback({ roles: { newSet, stableSet } }: Situation): boolean {
  return stableSet !== undefined && (newSet === stableSet || wasMadeBefore(newSet, stableSet));
}

/**
 * Whether the update goes back to a version so recent that its steps are skipped: fewer than `rollbackWindow.revisions` sets were made
 * between it and the stable one, those of experiments aside. Source: spec-rollout §5.4; as documented, it does not
 * matter whether the old set still has pods.
 */
export function isWithinRollbackWindow(s: Situation): boolean {
  const window = s.spec.rollbackWindow?.revisions;
  const { newSet, stableSet, all } = s.roles;
  if (!window || !stableSet || newSet === stableSet || !wasMadeBefore(newSet, stableSet)) return false;
  const between = all.filter(
    (set) =>
      wasMadeBefore(newSet, set) &&
      wasMadeBefore(set, stableSet) &&
      set.stored?.metadata.annotations?.[experimentNameAnnotation] === undefined,
  );
  return between.length < window;
}

/** A rollback that needs no steps, no pause and no analysis. */
export const isFastRollback = (s: Situation): boolean =>
  isRollback(s) && (s.roles.newSet === s.roles.stableSet || isWithinRollbackWindow(s));
