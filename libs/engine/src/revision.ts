import {
  annotationsNotCopied,
  eventReasons,
  revisionAnnotation,
  revisionHistoryAnnotation,
  workloadGenerationAnnotation,
} from '@sluice/model';
import type { Changes } from './decision.ts';
import { event } from './events.ts';
import type { Plan } from './plan.ts';
import type { SetView } from './sets.ts';
import type { Situation } from './situation.ts';

/** The number of the update: the new set always has the highest, so going back to an old set renumbers it. */
export function newRevision(s: Situation): number {
  const { newSet, all } = s.roles;
  const next = all.reduce((max, set) => (set === newSet ? max : Math.max(max, set.revision)), 0) + 1;
  return Math.max(next, newSet.revision);
}

export const revisionOf = (s: Situation, set: SetView): number =>
  set === s.roles.newSet ? newRevision(s) : set.revision;

/** Annotations of the Rollout as they will be: the generation of the referenced workload is written by us. */
function rolloutAnnotations(s: Situation): Readonly<Record<string, string>> {
  const { [workloadGenerationAnnotation]: _ours, ...rest } = s.rollout.metadata.annotations ?? {};
  return s.snapshot.workload.kind === 'found'
    ? { ...rest, [workloadGenerationAnnotation]: String(s.snapshot.workload.generation) }
    : rest;
}

/** Annotations that the new set gets from the Rollout, with its revision. */
export function copiedAnnotations(s: Situation): Record<string, string> {
  const copied = Object.entries(rolloutAnnotations(s)).filter(([key]) => !annotationsNotCopied.includes(key));
  return { ...Object.fromEntries(copied), [revisionAnnotation]: String(newRevision(s)) };
}

/** Keeps the annotations and minReadySeconds of the new set up to date. Source: spec-rollout §3.4. */
export function planNewSetUpkeep(s: Situation, plan: Plan): void {
  const { newSet, toCreate } = s.roles;
  if (toCreate) return plan.create(newSet);
  const stored = newSet.stored!;
  const annotations = changedAnnotations(s, stored.metadata.annotations ?? {});
  const minReadySeconds = s.spec.minReadySeconds ?? 0;
  const readyChanged = (stored.spec.minReadySeconds ?? 0) !== minReadySeconds;
  if (annotations || readyChanged)
    plan.change(newSet, { ...(annotations && { annotations }), ...(readyChanged && { minReadySeconds }) });
}

function changedAnnotations(s: Situation, stored: Readonly<Record<string, string>>): Changes | undefined {
  const changed = Object.entries(copiedAnnotations(s)).filter(([key, value]) => stored[key] !== value);
  if (changed.length === 0) return undefined;
  // Whatever changed, the history gets the number that the set had: clients read it that way.
  const before = stored[revisionAnnotation];
  const history = stored[revisionHistoryAnnotation];
  const copied: Changes = Object.fromEntries(changed);
  return before === undefined
    ? copied
    : { ...copied, [revisionHistoryAnnotation]: history ? `${history},${before}` : before };
}

/** Annotations of the Rollout itself: its revision follows the new set's, and the workload's generation. */
export function planRolloutAnnotations(s: Situation, plan: Plan): void {
  const stored = s.rollout.metadata.annotations ?? {};
  const revision = String(newRevision(s));
  const generation = rolloutAnnotations(s)[workloadGenerationAnnotation];
  const annotations: Record<string, string | null> = {};
  if (stored[revisionAnnotation] !== revision) annotations[revisionAnnotation] = revision;
  if (stored[workloadGenerationAnnotation] !== generation)
    annotations[workloadGenerationAnnotation] = generation ?? null;
  const replicas = (s.spec.replicas ?? undefined) === undefined ? { replicas: s.replicas } : {};
  if (Object.keys(annotations).length === 0 && replicas.replicas === undefined) return;
  const updated =
    revisionAnnotation in annotations
      ? [event(eventReasons.rolloutUpdated, `Rollout updated to revision ${revision}`)]
      : [];
  plan.later({
    kind: 'PatchRollout',
    ...(Object.keys(annotations).length > 0 && { annotations }),
    ...replicas,
    events: updated,
  });
}
