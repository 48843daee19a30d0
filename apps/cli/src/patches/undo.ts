import { CommandError } from '../errors.ts';
import { type PodTemplateSpec, type ReplicaSet, podTemplateHashLabel } from '@sluice/model';
import { revisionOf } from '../view/objects.ts';

/**
 * The ReplicaSet to go back to: the one of `revision`, or for 0 the one before the newest.
 *
 * @param replicaSets those that the Rollout controls
 * @throws CommandError when there is none
 */
export function targetOfUndo(replicaSets: readonly ReplicaSet[], revision: number, rolloutName: string): ReplicaSet {
  if (revision > 0) {
    const target = replicaSets.find((replicaSet) => revisionOf(replicaSet) === revision);
    if (target === undefined) throw new CommandError(`unable to find specified revision ${revision} in history`);
    return target;
  }
  const [, previous] = [...replicaSets].sort((a, b) => revisionOf(b) - revisionOf(a));
  if (previous === undefined) throw new CommandError(`no revision found for rollout "${rolloutName}"`);
  return previous;
}

/** The ReplicaSet's pod template as its owner wrote it: without the hash that the controller added. */
export function templateToRestore(replicaSet: ReplicaSet): PodTemplateSpec {
  const template = structuredClone(replicaSet.spec?.template ?? {});
  delete template.metadata?.labels?.[podTemplateHashLabel];
  return template;
}

/** Whether every field that is set in `current` has the same value in `target`, which may have more (the API server's defaults). */
export function alreadyMatches(current: unknown, target: unknown): boolean {
  if (isUnset(current)) return true;
  if (Array.isArray(current)) {
    return (
      Array.isArray(target) &&
      current.length === target.length &&
      current.every((item, index) => alreadyMatches(item, target[index]))
    );
  }
  if (typeof current === 'object' && current !== null) {
    const other = (typeof target === 'object' && target !== null ? target : {}) as Record<string, unknown>;
    return Object.entries(current).every(([field, value]) => alreadyMatches(value, other[field]));
  }
  return current === target;
}

function isUnset(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
