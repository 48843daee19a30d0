import type { Rollout, RolloutStatus } from '@sluice/model';
import { conditionsOf } from './conditions.ts';
import type { Decision } from './decision.ts';
import { heldConditions, holdEvents } from './hold.ts';
import type { Hold } from './hold.ts';
import { storedForm } from './same-status.ts';
import type { RolloutSnapshot } from './snapshot.ts';

/** Says what is wrong with a Rollout that has no version to keep, and does nothing else. Source: spec-rollout §1.4. */
export function invalidSpec({ rollout, now }: RolloutSnapshot, hold: Hold): Decision {
  const stored = rollout.status ?? {};
  const next: RolloutStatus = {
    ...stored,
    observedGeneration: observedGeneration(rollout),
    conditions: [...heldConditions(conditionsOf(stored), hold, now)],
    phase: 'Degraded',
    message: `InvalidSpec: ${hold.message}`,
  };
  const status = storedForm(stored, next);
  return {
    status,
    statusUrgency: status === stored ? 'unchanged' : 'now',
    actions: [],
    events: holdEvents(stored, hold),
    explanation: { code: 'InvalidSpec', detail: hold.message, unblock: hold.unblock },
  };
}

const observedGeneration = (rollout: Rollout): string => String(rollout.metadata.generation ?? 0);
