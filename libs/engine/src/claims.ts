import { podTemplateHashLabel, selectorMatches } from '@sluice/model';
import type { LabelSelector, ReplicaSet } from '@sluice/model';
import type { Action } from './decision.ts';
import { targetOf } from './plan.ts';
import type { Situation } from './situation.ts';

/**
 * Takes in ReplicaSets of ours that lost their owner, and lets go of those that no longer match the selector. Without a selector nothing is
 * claimed and nothing let go: an empty answer would release every set.
 */
export function claims(s: Situation, selector: LabelSelector | undefined): readonly Action[] {
  if (!selector) return [];
  const matches = (set: ReplicaSet): boolean => selectorMatches(selector, set.metadata.labels);
  const isLiving = (set: ReplicaSet): boolean => !set.metadata.deletionTimestamp;
  const adopted = s.snapshot.orphans.filter(
    (set) => isLiving(set) && set.metadata.labels?.[podTemplateHashLabel] && matches(set),
  );
  const released = s.snapshot.replicaSets.filter((set) => isLiving(set) && !matches(set));
  return [
    ...adopted.map((set): Action => ({ kind: 'AdoptReplicaSet', target: targetOf(set), events: [] })),
    ...released.map((set): Action => ({ kind: 'ReleaseReplicaSet', target: targetOf(set), events: [] })),
  ];
}
