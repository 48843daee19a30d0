import type { KubeObject } from '@sluice/model';
import { deletePod } from './kubelet.ts';
import { controllerOf } from './objects.ts';
import { podsOf } from './replica-set-controller.ts';
import type { World } from './world.ts';

/** Deletes the set, and as the garbage collector does, its pods. */
export function removeReplicaSet(world: World, name: string): void {
  const set = world.store.get('ReplicaSet', name);
  if (set === undefined) return;
  world.store.remove('ReplicaSet', name);
  for (const pod of podsOf(world, set)) deletePod(world, pod);
}

/** What was made for an Experiment that had been deleted, by a manager that could not know, goes as well. */
export function collectGarbage(world: World): void {
  const isOrphaned = (object: KubeObject): boolean => {
    const owner = controllerOf(object);
    return owner?.kind === 'Experiment' && world.store.get('Experiment', owner.name)?.metadata.uid !== owner.uid;
  };
  for (const set of world.store.list('ReplicaSet').filter(isOrphaned)) removeReplicaSet(world, set.metadata.name);
  for (const kind of ['Service', 'AnalysisRun'] as const)
    for (const object of world.store.list(kind).filter(isOrphaned)) world.store.remove(kind, object.metadata.name);
}

/** Deletes the Rollout, Deployment or Experiment and all that it owns. */
export function removeOwner(world: World, kind: 'Rollout' | 'Deployment' | 'Experiment', name: string): void {
  const owner = world.store.get(kind, name);
  if (owner === undefined) return;
  world.store.remove(kind, name);
  for (const set of world.store.list('ReplicaSet'))
    if (controllerOf(set)?.uid === owner.metadata.uid) removeReplicaSet(world, set.metadata.name);
  for (const run of world.store.list('AnalysisRun'))
    if (controllerOf(run)?.uid === owner.metadata.uid) world.store.remove('AnalysisRun', run.metadata.name);
  for (const service of world.store.list('Service'))
    if (controllerOf(service)?.uid === owner.metadata.uid) world.store.remove('Service', service.metadata.name);
  for (const experiment of world.store.list('Experiment'))
    if (controllerOf(experiment)?.uid === owner.metadata.uid)
      removeOwner(world, 'Experiment', experiment.metadata.name);
}
