import { conditionReasons, conditionTypes } from '@sluice/model';
import type { Rollout, RolloutStatus } from '@sluice/model';
import { conditionsOf, withCondition, without } from './conditions.ts';
import type { Decision } from './decision.ts';
import type { RolloutSnapshot } from './snapshot.ts';
import { findCondition } from './conditions.ts';
import { storedForm } from './same-status.ts';

/** Says what is wrong and does nothing else; all that runs goes on running. Source: spec-rollout §1.4. */
export function invalidSpec({ rollout, now }: RolloutSnapshot, problem: string): Decision {
  const message = `The Rollout "${rollout.metadata.name}" is invalid: ${problem}`;
  const stored = rollout.status ?? {};
  const before = findCondition(conditionsOf(stored), conditionTypes.invalidSpec);
  const kept =
    before && before.message !== message
      ? without(conditionsOf(stored), conditionTypes.invalidSpec)
      : conditionsOf(stored);
  const content = {
    type: conditionTypes.invalidSpec,
    status: 'True' as const,
    reason: conditionReasons.invalidSpec,
    message,
  };
  const next: RolloutStatus = {
    ...stored,
    observedGeneration: observedGeneration(rollout),
    conditions: [...withCondition(kept, content, now)],
    phase: 'Degraded',
    message: `InvalidSpec: ${message}`,
  };
  const status = storedForm(stored, next);
  return {
    status,
    statusUrgency: status === stored ? 'unchanged' : 'now',
    actions: [],
    events: [],
    explanation: {
      code: 'InvalidSpec',
      detail: message,
      unblock: 'Mend the field that is named and apply the Rollout again.',
    },
  };
}

const observedGeneration = (rollout: Rollout): string => String(rollout.metadata.generation ?? 0);
