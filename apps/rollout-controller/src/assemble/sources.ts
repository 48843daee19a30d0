import type { ObservedExperiment, ObservedRun, ServiceObservation, WorkloadObservation } from '@sluice/engine';
import type { AnalysisTemplate, LabelSelector, Pod, ReplicaSet, Rollout } from '@sluice/model';
import { workloadKinds } from './references.ts';
import type { Workload } from './projections.ts';
import type { WorkloadKind, WorkloadReference } from './references.ts';

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
  /** No older than this generation, also where a watch has not delivered it yet; `Infinity`: as it is now. */
  workload(namespace: string, reference: WorkloadReference, generation: number): Promise<WorkloadObservation>;
  /** AnalysisRuns and Experiments whose controller is this Rollout, by uid. */
  ownedAnalysisRuns(rollout: Rollout): readonly ObservedRun[];
  ownedExperiments(rollout: Rollout): readonly ObservedExperiment[];
  /** Undefined when there is none, or it cannot be read. */
  analysisTemplate(namespace: string, name: string, clusterScope: boolean): Promise<AnalysisTemplate | undefined>;
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

/** In words like the API server's, with the namespace: that is what the InvalidSpec message of the reference says. */
export function missingWorkload(namespace: string, of: WorkloadKind, name: string): WorkloadObservation {
  const { plural, group } = workloadKinds[of];
  const resource = group === '' ? plural : `${plural}.${group}`;
  return { kind: 'missing', message: `${resource} "${namespace}/${name}" not found` };
}
