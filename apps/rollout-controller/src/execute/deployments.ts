import { resources } from '@sluice/kube';
import type { Deployment } from '@sluice/model';
import { assertInCharge } from '@sluice/reconcile';
import type { ActionOf, Execution } from './execution.ts';

/**
 * Scales the Deployment that a `workloadRef` migrates away from. Its version is read first: other controllers write its status all the
 * time, and the version of a snapshot would rarely still hold. One that is gone has no pods to take away.
 */
export async function scaleDeployment(execution: Execution, action: ActionOf<'ScaleDeployment'>): Promise<void> {
  const key = { namespace: execution.snapshot.rollout.metadata.namespace ?? '', name: action.name };
  const { signal } = execution;
  const live = await execution.client.find<Deployment>(resources.deployments, key, { signal });
  if (live === undefined || live.spec.replicas === action.replicas) return;
  assertInCharge(execution);
  const body = { spec: { replicas: action.replicas } };
  const { resourceVersion } = live.metadata;
  await execution.client.patch(resources.deployments, key, 'merge', body, {
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    signal,
  });
}
