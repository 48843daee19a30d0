import { desiredReplicasAnnotation, eventReasons, podTemplateHashLabel } from '@sluice/model';
import type { LabelSelector, PodTemplateSpec, ReplicaSet } from '@sluice/model';
import { withAntiAffinity } from './anti-affinity.ts';
import { withHash } from './counts.ts';
import type { Changes, EventIntent, ReplicaSetChange } from './decision.ts';
import { event } from './events.ts';
import { ownerOf } from './owner.ts';
import { copiedAnnotations, newRevision } from './revision.ts';
import { labelledTemplate } from './roles.ts';
import type { SetView } from './sets.ts';
import type { Situation } from './situation.ts';

/** The selector of the Rollout's pods: its own, or the referenced workload's. */
export function selectorOf(s: Situation): LabelSelector | undefined {
  if (s.spec.selector) return s.spec.selector;
  return s.snapshot.workload.kind === 'found' ? s.snapshot.workload.selector : undefined;
}

/** The ReplicaSet of a new version, with what this turn wants of it. Source: spec-rollout §3.3. */
export function buildReplicaSet(
  s: Situation,
  set: SetView,
  change: ReplicaSetChange,
): { replicaSet: ReplicaSet; events: readonly EventIntent[] } {
  const { metadata } = s.rollout;
  const labels = { ...s.template.metadata?.labels, [podTemplateHashLabel]: set.hash };
  const annotations = applied(
    { ...copiedAnnotations(s), [desiredReplicasAnnotation]: String(s.replicas) },
    change.annotations,
  );
  const minReadySeconds = s.spec.minReadySeconds ?? 0;
  const replicaSet: ReplicaSet = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: set.name,
      namespace: metadata.namespace,
      labels,
      annotations,
      ownerReferences: [ownerOf(s.rollout)],
    },
    spec: {
      replicas: change.replicas ?? 0,
      ...(minReadySeconds > 0 && { minReadySeconds }),
      selector: withHash(selectorOf(s) ?? {}, set.hash),
      template: withAntiAffinity(s, set, withMetadata(labelledTemplate(s.template, set.hash), change)),
    },
  };
  const created = event(
    eventReasons.newReplicaSetCreated,
    `Created ReplicaSet ${set.name} (revision ${newRevision(s)})`,
  );
  return { replicaSet, events: [created] };
}

function withMetadata(template: PodTemplateSpec, { podLabels, podAnnotations }: ReplicaSetChange): PodTemplateSpec {
  if (!podLabels && !podAnnotations) return template;
  const { labels, annotations } = template.metadata ?? {};
  return {
    ...template,
    metadata: {
      ...template.metadata,
      labels: applied(labels, podLabels),
      annotations: applied(annotations, podAnnotations),
    },
  };
}

function applied(
  words: Readonly<Record<string, string>> | undefined,
  changes: Changes | undefined,
): Record<string, string> {
  const result: Record<string, string> = { ...words };
  for (const [key, value] of Object.entries(changes ?? {})) {
    if (value === null) delete result[key];
    else result[key] = value;
  }
  return result;
}
