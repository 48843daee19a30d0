import * as model from '@sluice/model';
import type { RolloutSnapshot } from './snapshot.ts';

// Interim until @sluice/model exports its validation.
const m = model as Record<string, any>;
export function problemWith(snapshot: RolloutSnapshot): string | undefined {
  const { rollout, workload } = snapshot;
  if (workload.kind === 'missing') return workload.message;
  const template = workload.kind === 'found' ? workload.template : rollout.spec.template;
  if (!m.validateRollout)
    return rollout.spec.strategy?.canary || rollout.spec.strategy?.blueGreen ? undefined : 'no strategy';
  const error =
    m.validateRollout(rollout, template) ?? m.validateReferences(rollout, { template, services: snapshot.services });
  return error ? m.formatFieldError(error) : undefined;
}
