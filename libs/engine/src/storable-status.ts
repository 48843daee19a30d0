import type { RolloutStatus } from '@sluice/model';
import type { Decision } from './decision.ts';
import { storedForm } from './same-status.ts';
import type { RolloutSnapshot } from './snapshot.ts';

/** What can be stored whatever else is refused: it says what is wrong. */
const alwaysTold = ['conditions', 'phase', 'message', 'observedGeneration'] as const;

/**
 * A status of which the API server refuses parts is stored without them, so that it says what was refused and everything else goes on; one that it refuses as a whole is not
 * offered again before the back-off is over.
 */
export function withoutRefusedParts(snapshot: RolloutSnapshot, decision: Decision): Decision {
  const refused = (snapshot.refusals ?? []).filter(({ kind }) => kind === 'PatchStatus').map(({ name }) => name);
  if (refused.length === 0) return decision;
  const stored = snapshot.storedStatus ?? snapshot.rollout.status ?? {};
  if (refused.includes('*')) return { ...decision, status: stored, statusUrgency: 'unchanged', events: [] };
  const status = refused.includes('')
    ? { ...stored, ...pick(decision.status, alwaysTold) }
    : {
        ...decision.status,
        ...keptAsStored(
          stored,
          refused.flatMap((parts) => parts.split(',')),
        ),
      };
  const form = storedForm(stored, status);
  return { ...decision, status: form, statusUrgency: form === stored ? 'unchanged' : 'now' };
}

const pick = (status: RolloutStatus, keys: readonly (keyof RolloutStatus)[]): RolloutStatus =>
  Object.fromEntries(keys.map((key) => [key, status[key]]));

const keptAsStored = (stored: RolloutStatus, keys: readonly string[]): RolloutStatus =>
  Object.fromEntries(keys.map((key) => [key, stored[key as keyof RolloutStatus]]));
