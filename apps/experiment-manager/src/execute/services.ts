import { isKubeError, resources } from '@sluice/kube';
import { experimentTemplateNameAnnotation } from '@sluice/model';
import { Answered, assertInCharge, createNamed } from '@sluice/reconcile';
import { keyIn, uidOf } from './execution.ts';
import type { ActionOf, Execution } from './execution.ts';

const ref = resources.services;

export async function createService(execution: Execution, action: ActionOf<'CreateService'>): Promise<void> {
  const { client, answers } = execution;
  const ownerUid = uidOf(execution);
  const { service: object, template } = action;
  try {
    const made = await createNamed({
      client,
      ref,
      object,
      writing: execution,
      ownerUid,
      isMeant: ({ metadata }) => metadata.annotations?.[experimentTemplateNameAnnotation] === template,
      wrote: (service) => execution.wrote('services', service),
    });
    if (made === 'created') return;
    const message = `service ${object.metadata.name} already exists and is not owned by experiment template ${template}`;
    answers.serviceRefused(ownerUid, template, message);
    throw new Answered(message);
  } catch (error) {
    if (!isKubeError(error, 'Invalid', 'Forbidden', 'TooLarge')) throw error;
    answers.serviceRefused(ownerUid, template, error.serverMessage ?? error.message);
    throw new Answered(error.message, { cause: error });
  }
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
