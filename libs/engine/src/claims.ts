import { eventReasons, podTemplateHashLabel, selectorMatches } from '@sluice/model';
import type { LabelSelector, ReplicaSet } from '@sluice/model';
import type { Action, EventIntent } from './decision.ts';
import { event } from './events.ts';
import { targetOf } from './plan.ts';
import { isObserved } from './situation.ts';
import type { Situation } from './situation.ts';

/**
 * Takes in ReplicaSets of ours that lost their owner, and lets go of those whose labels a user has changed so that they no longer match the
 * selector. Without a selector nothing is claimed and nothing let go: an empty answer would release every set.
 */
export function claims(s: Situation, selector: LabelSelector | undefined): readonly Action[] {
  if (!selector) return [];
  const matches = (set: ReplicaSet): boolean => selectorMatches(selector, set.metadata.labels);
  const isLiving = (set: ReplicaSet): boolean => !set.metadata.deletionTimestamp;
  const adopted = s.snapshot.orphans.filter(
    (set) => isLiving(set) && set.metadata.labels?.[podTemplateHashLabel] && matches(set),
  );
  const released = s.snapshot.replicaSets.filter((set) => isLiving(set) && !matches(set) && !isOutgrown(set, selector));
  return [
    ...adopted.map((set): Action => ({ kind: 'AdoptReplicaSet', target: targetOf(set), events: [] })),
    ...released.map((set): Action => ({ kind: 'ReleaseReplicaSet', target: targetOf(set), events: [] })),
  ];
}

/**
 * Its pods do not match the selector either, so it is the selector that has changed since: it stays ours, as an old version that is drained. Let
 * go of, its pods would run on behind every Service.
 */
const isOutgrown = ({ spec }: ReplicaSet, selector: LabelSelector): boolean =>
  spec.template !== undefined && !selectorMatches(selector, spec.template.metadata?.labels);

/** Tells, once for each change of the spec, of versions with pods that the selector has outgrown. */
export function outgrownEvents(s: Situation, selector: LabelSelector | undefined): readonly EventIntent[] {
  const isNews = !isObserved(s) || s.status.currentPodHash !== s.roles.newSet.hash;
  if (!selector || !isNews) return [];
  return s.roles.all
    .filter(({ spec, stored }) => spec > 0 && stored && isOutgrown(stored, selector))
    .map(({ name, spec }) =>
      event(
        eventReasons.selectorChanged,
        `ReplicaSet ${name} (${spec} pods) no longer matches the selector: it is replaced as an old version`,
      ),
    );
}
