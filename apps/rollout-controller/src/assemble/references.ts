import { resources } from '@sluice/kube';
import type { ResourceRef } from '@sluice/kube';
import type { Rollout } from '@sluice/model';

export type WorkloadKind = 'Deployment' | 'ReplicaSet' | 'PodTemplate';

/** The kinds that a `workloadRef` may name, by kind. */
export const workloadKinds: Readonly<Record<WorkloadKind, ResourceRef>> = {
  Deployment: resources.deployments,
  ReplicaSet: resources.replicaSets,
  PodTemplate: resources.podTemplates,
};

export type WorkloadReference =
  | { readonly kind: 'inline' }
  | { readonly kind: 'workload'; readonly of: WorkloadKind; readonly name: string }
  | { readonly kind: 'unsupported'; readonly message: string };

const objectName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** What `spec.workloadRef` points at. Any version of the right group will do: the server converts. */
export function workloadReferenceOf(rollout: Rollout): WorkloadReference {
  const reference = rollout.spec.workloadRef;
  if (reference === undefined || reference === null) return { kind: 'inline' };
  const { apiVersion = '', kind = '', name = '' } = reference;
  // Anything else would be asked for at a path that is not an object's: without a name, at that of the list.
  if (!objectName.test(name))
    return { kind: 'unsupported', message: `workloadRef names no workload: "${name}" is not a name of an object` };
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const of = Object.hasOwn(workloadKinds, kind) ? (kind as WorkloadKind) : undefined;
  if (of === undefined || workloadKinds[of].group !== group)
    return {
      kind: 'unsupported',
      message: `workloadRef names ${apiVersion} ${kind} "${name}": it must be an apps/v1 Deployment, an apps/v1 ReplicaSet or a v1 PodTemplate`,
    };
  return { kind: 'workload', of, name };
}
