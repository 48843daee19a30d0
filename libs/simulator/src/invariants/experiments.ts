import { isCompleted } from '@sluice/engine';
import { podTemplateHashLabel, selectorMatches, serviceNamesOf } from '@sluice/model';
import type { Experiment } from '@sluice/model';
import { controllerOf } from '../objects.ts';
import type { World } from '../world.ts';

/**
 * At any moment: no Service of a Rollout selects pods of an experiment. One that selects no version yet, or that somebody has taken the
 * version from, selects whatever its owner wrote into it.
 */
export function joinedServices(world: World): string[] {
  if (world.store.table('Experiment').size === 0) return [];
  const sets = world.store.list('ReplicaSet').filter((set) => controllerOf(set)?.kind === 'Experiment');
  if (sets.length === 0) return [];
  const names = new Set(world.store.list('Rollout').flatMap(serviceNamesOf));
  return [...names].flatMap((name) => {
    const matchLabels = world.store.get('Service', name)?.spec?.selector;
    if (!matchLabels?.[podTemplateHashLabel]) return [];
    return sets
      .filter((set) => selectorMatches({ matchLabels }, set.spec.template?.metadata?.labels ?? {}))
      .map((set) => `Service ${name} selects the pods of ${set.metadata.name}`);
  });
}

/** In a world at rest: what is left, and will be for ever, of experiments that have ended or that are gone. */
export function leftovers(world: World): string[] {
  return [...leftSets(world), ...leftServices(world), ...leftRuns(world)];
}

function leftSets(world: World): string[] {
  return world.store
    .list('ReplicaSet')
    .filter((set) => isOver(world, set) && ((set.spec.replicas ?? 1) > 0 || (set.status?.replicas ?? 0) > 0))
    .map(({ metadata, spec }) => `ReplicaSet ${metadata.name} still asks for ${spec.replicas} pods`);
}

const leftServices = (world: World): string[] =>
  world.store
    .list('Service')
    .filter((service) => isOver(world, service))
    .map(({ metadata }) => `Service ${metadata.name} is still there`);

const leftRuns = (world: World): string[] =>
  world.store
    .list('AnalysisRun')
    .filter((run) => isOver(world, run) && !isCompleted(run.status?.phase))
    .map(({ metadata }) => `AnalysisRun ${metadata.name} still measures`);

/** Whether it was made by an experiment that has ended or is gone. */
function isOver({ store }: World, object: Parameters<typeof controllerOf>[0]): boolean {
  const owner = controllerOf(object);
  if (owner?.kind !== 'Experiment') return false;
  const experiment: Experiment | undefined = store.get('Experiment', owner.name);
  return experiment?.metadata.uid !== owner.uid || isCompleted(experiment.status?.phase);
}
