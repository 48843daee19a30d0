import type { Experiment } from '@sluice/model';
import { analysisRunInfo } from './analysis-run.ts';
import { analysisIcon } from './icons.ts';
import type { ExperimentInfo } from './info.ts';
import { type OwnedObjects, isControlledBy, revisionOf } from './objects.ts';
import { NO_ROLE, byCreationThenName, byRevisionThenName, replicaSetInfo, shownMeta } from './replica-set.ts';

/** An Experiment that no controller has looked at yet has no phase: it is waiting. */
export function experimentPhase(experiment: Experiment): string {
  return experiment.status?.phase || 'Pending';
}

export function experimentInfo(experiment: Experiment, owned: OwnedObjects): ExperimentInfo {
  const status = experimentPhase(experiment);
  return {
    objectMeta: shownMeta(experiment.metadata),
    icon: analysisIcon(status),
    revision: revisionOf(experiment),
    status,
    message: experiment.status?.message ?? '',
    replicaSets: owned.replicaSets
      .filter((replicaSet) => isControlledBy(replicaSet, experiment))
      .map((replicaSet) => replicaSetInfo(replicaSet, NO_ROLE, owned.pods))
      .sort(byRevisionThenName),
    analysisRuns: owned.analysisRuns
      .filter((run) => isControlledBy(run, experiment))
      .map(analysisRunInfo)
      .sort(byCreationThenName),
  };
}
