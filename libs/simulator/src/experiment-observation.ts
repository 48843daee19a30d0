import { needsRoutes, rolloutOf } from '@sluice/engine';
import type { ExperimentAnswers, ExperimentSnapshot } from '@sluice/engine';
import type { Experiment } from '@sluice/model';
import { controllerOf } from './objects.ts';
import type { World } from './world.ts';

/** Assembles what bears on this Experiment: its objects from the manager's caches, as old as they are, and the rest as it is. */
export function observeExperiment(
  world: World,
  experiment: Experiment,
  answers: ExperimentAnswers = {},
): ExperimentSnapshot {
  const { managerCache: cache, store } = world;
  const isOwn = (object: Parameters<typeof controllerOf>[0]): boolean =>
    controllerOf(object)?.uid === experiment.metadata.uid;
  const replicaSets = cache.list('ReplicaSet').filter(isOwn);
  const services = cache.list('Service').filter(isOwn);
  const analysisRuns = cache.list('AnalysisRun').filter(isOwn);
  const named = (experiment.status?.analysisRuns ?? []).map(({ analysisRun }) => analysisRun);
  return {
    now: store.now,
    experiment,
    replicaSets,
    services,
    analysisRuns,
    absentRuns: named.filter((name) => store.get('AnalysisRun', name) === undefined),
    analysisTemplates: {
      ...Object.fromEntries(
        experiment.spec.analyses?.map(({ templateName }) => [templateName, 'absent'] as const) ?? [],
      ),
      ...Object.fromEntries(store.list('AnalysisTemplate').map((one) => [one.metadata.name, one])),
    },
    clusterAnalysisTemplates: {},
    ...(needsRoutes({ experiment, replicaSets, services }) && { routedHashes: routedHashes(world, experiment) }),
    answers,
  };
}

/** What the Rollout that made it says to give a share of the traffic to. */
function routedHashes({ store }: World, experiment: Experiment): string[] {
  const { name = '', uid } = rolloutOf(experiment) ?? {};
  const rollout = store.get('Rollout', name);
  if (rollout?.metadata.uid !== uid) return [];
  return (rollout?.status?.canary?.weights?.additional ?? []).flatMap(({ podTemplateHash }) => podTemplateHash ?? []);
}
