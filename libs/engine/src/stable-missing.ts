import { conditionReasons, conditionTypes, eventReasons, podTemplateHashLabel } from '@sluice/model';
import type { ReplicaSet } from '@sluice/model';
import { idealPair } from './canary-replicas.ts';
import { selectedHash, serviceOf } from './canary-services.ts';
import { conditionsOf, findCondition } from './conditions.ts';
import type { ConditionContent } from './conditions.ts';
import type { Action, Explanation } from './decision.ts';
import { event } from './events.ts';
import { ownerOf } from './owner.ts';
import { newRevision } from './revision.ts';
import { totalOf } from './sets.ts';
import { blueGreenOf, canaryOf } from './situation.ts';
import type { Situation } from './situation.ts';
import { surgeOf } from './surge.ts';
import { currentStepIndex, desiredCanaryWeight, maxWeightOf } from './weight.ts';

/**
 * A version is on record as the stable one, and its ReplicaSet is gone: deleted by hand, or never there for this controller. One that was never
 * healthy does not count: a first deploy that came to nothing has approved no version.
 */
export const isStableMissing = ({ status, roles }: Situation): boolean =>
  !!status.stableRS &&
  roles.stableSet === undefined &&
  findCondition(conditionsOf(status), conditionTypes.healthy) !== undefined;

/**
 * Whether the update stays as it is because the stable version is missing. What the strategy lets pass without a word of its own, and what
 * users have said, still counts: a full promotion approves the new version, and steps that are all done have approved it.
 */
export function isHeldWithoutStable(s: Situation): boolean {
  if (!isStableMissing(s)) return false;
  if (s.status.abort) return true;
  if (s.status.promoteFull) return false;
  const blueGreen = blueGreenOf(s);
  if (!blueGreen) return currentStepIndex(s) !== undefined;
  const active = serviceOf(s, blueGreen.activeService);
  const isSwitched = s.status.blueGreen?.activeSelector === s.roles.newSet.hash;
  return !isSwitched && !(active && selectedHash(active) === s.roles.newSet.hash);
}

/** Pods of the held version: as many as it has, in the same proportion where the Rollout itself is scaled. */
export function heldCanaryCount(s: Situation): number {
  const { spec, desired } = s.roles.newSet;
  if (desired === undefined || desired === s.replicas) return Math.min(spec, s.replicas);
  if (desired === 0)
    return s.status.abort ? 0 : idealPair(s.replicas, desiredCanaryWeight(s), maxWeightOf(s), 0).canary;
  return Math.min(s.replicas, Math.ceil((spec * s.replicas) / desired));
}

export function stableMissingMessage(s: Situation): string {
  const { name } = s.rollout.metadata;
  return (
    `The ReplicaSet of the stable version (${s.status.stableRS}) is missing, and its pod template is not known: ` +
    `the update to revision ${newRevision(s)} (${s.roles.newSet.hash}) is held as it is. ` +
    `${waysOut(name)}`
  );
}

const waysOut = (name: string): string =>
  `Apply the pod template of the stable version again, or approve the new version: sluice promote ${name} --full.`;

export function stableMissingCondition(s: Situation): ConditionContent | undefined {
  if (!isHeldWithoutStable(s)) return undefined;
  return {
    type: conditionTypes.stableMissing,
    status: 'True',
    reason: conditionReasons.stableMissing,
    message: stableMissingMessage(s),
  };
}

export function explainStableMissing(s: Situation): Explanation | undefined {
  if (!isHeldWithoutStable(s)) return undefined;
  const { available, spec } = s.roles.newSet;
  return {
    code: 'StableVersionMissing',
    detail:
      `The ReplicaSet of the stable version (${s.status.stableRS}) is missing; version ${s.roles.newSet.hash} is not approved ` +
      `and keeps its ${canaryOf(s) ? `${available} of ${spec} available pods` : 'place behind the preview'}.`,
    unblock: waysOut(s.rollout.metadata.name),
  };
}

/** Creates the missing ReplicaSet again as it was last seen, with the pods that it had. */
export function recreationOf(s: Situation): (Action & { readonly kind: 'CreateReplicaSet' }) | undefined {
  const { lastStable, replicaSets, takenNames, createFailure, rollout } = s.snapshot;
  if (!lastStable || !isHeldWithoutStable(s)) return undefined;
  const hash = lastStable.metadata.labels?.[podTemplateHashLabel];
  const { name } = lastStable.metadata;
  const isTaken = takenNames?.includes(name) || replicaSets.some(({ metadata }) => metadata.name === name);
  if (hash === undefined || hash !== s.status.stableRS || isTaken || createFailure?.hash === hash) return undefined;
  const message = `ReplicaSet ${name} of the stable version was deleted: it is created again as it was last seen`;
  return {
    kind: 'CreateReplicaSet',
    replicaSet: asLastSeen(lastStable, s),
    hash,
    events: [event(eventReasons.stableMissing, `${message} (Rollout ${rollout.metadata.name})`)],
  };
}

function asLastSeen({ apiVersion, kind, metadata, spec }: ReplicaSet, s: Situation): ReplicaSet {
  const { name, namespace, labels, annotations } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ownerReferences: [ownerOf(s.rollout)],
    },
    spec: { ...spec, replicas: Math.min(spec.replicas ?? 1, s.replicas, roomForStable(s)) },
  };
}

/** Where pods alone split the traffic, all versions together stay within `replicas` and the surge. */
function roomForStable(s: Situation): number {
  const canary = canaryOf(s);
  if (!canary || canary.trafficRouting) return s.replicas;
  const { surge } = surgeOf(s.replicas, canary.maxSurge, canary.maxUnavailable);
  return Math.max(0, s.replicas + surge - totalOf(s.roles.all, 'spec'));
}
