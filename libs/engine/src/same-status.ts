import type { RolloutStatus } from '@sluice/model';

/**
 * Fields that the API leaves out when they are empty: absent and empty mean the same, and a client that wrote `abort: false` finds it
 * again as it was.
 */
const omittedWhenEmpty: ReadonlySet<string> = new Set([
  'observedGeneration',
  'currentPodHash',
  'stableRS',
  'currentStepHash',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'HPAReplicas',
  'selector',
  'abort',
  'abortedAt',
  'pauseConditions',
  'controllerPause',
  'promoteFull',
  'restartedAt',
  'phase',
  'message',
  'workloadObservedGeneration',
  'conditions',
  'duration',
  'currentStepIndex',
  'alb',
  'albs',
]);

const isEmpty = (key: string, value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (key !== 'currentStepIndex' &&
    (value === 0 || value === '' || value === false || (Array.isArray(value) && value.length === 0)));

/**
 * The next status as it is stored: what did not change keeps its stored form, so that a patch of the differences says only what is
 * new. Returns `before` itself when nothing is.
 */
export function storedForm(before: RolloutStatus, next: RolloutStatus): RolloutStatus {
  const result: Record<string, unknown> = {};
  let changed = false;
  for (const key of new Set([...Object.keys(before), ...Object.keys(next)])) {
    const old = before[key as keyof RolloutStatus];
    const value = next[key as keyof RolloutStatus];
    const isOmitted = omittedWhenEmpty.has(key) && isEmpty(key, value);
    const isSame = isOmitted ? isEmpty(key, old) : deepEqual(old, value);
    if (!isSame) changed = true;
    if (isSame) {
      if (old !== undefined) result[key] = old;
    } else if (!isOmitted && value !== undefined) result[key] = value;
  }
  return changed ? (result as RolloutStatus) : before;
}

export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(b, key) && deepEqual((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}
