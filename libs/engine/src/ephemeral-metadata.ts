import {
  ephemeralMetadataAnnotation,
  podTemplateHashLabel,
  recordedMetadata,
  replacedMetadataAnnotation,
} from '@sluice/model';
import { selectorOf } from './build-replica-set.ts';
import type { LabelsAndAnnotations, Pod, Rollout } from '@sluice/model';
import type { Changes } from './decision.ts';
import { targetOf } from './plan.ts';
import type { Plan } from './plan.ts';
import type { SetView } from './sets.ts';
import { blueGreenOf, canaryOf, isFullyPromoted } from './situation.ts';
import type { Situation } from './situation.ts';

type Words = Readonly<Record<string, string>>;
interface Metadata {
  readonly labels: Words;
  readonly annotations: Words;
}
const nothing: Metadata = { labels: {}, annotations: {} };

interface Configured {
  readonly updating: Metadata;
  readonly stable: Metadata;
}

const read = (metadata: LabelsAndAnnotations | null | undefined): Metadata => ({
  labels: metadata?.labels ?? {},
  annotations: metadata?.annotations ?? {},
});

function configuredOf(rollout: Rollout): Configured | undefined {
  const { canary, blueGreen } = rollout.spec.strategy ?? {};
  const updating = canary?.canaryMetadata ?? blueGreen?.previewMetadata;
  const stable = canary?.stableMetadata ?? blueGreen?.activeMetadata;
  return updating || stable ? { updating: read(updating), stable: read(stable) } : undefined;
}

export const hasEphemeralMetadata = (rollout: Rollout): boolean => configuredOf(rollout) !== undefined;

/**
 * Labels and annotations that pods wear only while their set plays a part. The template gets them for pods to come, and the pods that
 * are there are brought in line. Only keys that were injected are ever taken away; where the template has a value of its own under such a
 * key, that one comes back. Labels of the selector are never touched: without them the pods would not be the set's. Source: spec-rollout §5.10.
 */
export function planEphemeralMetadata(s: Situation, plan: Plan): void {
  const configured = configuredOf(s.rollout);
  if (!configured || !(canaryOf(s) || blueGreenOf(s))) return;
  const selected = selectedLabels(s);
  for (const set of s.roles.all) {
    const part = wantedFor(s, set, configured);
    const wanted: Metadata = { ...part, labels: without(part.labels, selected) };
    const own = ownMetadata(s, set);
    planTemplate(plan, set, { wanted, own, selected });
    if (set.stored) planPods(s, plan, set, { wanted, own, selected }, configured);
  }
}

/** What one set is to wear: injected, and what its template has of its own. */
interface Wear {
  readonly wanted: Metadata;
  readonly own: Metadata;
  /** Labels that are never touched. */
  readonly selected: ReadonlySet<string>;
}

function selectedLabels(s: Situation): ReadonlySet<string> {
  const { matchLabels = {}, matchExpressions = [] } = selectorOf(s) ?? {};
  return new Set([
    podTemplateHashLabel,
    ...Object.keys(matchLabels ?? {}),
    ...(matchExpressions ?? []).map(({ key }) => key),
  ]);
}

const without = (words: Words, keys: ReadonlySet<string>): Words =>
  Object.fromEntries(Object.entries(words).filter(([key]) => !keys.has(key)));

function wantedFor(s: Situation, set: SetView, configured: Configured): Metadata {
  const { newSet, stableSet } = s.roles;
  if (set === newSet) return isFullyPromoted(s.status) || !stableSet ? configured.stable : configured.updating;
  return set === stableSet ? configured.stable : nothing;
}

const injectedInto = ({ stored }: SetView): Metadata =>
  recordedMetadata(stored?.metadata.annotations?.[ephemeralMetadataAnnotation]);
const replacedIn = ({ stored }: SetView): Metadata =>
  recordedMetadata(stored?.metadata.annotations?.[replacedMetadataAnnotation]);

/** What the template of a set has of its own: the Rollout says so of the new one, and the set itself what it had before something was injected. */
function ownMetadata(s: Situation, set: SetView): Metadata {
  const rollout = read(s.template.metadata);
  const live = set.stored?.spec.template?.metadata;
  if (set === s.roles.newSet || !live) return rollout;
  const [injected, replaced] = [injectedInto(set), replacedIn(set)];
  return {
    labels: { ...without(live.labels ?? {}, new Set(Object.keys(injected.labels))), ...replaced.labels },
    annotations: {
      ...without(live.annotations ?? {}, new Set(Object.keys(injected.annotations))),
      ...replaced.annotations,
    },
  };
}

