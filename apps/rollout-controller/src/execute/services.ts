import { resources } from '@sluice/kube';
import { managedByAnnotation, podTemplateHashLabel } from '@sluice/model';
import type { Service } from '@sluice/model';
import { assertInCharge } from '@sluice/reconcile';
import type { ActionOf, Execution } from './execution.ts';

export async function switchService(execution: Execution, action: ActionOf<'SwitchService'>): Promise<void> {
  const { target, hash, managedBy } = action;
  const namespace = execution.snapshot.rollout.metadata.namespace ?? '';
  const body = {
    metadata: { annotations: { [managedByAnnotation]: managedBy } },
    spec: { selector: { [podTemplateHashLabel]: hash } },
  };
  assertInCharge(execution);
  const options = { resourceVersion: target.resourceVersion, signal: execution.signal };
  const answer = await execution.client.patch<Service>(
    resources.services,
    { namespace, name: target.name },
    'merge',
    body,
    options,
  );
  execution.wrote('services', answer);
}
