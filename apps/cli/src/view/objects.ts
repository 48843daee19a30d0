import {
  type AnalysisRun,
  type Deployment,
  type Experiment,
  type KubeObject,
  type Pod,
  type PodTemplate,
  type ReplicaSet,
  revisionAnnotation,
} from '@sluice/model';

/** Objects that may belong to a Rollout or an Experiment; what does not belong is left out of a view by ownership. */
export interface OwnedObjects {
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  readonly experiments: readonly Experiment[];
  readonly analysisRuns: readonly AnalysisRun[];
}

/** What a Rollout's workloadRef can name. */
export type Workload = Deployment | ReplicaSet | PodTemplate;

/** The revision written on an object; 0 when there is none or it is not a number. */
export function revisionOf(object: KubeObject): number {
  const revision = Number(object.metadata.annotations?.[revisionAnnotation] ?? 0);
  return Number.isSafeInteger(revision) ? revision : 0;
}

/** Whether `owner` is the controller of `object`, by uid: a name can belong to a successor. */
export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  const uid = owner.metadata.uid;
  return (
    uid !== undefined &&
    (object.metadata.ownerReferences ?? []).some((ref) => ref.controller === true && ref.uid === uid)
  );
}
