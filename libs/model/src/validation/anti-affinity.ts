import type { AntiAffinity } from '../api/rollout-strategy.ts';
import { invalid } from './field-error.ts';
import type { FieldError } from './field-error.ts';

/** Exactly one of required and preferred, and a weight that the scheduler accepts. */
export const antiAffinityError = (antiAffinity: AntiAffinity | null | undefined): FieldError | undefined => {
  const path = 'spec.strategy.antiAffinity';
  if (!antiAffinity) return undefined;
  const preferred = antiAffinity.preferredDuringSchedulingIgnoredDuringExecution;
  if (Boolean(preferred) === Boolean(antiAffinity.requiredDuringSchedulingIgnoredDuringExecution))
    return invalid(
      path,
      antiAffinity,
      'AntiAffinity must have exactly one of requiredDuringSchedulingIgnoredDuringExecution and ' +
        'preferredDuringSchedulingIgnoredDuringExecution',
    );
  return preferred && (preferred.weight < 1 || preferred.weight > 100)
    ? invalid(
        `${path}.preferredDuringSchedulingIgnoredDuringExecution.weight`,
        preferred.weight,
        'weight needs to be between 1 and 100',
      )
    : undefined;
};
