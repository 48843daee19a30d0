import { conditionReasons, conditionTypes, formatTime } from '@sluice/model';
import type { ConditionType, RolloutCondition, RolloutStatus } from '@sluice/model';
import type { EpochMs } from './snapshot.ts';

export type Conditions = readonly RolloutCondition[];
export type Truth = 'True' | 'False' | 'Unknown';

export interface ConditionContent {
  readonly type: ConditionType;
  readonly status: Truth;
  readonly reason: string;
  readonly message: string;
}

/** One and the same list for "none", so that two readings of a status without conditions are not taken for a change. */
const none: Conditions = Object.freeze([]);

export const conditionsOf = (status: Pick<RolloutStatus, 'conditions'>): Conditions => status.conditions ?? none;
export const findCondition = (conditions: Conditions, type: ConditionType): RolloutCondition | undefined =>
  conditions.find((condition) => condition.type === type);
export const without = (conditions: Conditions, type: ConditionType): Conditions =>
  findCondition(conditions, type) ? conditions.filter((condition) => condition.type !== type) : conditions;

/**
 * Replaces a condition only when its status or reason changed: a new message alone is not news. A replaced condition goes to the end of
 * the list. `refresh` replaces it anyway, so that the progress deadline starts again. Source: spec-rollout §2.2.
 */
export function withCondition(
  conditions: Conditions,
  content: ConditionContent,
  now: EpochMs,
  refresh = false,
): Conditions {
  const before = findCondition(conditions, content.type);
  if (before && before.status === content.status && before.reason === content.reason && !refresh) return conditions;
  const time = formatTime(now);
  const lastTransitionTime = before && before.status === content.status ? before.lastTransitionTime : time;
  const next: RolloutCondition = { ...content, lastUpdateTime: time, lastTransitionTime };
  if (before && sameCondition(before, next)) return conditions;
  return [...without(conditions, content.type), next];
}

const sameCondition = (a: RolloutCondition, b: RolloutCondition): boolean =>
  a.status === b.status &&
  a.reason === b.reason &&
  a.message === b.message &&
  a.lastUpdateTime === b.lastUpdateTime &&
  a.lastTransitionTime === b.lastTransitionTime;

const truth = (value: boolean): Truth => (value ? 'True' : 'False');

export const available = (value: boolean): ConditionContent => ({
  type: conditionTypes.available,
  status: truth(value),
  reason: conditionReasons.available,
  message: value ? 'Rollout has minimum availability' : 'Rollout does not have minimum availability',
});
export const healthy = (value: boolean): ConditionContent => ({
  type: conditionTypes.healthy,
  status: truth(value),
  reason: conditionReasons.healthy,
  message: value ? 'Rollout is healthy' : 'Rollout is not healthy',
});
export const completed = (value: boolean): ConditionContent => ({
  type: conditionTypes.completed,
  status: truth(value),
  reason: conditionReasons.completed,
  message: 'RolloutCompleted',
});
export const paused = (value: boolean): ConditionContent => ({
  type: conditionTypes.paused,
  status: truth(value),
  reason: conditionReasons.paused,
  message: 'Rollout is paused',
});
export const progressing = (status: Truth, reason: string, message: string): ConditionContent => ({
  type: conditionTypes.progressing,
  status,
  reason,
  message,
});
