import { conditionTypes } from '@sluice/model';
import type { ConditionContent, Truth } from './conditions.ts';
import type { Situation } from './situation.ts';

/** What the ReplicaSet controller says it could not do, the new set's first. */
export function replicaFailureOf({ roles: { newSet, all } }: Situation): ConditionContent | undefined {
  for (const set of [newSet, ...all]) {
    const found = set.stored?.status?.conditions?.find((condition) => condition.type === conditionTypes.replicaFailure);
    if (found) {
      return {
        type: conditionTypes.replicaFailure,
        status: found.status as Truth,
        reason: found.reason ?? '',
        message: found.message ?? '',
      };
    }
  }
  return undefined;
}
