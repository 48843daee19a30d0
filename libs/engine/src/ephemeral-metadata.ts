import { ephemeralMetadataAnnotation } from '@sluice/model';
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
 * are there are brought in line. Only keys that were injected are ever taken away. Source: spec-rollout §5.10.
 */
export function planEphemeralMetadata(s: Situation, plan: Plan): void {
  const configured = configuredOf(s.rollout);
  if (!configured || !(canaryOf(s) || blueGreenOf(s))) return;
  for (const set of s.roles.all) {
    const wanted = wantedFor(s, set, configured);
    planTemplate(plan, set, wanted);
    if (set.stored) planPods(s, plan, set, wanted, configured);
  }
}

function wantedFor(s: Situation, set: SetView, configured: Configured): Metadata {
  const { newSet, stableSet } = s.roles;
  if (set === newSet) return isFullyPromoted(s.status) || !stableSet ? configured.stable : configured.updating;
  return set === stableSet ? configured.stable : nothing;
}

function injectedInto(set: SetView): Metadata {
  const text = set.stored?.metadata.annotations?.[ephemeralMetadataAnnotation];
  if (!text) return nothing;
  try {
    return read(JSON.parse(text) as LabelsAndAnnotations);
  } catch {
    // Somebody wrote there by hand; nothing of ours can be recognised.
    return nothing;
  }
}

function planTemplate(plan: Plan, set: SetView, wanted: Metadata): void {
  const before = injectedInto(set);
  const podLabels = difference(before.labels, wanted.labels);
  const podAnnotations = difference(before.annotations, wanted.annotations);
  if (!podLabels && !podAnnotations) return;
  plan.change(set, {
    ...(podLabels && { podLabels }),
    ...(podAnnotations && { podAnnotations }),
    annotations: { [ephemeralMetadataAnnotation]: textOf(wanted) },
  });
}

const sorted = (words: Words): Words =>
  Object.fromEntries(Object.entries(words).toSorted(([a], [b]) => (a < b ? -1 : 1)));
const isEmpty = (words: Words): boolean => Object.keys(words).length === 0;

/** Labels before annotations, keys sorted, empty ones left out; null where nothing is injected. */
function textOf({ labels, annotations }: Metadata): string | null {
  if (isEmpty(labels) && isEmpty(annotations)) return null;
  return JSON.stringify({
    ...(!isEmpty(labels) && { labels: sorted(labels) }),
    ...(!isEmpty(annotations) && { annotations: sorted(annotations) }),
  });
}

function difference(before: Words, after: Words): Changes | undefined {
  const changes: Record<string, string | null> = {};
  for (const key of Object.keys(before)) if (!(key in after)) changes[key] = null;
  for (const [key, value] of Object.entries(after)) if (before[key] !== value) changes[key] = value;
  return Object.keys(changes).length > 0 ? changes : undefined;
}

function planPods(s: Situation, plan: Plan, set: SetView, wanted: Metadata, { updating, stable }: Configured): void {
  const before = injectedInto(set);
  const own = s.template.metadata ?? {};
  for (const pod of podsOf(s, set)) {
    const labels = podChanges(pod.metadata.labels ?? {}, wanted.labels, own.labels ?? {}, [
      before.labels,
      updating.labels,
      stable.labels,
    ]);
    const annotations = podChanges(pod.metadata.annotations ?? {}, wanted.annotations, own.annotations ?? {}, [
      before.annotations,
      updating.annotations,
      stable.annotations,
    ]);
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
    for (const key of Object.keys(words)) if (key in has && !(key in wanted) && !(key in own)) changes[key] = null;
  for (const [key, value] of Object.entries(wanted)) if (has[key] !== value) changes[key] = value;
  return Object.keys(changes).length > 0 ? changes : undefined;
}
