// Which ReplicaSet is the Deployment's current one, and the annotations by which `kubectl rollout history` and `undo` know the others.
import { controllerReference, fresh } from '../base/ownership.ts';
import { epochOf } from '../base/time.ts';
import type { KubeObject } from '../../storage/store.ts';
import type { Deployment, ReplicaSet } from './kinds.ts';
import { wantedReplicas } from './kinds.ts';
import { hashLabel, templateHash, templateText } from './template-hash.ts';

const prefix = 'deployment.kubernetes.io/';
export const revisionAnnotation = `${prefix}revision`;
const historyAnnotation = `${prefix}revision-history`;
const desiredAnnotation = `${prefix}desired-replicas`;
const maxAnnotation = `${prefix}max-replicas`;
// What describes one object and not the version that it runs stays where it is.
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.deployment.rollback.to',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
]);

type Annotations = Readonly<Record<string, string>>;

export interface Revisions {
  readonly current: ReplicaSet | undefined;
  /** Oldest first. */
  readonly old: readonly ReplicaSet[];
}

export const revisionOf = (o: KubeObject): number => Number(o.metadata.annotations?.[revisionAnnotation] ?? 0) || 0;

/** The oldest set with the Deployment's template is the current one, whoever made it. */
export function revisionsOf(deployment: Deployment, sets: readonly ReplicaSet[]): Revisions {
  const byAge = [...sets].sort(
    (a, b) =>
      epochOf(a.metadata.creationTimestamp) - epochOf(b.metadata.creationTimestamp) ||
      (a.metadata.name < b.metadata.name ? -1 : 1),
  );
  const wanted = templateText(deployment.spec.template);
  const current = byAge.find((set) => templateText(set.spec.template) === wanted);
  return { current, old: byAge.filter((set) => set !== current) };
}

export const nextRevision = (old: readonly ReplicaSet[]): number =>
  old.reduce((most, set) => Math.max(most, revisionOf(set)), 0) + 1;

const copiedAnnotations = (deployment: Deployment): Annotations =>
  Object.fromEntries(Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !notCopied.has(key)));

/** The sizes that the set was last scaled under; a Deployment of another size since then was scaled by someone. */
export const sizeAnnotations = (deployment: Deployment, surge: number): Annotations => ({
  [desiredAnnotation]: String(wantedReplicas(deployment)),
  [maxAnnotation]: String(wantedReplicas(deployment) + surge),
});

export const desiredWhenScaled = (set: ReplicaSet): number | undefined => numberOf(set, desiredAnnotation);
export const mostWhenScaled = (set: ReplicaSet): number | undefined => numberOf(set, maxAnnotation);

function numberOf(set: ReplicaSet, annotation: string): number | undefined {
  const text = set.metadata.annotations?.[annotation];
  return text === undefined ? undefined : Number(text);
}

/** The annotations of the current set. A set that becomes current again gets a new revision and remembers the ones it had. */
export function currentAnnotations(deployment: Deployment, set: ReplicaSet, revision: number): Annotations {
  const annotations: Record<string, string> = { ...set.metadata.annotations, ...copiedAnnotations(deployment) };
  const before = revisionOf(set);
  if (before < revision) {
    annotations[revisionAnnotation] = String(revision);
    if (before > 0)
      annotations[historyAnnotation] = [...(annotations[historyAnnotation]?.split(',') ?? []), before].join(',');
  }
  return annotations;
}

/** A set for the Deployment's template, to be created with `replicas` pods. */
export function newReplicaSet(deployment: Deployment, revision: number, replicas: number, surge: number): KubeObject {
  const hash = templateHash(deployment.spec.template, deployment.status?.collisionCount);
  const { selector, template, minReadySeconds } = deployment.spec;
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  return fresh(
    'apps/v1',
    'ReplicaSet',
    {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels,
      annotations: {
        ...copiedAnnotations(deployment),
        ...sizeAnnotations(deployment, surge),
        [revisionAnnotation]: String(revision),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    {
      spec: {
        replicas,
        ...(minReadySeconds ? { minReadySeconds } : {}),
        selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
      status: { replicas: 0 },
    },
  );
}
