import type { ServiceObservation, WorkloadObservation } from '@sluice/engine';
import type { LabelSelector, Pod, ReplicaSet, Rollout } from '@sluice/model';
import type { Workload } from './projections.ts';
import type { WorkloadReference } from './references.ts';

/**
 * Where a snapshot comes from: the caches of the controller, or direct reads. No method throws: what could not be read is `unknown`,
 * or undefined for pods.
 */
export interface Sources {
  /** ReplicaSets whose controller is this Rollout, by uid. */
  ownedReplicaSets(rollout: Rollout): readonly ReplicaSet[];
  /** ReplicaSets of the namespace that carry the hash label and have no controller. */
  orphanedReplicaSets(namespace: string): readonly ReplicaSet[];
  service(namespace: string, name: string): Promise<ServiceObservation>;
  workload(namespace: string, reference: WorkloadReference): Promise<WorkloadObservation>;
  pods(namespace: string, selector: LabelSelector): Promise<readonly Pod[] | undefined>;
}

export function foundWorkload({ metadata, template, selector, replicas }: Workload, of: string): WorkloadObservation {
  return {
    kind: 'found',
    template,
    generation: metadata.generation ?? 0,
    ...(selector === undefined ? {} : { selector }),
    ...(of === 'Deployment' ? { replicas: replicas ?? 1 } : {}),
  };
}
