import type { Action, RolloutSnapshot, Target } from '@sluice/engine';
import type { KubeObject } from '@sluice/model';
import type { Violation } from './violation.ts';

/** Property 7: an action that changes an object names the version of it that was observed. */
export function preconditionViolations(snapshot: RolloutSnapshot, action: Action): Violation[] {
  if (!('target' in action)) return [];
  const { name, uid, resourceVersion } = action.target;
  const observed = find(snapshot, action.kind, action.target);
  if (uid && resourceVersion && observed?.metadata.uid === uid && observed.metadata.resourceVersion === resourceVersion)
    return [];
  const said = `${uid || 'no uid'} at ${resourceVersion || 'no resourceVersion'}`;
  return [
    {
      property: 'preconditions',
      what: `${action.kind} of ${name} is decided on ${said}; observed was ${observed?.metadata.resourceVersion ?? 'nothing'}`,
    },
  ];
}

function find(snapshot: RolloutSnapshot, kind: Action['kind'], { name }: Target): KubeObject | undefined {
  const named = (objects: readonly KubeObject[] | undefined) =>
    objects?.find((object) => object.metadata.name === name);
  if (kind === 'SwitchService')
    return named(Object.values(snapshot.services).filter((service) => typeof service !== 'string'));
  if (kind === 'EvictPod' || kind === 'PatchPodMetadata') return named(snapshot.pods);
  if (kind === 'DeleteAnalysisRun') return named(snapshot.analysisRuns);
  if (kind === 'DeleteExperiment') return named(snapshot.experiments);
  return named(snapshot.replicaSets) ?? named(snapshot.orphans);
}
