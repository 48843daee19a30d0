import { isKubeError, resources } from '@sluice/kube';
import type { KubeError } from '@sluice/kube';
import { experimentTemplateNameAnnotation } from '@sluice/model';
import type { Service } from '@sluice/model';
import { controllerOf } from '../assemble/projections.ts';
import { Answered, StaleDecision, assertInCharge, keyIn, uidOf } from './execution.ts';
import type { ActionOf, Execution } from './execution.ts';

const ref = resources.services;

export async function createService(execution: Execution, action: ActionOf<'CreateService'>): Promise<void> {
  const { client, answers, signal } = execution;
  assertInCharge(execution);
  try {
    execution.wrote('services', await client.create<Service>(ref, action.service, { signal }));
  } catch (error) {
    if (!isKubeError(error, 'AlreadyExists', 'Invalid', 'Forbidden', 'TooLarge')) throw error;
    if (error.code === 'AlreadyExists') await learnWhoHasTheName(execution, action, error);
    else answers.serviceRefused(uidOf(execution), action.template, error.serverMessage ?? error.message);
    throw new Answered(error.message, { cause: error });
  }
}

async function learnWhoHasTheName(
  execution: Execution,
  { template, service }: ActionOf<'CreateService'>,
  cause: KubeError,
): Promise<void> {
  const { name } = service.metadata;
  const { client, answers, signal } = execution;
  const existing = await client.find<Service>(ref, keyIn(execution, name), { signal });
  if (existing === undefined) throw new StaleDecision(`Service ${name} was there and is gone`, { cause });
  const isOurs =
    controllerOf(existing)?.uid === uidOf(execution) &&
    existing.metadata.annotations?.[experimentTemplateNameAnnotation] === template;
  if (isOurs) {
    execution.wrote('services', existing);
    throw new StaleDecision(`Service ${name} had been created already`, { cause });
  }
  answers.serviceRefused(
    uidOf(execution),
    template,
    `service ${name} already exists and is not owned by experiment template ${template}`,
  );
}

export async function deleteService(execution: Execution, { target }: ActionOf<'DeleteService'>): Promise<void> {
  const { uid, resourceVersion, name } = target;
  assertInCharge(execution);
  const { signal } = execution;
  try {
    await execution.client.remove(ref, keyIn(execution, name), { uid, resourceVersion, signal });
  } catch (error) {
    if (!isKubeError(error, 'NotFound')) throw error;
  }
  const stored = execution.snapshot.services.find(({ metadata }) => metadata.uid === uid);
  if (stored !== undefined) execution.removed('services', stored);
}
