import {
  conditionTypes,
  fittingObjectName,
  injectedPartsOf,
  podTemplateHash,
  podTemplateHashLabel,
  templatesEqual,
} from '@sluice/model';
import type { PodTemplateSpec, ReplicaSet, RolloutStatus, RolloutStrategy } from '@sluice/model';
import { availablePods } from './pods.ts';
import { isRestartPending } from './restart.ts';
import type { RolloutSnapshot } from './snapshot.ts';
import { oldestFirst, viewOf } from './sets.ts';
import type { SetView } from './sets.ts';

/** Which ReplicaSet plays which part. `newSet` and `stableSet` may be the same. */
export interface Roles {
  /** Runs the template that the Rollout asks for now. */
  readonly newSet: SetView;
  /** The version that everything falls back to; none before the first one was declared stable, or when it was deleted. */
  readonly stableSet: SetView | undefined;
  /** Neither of the two. */
  readonly others: readonly SetView[];
  /** All that exist, oldest first, and the new one where it is still to be created. */
  readonly all: readonly SetView[];
  /** Set where no ReplicaSet has the template yet: the hash suffix its name gets. */
  readonly toCreate: boolean;
  readonly collisionCount: number | undefined;
}

/**
 * Identity is semantic: a set is recognised by `status.currentPodHash` and by its template after defaulting, never only by a hash
 * computed again, so that taking over from another version or controller starts no update. The computed hash is asked last: it finds a set
 * whose template an admission webhook has changed.
 */
export function assignRoles(snapshot: RolloutSnapshot, template: PodTemplateSpec, status: RolloutStatus): Roles {
  const living = livingSets(snapshot);
  const found = findSet(living, template, status, snapshot.rollout.spec.strategy);
  const naming = found ? undefined : nameForNew(snapshot, template, status);
  const newSet = found ?? planned(naming!.name, naming!.hash, snapshot.now);
  const stableSet = status.stableRS
    ? newSet.hash === status.stableRS
      ? newSet
      : living.find((set) => set.hash === status.stableRS)
    : undefined;
  const all = found ? living : [...living, newSet];
  return {
    newSet,
    stableSet,
    others: all.filter((set) => set !== newSet && set !== stableSet),
    all,
    toCreate: found === undefined,
    collisionCount: naming?.collisionCount ?? status.collisionCount ?? undefined,
  };
}

function livingSets(snapshot: RolloutSnapshot): readonly SetView[] {
  const stored = snapshot.replicaSets.map((set) => asPodsSay(snapshot, viewOf(set))).toSorted(oldestFirst);
  return stored.filter((set) => set.stored?.metadata.deletionTimestamp === undefined);
}

/**
 * The roles while no other version may begin: the new set stays the one that the status is about, or is the stable one. Undefined where the
 * template is that of one of the two, and where neither exists.
 */
export function heldRoles(
  snapshot: RolloutSnapshot,
  template: PodTemplateSpec,
  status: RolloutStatus,
): Roles | undefined {
  const living = livingSets(snapshot);
  const asked = findSet(living, template, status, snapshot.rollout.spec.strategy);
  const stableSet = living.find((set) => set.hash !== '' && set.hash === status.stableRS);
  const current = living.find((set) => set.hash !== '' && set.hash === status.currentPodHash);
  if (asked && (asked === stableSet || asked === current)) return undefined;
  const newSet = current ?? stableSet;
  if (newSet === undefined) return undefined;
  const others = living.filter((set) => set !== newSet && set !== stableSet);
  return {
    newSet,
    stableSet,
    others,
    all: living,
    toCreate: false,
    collisionCount: status.collisionCount ?? undefined,
  };
}

/**
 * During a restart, pods that were evicted a moment ago still count in the status of their set: the pods themselves know better.
 */
function asPodsSay({ rollout, pods, now }: RolloutSnapshot, set: SetView): SetView {
  if (!pods || !isRestartPending(rollout)) return set;
  const available = availablePods(set, pods, rollout.spec.minReadySeconds ?? 0, now);
  return available < set.available ? { ...set, available } : set;
}

function findSet(
  sets: readonly SetView[],
  template: PodTemplateSpec,
  status: RolloutStatus,
  strategy: RolloutStrategy | undefined,
): SetView | undefined {
  const same = (set: SetView): boolean => runsTemplate(set.stored!, template, strategy);
  const current = sets.find((set) => set.hash !== '' && set.hash === status.currentPodHash);
  if (current && same(current)) return current;
  const equal = sets.find(same);
  if (equal) return equal;
  const hash = podTemplateHash(template, status.collisionCount);
  return sets.find((set) => set.hash === hash);
}

/** Whether this ReplicaSet runs that template, what was injected into it aside (hash label, ephemeral metadata, anti-affinity). */
export function runsTemplate(
  set: ReplicaSet,
  template: PodTemplateSpec,
  strategy: RolloutStrategy | undefined,
): boolean {
  return set.spec.template !== undefined && templatesEqual(template, set.spec.template, injectedPartsOf(set, strategy));
}

function nameForNew(snapshot: RolloutSnapshot, template: PodTemplateSpec, status: RolloutStatus) {
  const taken = new Set(snapshot.takenNames);
  let collisionCount = status.collisionCount ?? undefined;
  const known = versionOnRecord(snapshot, status);
  if (known && !taken.has(known.name)) return { ...known, collisionCount };
  for (;;) {
    const hash = podTemplateHash(template, collisionCount);
    const name = fittingObjectName(snapshot.rollout.metadata.name, `-${hash}`);
    if (!taken.has(name)) return { hash, name, collisionCount };
    taken.delete(name);
    collisionCount = (collisionCount ?? 0) + 1;
  }
}

/**
 * The version that the status is about, where the spec has not changed since and its ReplicaSet is gone: it comes back under its own name, also
 * where another controller had worked out its hash in another way. Otherwise it would be taken for a new version.
 */
function versionOnRecord({ rollout, workload, replicaSets }: RolloutSnapshot, status: RolloutStatus) {
  const hash = status.currentPodHash;
  const workloadGeneration = workload.kind === 'found' ? String(workload.generation) : '';
  const isSame =
    status.observedGeneration === String(rollout.metadata.generation ?? 0) &&
    (status.workloadObservedGeneration ?? '') === workloadGeneration &&
    !status.conditions?.some(({ type }) => type === conditionTypes.invalidSpec);
  if (!hash || !isSame || replicaSets.some((set) => viewOf(set).hash === hash)) return undefined;
  return { hash, name: fittingObjectName(rollout.metadata.name, `-${hash}`) };
}

function planned(name: string, hash: string, now: number): SetView {
  return {
    name,
    hash,
    createdAt: now,
    revision: 0,
    spec: 0,
    replicas: 0,
    ready: 0,
    available: 0,
    deadline: undefined,
    desired: undefined,
    stored: undefined,
  };
}

/** The template that a ReplicaSet of this version gets: what the Rollout asks for, plus the hash label. */
export function labelledTemplate(template: PodTemplateSpec, hash: string): PodTemplateSpec {
  return {
    ...template,
    metadata: { ...template.metadata, labels: { ...template.metadata?.labels, [podTemplateHashLabel]: hash } },
  };
}
