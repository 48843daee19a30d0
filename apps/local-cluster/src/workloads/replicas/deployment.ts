// The Deployment controller: one ReplicaSet for each version of the template, and the way from one to the next.
import { StatusError } from '../../storage/status-error.ts';
import type { KubeObject } from '../../storage/store.ts';
import type { Context } from '../base/context.ts';
import { controllerOf, keyOf } from '../base/object-cache.ts';
import { claim } from '../base/ownership.ts';
import type { Condition } from '../base/pod.ts';
import { conditionOf, isTerminal } from '../base/pod.ts';
import { deployments as resource, replicaSets } from '../base/resources.ts';
import { hasLabels, selectsEverything } from '../base/selector.ts';
import {
  countedStatus,
  deadlineOf,
  isComplete,
  lateAt,
  progress,
  rolloutStatus,
  withCondition,
} from './deployment-status.ts';
import type { Deployment, DeploymentStatus, ReplicaSet } from './kinds.ts';
import { wantedReplicas } from './kinds.ts';
import type { Revisions } from './revisions.ts';
import {
  currentAnnotations,
  newReplicaSet,
  nextRevision,
  revisionAnnotation,
  revisionOf,
  revisionsOf,
  sizeAnnotations,
} from './revisions.ts';
import type { Sizes } from './sizes.ts';
import { bounds, currentSize, oldSizes, scaledSizes, wasScaled } from './sizes.ts';
import { templateText } from './template-hash.ts';

