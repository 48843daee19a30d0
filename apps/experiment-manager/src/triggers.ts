import { hasRunMeasured } from '@sluice/engine';
import { controllerOf, keyOf, sameJson } from '@sluice/kube';
import type { KubeObject, Priority } from '@sluice/kube';
import type { AnalysisRun, Experiment } from '@sluice/model';
import type { Caches } from './assemble/caches.ts';
import { isOfExperiment } from './assemble/projections.ts';

export interface TriggerTargets {
  /** This Experiment has to be looked at. */
  readonly enqueue: (key: string, priority: Priority) => void;
}

/** Turns every change in the caches into the keys of the Experiments that it concerns. Returns how to stop it. */
export function watchChanges(caches: Caches, { enqueue }: TriggerTargets): () => void {
  const ownerChanged = (object: KubeObject | undefined): void => {
    const owner = object && controllerOf(object);
    if (owner?.kind !== 'Experiment') return;
    const key = keyOf({ namespace: object?.metadata.namespace ?? '', name: owner.name });
    if (caches.experiments.getByKey(key)?.metadata.uid === owner.uid) enqueue(key, 'normal');
  };
  const stops = [
    caches.experiments.onChange((before, after) => {
      const now = after ?? before;
      if (now !== undefined) enqueue(keyOf(now.metadata), priorityOf(before, after));
    }),
    caches.replicaSets.onChange((before, after) => ownerChanged(after ?? before)),
    caches.services.onChange((before, after) => ownerChanged(after ?? before)),
    caches.analysisRuns.onChange((before, after) => {
      // Each measurement changes a run; only its phase, its message and the first one concern the experiment.
      const run = [after, before].find((each) => each !== undefined && isOfExperiment(each));
      const isSame =
        before && after && isOfExperiment(before) && isOfExperiment(after) && !verdictChanged(before, after);
      if (!isSame) ownerChanged(run);
    }),
    caches.analysisTemplates.onChange((before, after) => {
      const template = after ?? before;
      if (template === undefined) return;
      for (const experiment of caches.experiments.byIndex('template', keyOf(template.metadata)))
        if (!experiment.status?.availableAt) enqueue(keyOf(experiment.metadata), 'normal');
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

const verdictChanged = (before: AnalysisRun, after: AnalysisRun): boolean =>
  before.status?.phase !== after.status?.phase ||
  before.status?.message !== after.status?.message ||
  before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp ||
  hasRunMeasured(before) !== hasRunMeasured(after) ||
  before.spec.terminate !== after.spec.terminate;

/** What is asked to end comes first. */
function priorityOf(before: Experiment | undefined, after: Experiment | undefined): Priority {
  const isNew = before === undefined || !sameJson(before.spec, after?.spec);
  return after?.spec.terminate === true && isNew ? 'safety' : 'normal';
}
