import type { ObservedExperiment, ObservedRun } from '@sluice/engine';
import { controllerOf, keyOf, sameJson } from '@sluice/kube';
import type { Priority } from '@sluice/kube';
import { referencedTemplates, selectorMatches, serviceNamesOf } from '@sluice/model';
import type { ReplicaSet, Rollout } from '@sluice/model';
import { workloadIndexKey } from './assemble/caches.ts';
import type { Caches } from './assemble/caches.ts';
import { selectsOneVersion } from './service-release.ts';

export interface TriggerTargets {
  /** This Rollout has to be looked at. */
  readonly enqueue: (key: string, priority: Priority) => void;
  /** A Rollout went away, or left our share. */
  readonly gone: (rollout: Rollout) => void;
  /** A Rollout is not what it was: routers that it named may hold routes for it. */
  readonly routersLeft?: (before: Rollout, after: Rollout | undefined) => void;
  /** This Service may have no Rollout any more. `dropped`: one of ours named it until now. */
  readonly checkService: (key: string, why: 'changed' | 'dropped') => void;
}

/** Turns every change in the caches into the keys of the Rollouts that it concerns. Returns how to stop it. */
export function watchChanges(caches: Caches, targets: TriggerTargets): () => void {
  const stops = [
    caches.rollouts.onChange((before, after) => rolloutChanged(targets, before, after)),
    caches.replicaSets.onChange((before, after) => {
      for (const set of [before, after]) if (set !== undefined) replicaSetChanged(caches, targets, set);
    }),
    caches.services.onChange((before, after) => {
      const service = after ?? before;
      if (service === undefined) return;
      const key = keyOf(service.metadata);
      for (const rollout of caches.rollouts.byIndex('service', key)) targets.enqueue(keyOf(rollout.metadata), 'normal');
      if (after !== undefined && selectsOneVersion(after)) targets.checkService(key, 'changed');
    }),
  ];
  for (const informer of [caches.analysisRuns, caches.experiments])
    if (informer)
      stops.push(
        informer.onChange((before: Judge | undefined, after: Judge | undefined) =>
          judgeChanged(caches, targets, before, after),
        ),
      );
  for (const informer of [caches.analysisTemplates, caches.clusterAnalysisTemplates])
    if (informer) stops.push(informer.onChange((before, after) => templateChanged(caches, targets, after ?? before)));
  caches.workloads.onChange((of, namespace, name) => {
    const value = name === undefined ? of : workloadIndexKey(of, namespace, name);
    for (const rollout of caches.rollouts.byIndex('workload', value))
      targets.enqueue(keyOf(rollout.metadata), 'normal');
  });
  return () => stops.forEach((stop) => stop());
}

function rolloutChanged(targets: TriggerTargets, before: Rollout | undefined, after: Rollout | undefined): void {
  const now = after ?? before;
  if (now === undefined) return;
  targets.enqueue(keyOf(now.metadata), after === undefined ? 'normal' : priorityOf(before, after));
  if (after === undefined || (before !== undefined && before.metadata.uid !== after.metadata.uid)) {
    if (before !== undefined) targets.gone(before);
  }
  if (before !== undefined) targets.routersLeft?.(before, after);
  const still = new Set(after === undefined ? [] : serviceNamesOf(after));
  const { namespace = '' } = now.metadata;
  for (const name of before === undefined ? [] : serviceNamesOf(before))
    if (!still.has(name)) targets.checkService(keyOf({ namespace, name }), 'dropped');
}

/** Going back comes first: an abort, or another template in the middle of an update. */
function priorityOf(before: Rollout | undefined, after: Rollout): Priority {
  const { status } = after;
  if (status?.abort === true && !status.abortedAt) return 'safety';
  const isUpdating = (status?.stableRS ?? '') !== '' && status?.stableRS !== status?.currentPodHash;
  if (before !== undefined && isUpdating && !sameJson(before.spec, after.spec)) return 'safety';
  return 'normal';
}

type Judge = ObservedRun | ObservedExperiment;

/** A verdict against the new version comes first: it is taken back. */
function judgeChanged(
  caches: Caches,
  targets: TriggerTargets,
  before: Judge | undefined,
  after: Judge | undefined,
): void {
  const now = after ?? before;
  const owner = now && controllerOf(now);
  if (now === undefined || owner?.kind !== 'Rollout') return;
  const key = keyOf({ namespace: now.metadata.namespace ?? '', name: owner.name });
  if (caches.rollouts.getByKey(key)?.metadata.uid !== owner.uid) return;
  const phase = after?.status?.phase;
  const isVerdict = phase !== before?.status?.phase && (phase === 'Failed' || phase === 'Error');
  targets.enqueue(key, isVerdict ? 'safety' : 'normal');
}

/** Whoever names it, or names one that names it, may be valid from now on, or not any more. */
function templateChanged(
  caches: Caches,
  targets: TriggerTargets,
  template: { readonly metadata: { readonly namespace?: string } } | undefined,
): void {
  const namespace = template?.metadata.namespace;
  const concerned =
    namespace === undefined
      ? caches.rollouts
          .list()
          .filter((rollout) => referencedTemplates(rollout).some(({ references }) => references.length > 0))
      : caches.rollouts.byIndex('analyzed', namespace);
  for (const rollout of concerned) targets.enqueue(keyOf(rollout.metadata), 'normal');
}

function replicaSetChanged(caches: Caches, targets: TriggerTargets, set: ReplicaSet): void {
  const owner = controllerOf(set);
  const { namespace = '' } = set.metadata;
  if (owner?.kind === 'Rollout') {
    const key = keyOf({ namespace, name: owner.name });
    if (caches.rollouts.getByKey(key)?.metadata.uid === owner.uid) targets.enqueue(key, 'normal');
  } else if (owner === undefined) {
    for (const rollout of caches.rollouts.list(namespace))
      if (selectorMatches(rollout.spec.selector, set.metadata.labels))
        targets.enqueue(keyOf(rollout.metadata), 'normal');
  }
}
