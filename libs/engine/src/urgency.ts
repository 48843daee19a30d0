import { conditionReasons } from '@sluice/model';
import type { RolloutStatus } from '@sluice/model';
import { conditionsOf } from './conditions.ts';
import type { Conditions } from './conditions.ts';
import type { StatusUrgency } from './decision.ts';

const counters: ReadonlySet<string> = new Set([
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'HPAReplicas',
]);

/** What Progressing says while pods come and go: one follows the other as the counters change. */
const movements: ReadonlySet<string> = new Set([
  conditionReasons.newReplicaSetCreated,
  conditionReasons.foundNewReplicaSet,
  conditionReasons.replicaSetUpdated,
]);

/**
 * Only counters, and what follows from them, may wait: moments in conditions, and in the phase Progressing its message. All else answers a command or says where the
 * update is.
 */
export function urgencyOf(before: RolloutStatus, after: RolloutStatus): StatusUrgency {
  if (before === after) return 'unchanged';
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof RolloutStatus>;
  const isMoving = before.phase === 'Progressing' && after.phase === 'Progressing';
  const mayWait = (key: keyof RolloutStatus): boolean =>
    before[key] === after[key] ||
    counters.has(key) ||
    (key === 'message' && isMoving) ||
    (key === 'conditions' && saysTheSame(conditionsOf(before), conditionsOf(after)));
  return [...keys].every(mayWait) ? 'soon' : 'now';
}

/** The same conditions, apart from their moments, their order in the list and the movement of pods. */
const saysTheSame = (before: Conditions, after: Conditions): boolean =>
  before.length === after.length &&
  after.every((condition) => {
    const old = before.find(({ type }) => type === condition.type);
    if (old?.status !== condition.status) return false;
    if (movements.has(old.reason ?? '') && movements.has(condition.reason ?? '')) return true;
    return old.reason === condition.reason && old.message === condition.message;
  });