function planTemplate(plan: Plan, set: SetView, { wanted, own, selected }: Wear): void {
  const recorded = injectedInto(set);
  const before: Metadata = { ...recorded, labels: without(recorded.labels, selected) };
  const podLabels = difference(before.labels, wanted.labels, own.labels);
  const podAnnotations = difference(before.annotations, wanted.annotations, own.annotations);
  if (!podLabels && !podAnnotations) return;
  const injected = textOf(wanted);
  const replaced = textOf({
    labels: pick(own.labels, wanted.labels),
    annotations: pick(own.annotations, wanted.annotations),
  });
  plan.change(set, {
    ...(podLabels && { podLabels }),
    ...(podAnnotations && { podAnnotations }),
    annotations: { [ephemeralMetadataAnnotation]: injected, ...recordOf(set, replaced) },
  });
}

/** Nothing is written of what nothing was recorded of. */
function recordOf(set: SetView, replaced: string | null): Changes {
  const isThere = set.stored?.metadata.annotations?.[replacedMetadataAnnotation] !== undefined;
  return replaced === null && !isThere ? {} : { [replacedMetadataAnnotation]: replaced };
}

const pick = (words: Words, keys: Words): Words =>
  Object.fromEntries(Object.entries(words).filter(([key]) => Object.hasOwn(keys, key)));

const sorted = (words: Words): Words =>
  Object.fromEntries(Object.entries(words).toSorted(([a], [b]) => (a < b ? -1 : 1)));
const isEmpty = (words: Words): boolean => Object.keys(words).length === 0;

/** Labels before annotations, keys sorted, empty ones left out; null where there are none. */
function textOf({ labels, annotations }: Metadata): string | null {
  if (isEmpty(labels) && isEmpty(annotations)) return null;
  return JSON.stringify({
    ...(!isEmpty(labels) && { labels: sorted(labels) }),
    ...(!isEmpty(annotations) && { annotations: sorted(annotations) }),
  });
}

/** What leads from one injected part to another; a key that is injected no longer gets the template's own value back. */
function difference(before: Words, after: Words, own: Words): Changes | undefined {
  const changes: Record<string, string | null> = {};
  for (const key of Object.keys(before)) if (!(key in after)) changes[key] = own[key] ?? null;
  for (const [key, value] of Object.entries(after)) if (before[key] !== value) changes[key] = value;
  return Object.keys(changes).length > 0 ? changes : undefined;
}

function planPods(s: Situation, plan: Plan, set: SetView, wear: Wear, { updating, stable }: Configured): void {
  const before = injectedInto(set);
  const { wanted, own, selected } = wear;
  const labelled = [before.labels, updating.labels, stable.labels].map((words) => without(words, selected));
  const annotated = [before.annotations, updating.annotations, stable.annotations];
  for (const pod of podsOf(s, set)) {
    const labels = podChanges(pod.metadata.labels ?? {}, wanted.labels, own.labels, labelled);
    const annotations = podChanges(pod.metadata.annotations ?? {}, wanted.annotations, own.annotations, annotated);
    if (labels || annotations) {
      plan.later({
        kind: 'PatchPodMetadata',
        target: targetOf(pod),
        labels: labels ?? {},
        annotations: annotations ?? {},
        events: [],
      });
    }
  }
}

const podsOf = (s: Situation, set: SetView): readonly Pod[] =>
  (s.snapshot.pods ?? []).filter(
    (pod) =>
      !pod.metadata.deletionTimestamp &&
      pod.metadata.ownerReferences?.some((reference) => reference.uid === set.stored?.metadata.uid),
  );

function podChanges(has: Words, wanted: Words, own: Words, injectable: readonly Words[]): Changes | undefined {
  const changes: Record<string, string | null> = {};
  for (const words of injectable)
    for (const key of Object.keys(words))
      if (key in has && !(key in wanted) && has[key] !== own[key]) changes[key] = own[key] ?? null;
  for (const [key, value] of Object.entries(wanted)) if (has[key] !== value) changes[key] = value;
  return Object.keys(changes).length > 0 ? changes : undefined;
}