export function startDeploymentController(context: Context): void {
  const { store, loop, clock, pods, replicaSets: sets } = context;
  const deployments = context.cache<Deployment>(resource);
  const recorder = context.recorder('deployment-controller');

  const reconcile = (key: string): number | undefined => {
    let deployment = deployments.get(key);
    if (!deployment) return undefined;
    if (selectsEverything(deployment.spec.selector)) {
      recorder.record(
        deployment,
        'Warning',
        'SelectingAll',
        'This deployment is selecting all pods. A non-empty selector is required.',
      );
      writeStatus(deployment, { ...deployment.status, observedGeneration: deployment.metadata.generation });
      return undefined;
    }
    const revisions = (): Revisions =>
      revisionsOf(deployment!, claim({ store, cache: sets, resource: replicaSets, owner: deployment! }));
    if (deployment.metadata.deletionTimestamp) {
      writeStatus(deployment, countedStatus(deployment, revisions(), clock.now()));
      return undefined;
    }
    deployment = notePause(deployment);
    const marked = markCurrent(deployment, revisions());
    const sizes = scaledSizes(deployment, marked);
    if (deployment.spec.paused || (wasScaled(deployment, marked) && sizes.size))
      return keepVersions(deployment, marked, sizes);
    return deployment.spec.strategy?.type === 'Recreate' ? recreate(deployment, marked) : roll(deployment, marked);
  };

  /** Paused, or scaled in mid-update: sizes follow the Deployment's, and no version advances. */
  function keepVersions(deployment: Deployment, revisions: Revisions, sizes: Sizes): undefined {
    apply(deployment, sizes);
    const now = reread(revisions);
    if (deployment.spec.paused) trimHistory(deployment, now.old);
    writeStatus(deployment, countedStatus(deployment, now, clock.now()));
    return undefined;
  }

  function roll(deployment: Deployment, revisions: Revisions): number | undefined {
    const { current, old } = withCurrent(deployment, revisions, currentSize(deployment, undefined, revisions.old));
    const size = currentSize(deployment, current, old);
    if (!apply(deployment, new Map([[current, size]]))) apply(deployment, oldSizes(deployment, current, old));
    return conclude(deployment, { current, old });
  }

  function recreate(deployment: Deployment, revisions: Revisions): number | undefined {
    apply(deployment, new Map(revisions.old.filter((set) => wantedReplicas(set) > 0).map((set) => [set, 0])));
    if (revisions.old.some((set) => pods.controlledBy(set.metadata.uid).some((pod) => !isTerminal(pod))))
      return conclude(deployment, revisions);
    const { current, old } = withCurrent(deployment, revisions, wantedReplicas(deployment));
    apply(deployment, new Map([[current, wantedReplicas(deployment)]]));
    return conclude(deployment, { current, old });
  }

  function conclude(deployment: Deployment, revisions: Revisions): number | undefined {
    const latest = deployments.get(keyOf(deployment)) ?? deployment;
    const now = reread(revisions);
    const status = rolloutStatus(latest, now, clock.now());
    if (isComplete(latest, status)) trimHistory(latest, now.old);
    writeStatus(latest, status);
    const due = lateAt(latest, status.conditions ?? []);
    return due === undefined ? undefined : due - clock.now();
  }

  /** The same sets as they are now, without those that are gone. */
  function reread({ current, old }: Revisions): Revisions {
    const now = (set: ReplicaSet): ReplicaSet | undefined => sets.get(keyOf(set));
    return { current: current && now(current), old: old.flatMap((set) => now(set) ?? []) };
  }

  function apply(deployment: Deployment, sizes: Sizes): boolean {
    let scaled = false;
    for (const [set, size] of sizes) scaled = scale(deployment, set, size) || scaled;
    return scaled;
  }

  /** Returns true if the number of pods changed. */
  function scale(deployment: Deployment, set: ReplicaSet, size: number): boolean {
    const before = wantedReplicas(set);
    store.modify(replicaSets, set.metadata.namespace, set.metadata.name, (draft) => {
      draft.spec.replicas = size;
      draft.metadata.annotations = {
        ...draft.metadata.annotations,
        ...sizeAnnotations(deployment, bounds(deployment).surge),
      };
    });
    if (before === size) return false;
    const direction = size > before ? 'up' : 'down';
    recorder.record(
      deployment,
      'Normal',
      'ScalingReplicaSet',
      `Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${size}`,
    );
    return true;
  }

  /** The revisions with a set for the template, made now with `replicas` pods if there was none. */
  const withCurrent = (
    deployment: Deployment,
    { current, old }: Revisions,
    replicas: number,
  ): Revisions & { current: ReplicaSet } => ({
    old,
    current: current ?? createCurrent(deployment, old, replicas),
  });

  /** Brings annotations, revision and minReadySeconds of the current set up to date, and tells the Deployment its revision. */
  function markCurrent(deployment: Deployment, { current, old }: Revisions): Revisions {
    if (!current) return { current, old };
    const revision = nextRevision(old);
    const { minReadySeconds = 0 } = deployment.spec;
    const marked = store.modify(replicaSets, current.metadata.namespace, current.metadata.name, (draft) => {
      draft.metadata.annotations = { ...currentAnnotations(deployment, current, revision) };
      if ((draft.spec.minReadySeconds ?? 0) !== minReadySeconds) draft.spec.minReadySeconds = minReadySeconds;
    }) as ReplicaSet;
    tellRevision(deployment, revisionOf(marked));
    if (deadlineOf(deployment) !== undefined && !conditionOf(deployment.status?.conditions, 'Progressing'))
      noteProgress(deployment, progress.found(current.metadata.name));
    return { current: marked, old };
  }

  function createCurrent(deployment: Deployment, old: readonly ReplicaSet[], replicas: number): ReplicaSet {
    const wanted = newReplicaSet(deployment, nextRevision(old), replicas, bounds(deployment).surge);
    let created: ReplicaSet;
    try {
      created = store.create(replicaSets, wanted) as ReplicaSet;
    } catch (error) {
      throw creationFailed(deployment, wanted, error);
    }
    if (replicas > 0)
      recorder.record(
        deployment,
        'Normal',
        'ScalingReplicaSet',
        `Scaled up replica set ${created.metadata.name} from 0 to ${replicas}`,
      );
    tellRevision(deployment, revisionOf(created));
    if (deadlineOf(deployment) !== undefined) noteProgress(deployment, progress.created(created.metadata.name));
    return created;
  }

  function creationFailed(deployment: Deployment, wanted: KubeObject, error: unknown): unknown {
    const { namespace, name } = wanted.metadata;
    if (error instanceof StatusError && error.reason === 'AlreadyExists') {
      const other = sets.get(`${namespace}/${name}`);
      const ours =
        other &&
        controllerOf(other)?.uid === deployment.metadata.uid &&
        templateText(other.spec.template) === templateText(deployment.spec.template);
      // Another template has this hash, or somebody else this name: the next look tries another hash.
      if (!ours) editStatus(deployment, (status) => void (status.collisionCount = (status.collisionCount ?? 0) + 1));
      return error;
    }
    const message = `Failed to create new replica set "${name}": ${error instanceof Error ? error.message : String(error)}`;
    if (deadlineOf(deployment) !== undefined) noteProgress(deployment, progress.creationFailed(message));
    recorder.record(deployment, 'Warning', 'ReplicaSetCreateError', message);
    return error;
  }

  function tellRevision(deployment: Deployment, revision: number): void {
    store.modify(resource, deployment.metadata.namespace, deployment.metadata.name, (draft) => {
      draft.metadata.annotations = { ...draft.metadata.annotations, [revisionAnnotation]: String(revision) };
    });
  }

  function notePause(deployment: Deployment): Deployment {
    const known = conditionOf(deployment.status?.conditions, 'Progressing');
    if (deadlineOf(deployment) === undefined || known?.reason === 'ProgressDeadlineExceeded') return deployment;
    const wasPaused = known?.reason === 'DeploymentPaused';
    if (deployment.spec.paused && !wasPaused) return noteProgress(deployment, progress.paused());
    return !deployment.spec.paused && wasPaused ? noteProgress(deployment, progress.resumed()) : deployment;
  }

  const noteProgress = (
    deployment: Deployment,
    verdict: Pick<Condition, 'status' | 'reason' | 'message'>,
  ): Deployment =>
    editStatus(
      deployment,
      (status) =>
        void (status.conditions = withCondition(status.conditions ?? [], 'Progressing', verdict, clock.now())),
    );

  function editStatus(deployment: Deployment, edit: (status: DeploymentStatus) => void): Deployment {
    const { namespace, name } = deployment.metadata;
    const written = store.modify(resource, namespace, name, (draft) => edit((draft.status ??= {})), {
      subresource: 'status',
    });
    return (written as Deployment | undefined) ?? deployment;
  }

  const writeStatus = (deployment: Deployment, status: DeploymentStatus): void => {
    const { namespace, name } = deployment.metadata;
    store.modify(resource, namespace, name, (draft) => void (draft.status = status), { subresource: 'status' });
  };

  /** Keeps `revisionHistoryLimit` old sets to go back to. */
  function trimHistory(deployment: Deployment, old: readonly ReplicaSet[]): void {
    const { revisionHistoryLimit: limit = 10 } = deployment.spec;
    const alive = old.filter((set) => !set.metadata.deletionTimestamp).sort((a, b) => revisionOf(a) - revisionOf(b));
    for (const set of alive.slice(0, Math.max(0, alive.length - limit))) {
      const { namespace, name, uid, generation = 0 } = set.metadata;
      const empty =
        wantedReplicas(set) === 0 && !set.status?.replicas && (set.status?.observedGeneration ?? 0) >= generation;
      if (empty)
        store.remove(replicaSets, namespace, name, { propagationPolicy: 'Background', preconditions: { uid } });
    }
  }

  const enqueue = loop.controller('deployment', reconcile);
  deployments.onChange((now) => now && enqueue(keyOf(now)));
  sets.onChange((now, before) => {
    for (const set of [now, before]) {
      const owner = set && controllerOf(set);
      if (owner?.kind === 'Deployment') enqueue(`${set!.metadata.namespace}/${owner.name}`);
    }
    if (now && !controllerOf(now)) {
      for (const d of deployments.inNamespace(now.metadata.namespace ?? ''))
        if (hasLabels(now.metadata.labels, d.spec.selector?.matchLabels ?? {})) enqueue(keyOf(d));
    }
  });
  pods.onChange((now, before) => {
    // Recreate waits for the last old pod to be gone.
    const owner = before && !now && controllerOf(before);
    const set =
      owner && owner.kind === 'ReplicaSet' ? sets.get(`${before.metadata.namespace}/${owner.name}`) : undefined;
    const above = set && controllerOf(set);
    if (above?.kind === 'Deployment') enqueue(`${before!.metadata.namespace}/${above.name}`);
  });
  deployments.start();
}
