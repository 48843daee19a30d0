import {
  type PodTemplateSpec,
  type ReplicaSet,
  type RolloutStrategy,
  injectedPartsOf,
  withoutInjectedParts,
} from '@sluice/model';
import { CommandError } from '../errors.ts';
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

/**
 * The ReplicaSet's pod template as its owner wrote it, without what controllers have added: were the metadata of a past
 * role written into the Rollout, the old ReplicaSet would no longer be recognised and the way back would be a new version.
 */
export function templateToRestore(replicaSet: ReplicaSet, strategy: RolloutStrategy | undefined): PodTemplateSpec {
  const template = withoutInjectedParts(replicaSet.spec.template ?? {}, injectedPartsOf(replicaSet, strategy));
  const { labels, annotations } = template.metadata ?? {};
  return { ...template, metadata: { ...ifAny('labels', labels), ...ifAny('annotations', annotations) } };
}

function ifAny(field: string, map: Record<string, string> | undefined): object {
  return Object.keys(map ?? {}).length === 0 ? {} : { [field]: map };
}
