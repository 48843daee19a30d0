import {
  type Pod,
  type ReplicaSet,
  type Rollout,
  experimentTemplateNameAnnotation,
  podTemplateHashLabel,
  scaleDownDeadlineAnnotation,
  type ObjectMeta,
} from '@sluice/model';
import { replicaSetIcon } from './icons.ts';
import type { PodInfo, ReplicaSetInfo, ShownMeta } from './info.ts';
import { isControlledBy, revisionOf } from './objects.ts';
import { podIcon, podStatus } from './pod-status.ts';

export function shownMeta(meta: ObjectMeta): ShownMeta {
  const { name, namespace, labels, annotations, uid, generation, creationTimestamp, resourceVersion } = meta;
  return { name, namespace, labels, annotations, uid, generation, creationTimestamp, resourceVersion };
}

export function byCreationThenName(a: { objectMeta: ShownMeta }, b: { objectMeta: ShownMeta }): number {
  return (
    (a.objectMeta.creationTimestamp ?? '').localeCompare(b.objectMeta.creationTimestamp ?? '') ||
    (a.objectMeta.name ?? '').localeCompare(b.objectMeta.name ?? '')
  );
}

export function byRevisionThenName(a: ReplicaSetInfo, b: ReplicaSetInfo): number {
  return b.revision - a.revision || (a.objectMeta.name ?? '').localeCompare(b.objectMeta.name ?? '');
}

export function replicaSetStatus(replicaSet: ReplicaSet): string {
  const status = replicaSet.status ?? { replicas: 0 };
  if ((status.conditions ?? []).some((condition) => condition.type === 'ReplicaFailure' && condition.status === 'True'))
    return 'ReplicaFailure';
  const desired = replicaSet.spec?.replicas ?? 1;
  const unobserved = (status.observedGeneration ?? 0) < (replicaSet.metadata.generation ?? 0);
  if (unobserved || (status.availableReplicas ?? 0) < desired) return 'Progressing';
  return desired === 0 ? 'ScaledDown' : 'Healthy';
}

/** What a ReplicaSet is to its Rollout. An Experiment's ReplicaSet, which has no Rollout as owner, is nothing of all that. */
export interface Role {
  readonly stable: boolean;
  readonly canary: boolean;
  readonly active: boolean;
  readonly preview: boolean;
  readonly ping: boolean;
  readonly pong: boolean;
}

export const NO_ROLE: Role = { stable: false, canary: false, active: false, preview: false, ping: false, pong: false };

export function roleIn(rollout: Rollout, replicaSet: ReplicaSet): Role {
  const hash = replicaSet.metadata.labels?.[podTemplateHashLabel] ?? '';
  if (hash === '') return NO_ROLE;
  const status = rollout.status ?? {};
  const stable = hash === status.stableRS;
  if (rollout.spec?.strategy?.blueGreen !== undefined) {
    return {
      ...NO_ROLE,
      stable,
      active: hash === status.blueGreen?.activeSelector,
      preview: hash === status.blueGreen?.previewSelector,
    };
  }
  const canary = !stable && hash === status.currentPodHash;
  const hasPingPong = rollout.spec?.strategy?.canary?.pingPong !== undefined && (stable || canary);
  // The stable version answers on the service that status names, the canary on the other one.
  const onPing = (status.canary?.stablePingPong === 'ping') === stable;
  return { ...NO_ROLE, stable, canary, ping: hasPingPong && onPing, pong: hasPingPong && !onPing };
}

export function replicaSetInfo(replicaSet: ReplicaSet, role: Role, pods: readonly Pod[]): ReplicaSetInfo {
  const status = replicaSetStatus(replicaSet);
  const annotations = replicaSet.metadata.annotations ?? {};
  const podSpec = replicaSet.spec?.template?.spec;
  return {
    objectMeta: shownMeta(replicaSet.metadata),
    status,
    icon: replicaSetIcon(status),
    revision: revisionOf(replicaSet),
    ...role,
    replicas: replicaSet.status?.replicas ?? 0,
    available: replicaSet.status?.availableReplicas ?? 0,
    template: annotations[experimentTemplateNameAnnotation] ?? '',
    scaleDownDeadline: annotations[scaleDownDeadlineAnnotation] ?? '',
    images: (podSpec?.containers ?? []).map((container) => container.image ?? ''),
    initContainerImages: (podSpec?.initContainers ?? []).map((container) => container.image ?? ''),
    pods: pods
      .filter((pod) => isControlledBy(pod, replicaSet))
      .map(podInfo)
      .sort(byCreationThenName),
  };
}

function podInfo(pod: Pod): PodInfo {
  const { status, readyContainers, totalContainers, restarts } = podStatus(pod);
  return {
    objectMeta: shownMeta(pod.metadata),
    status,
    icon: podIcon(status),
    ready: `${readyContainers}/${totalContainers}`,
    restarts,
  };
}
