import { podTemplateHashLabel } from '@sluice/model';
import type { Experiment, ExperimentStatus, ReplicaSet } from '@sluice/model';
import { isCompleted, isTemplateCompleted, templateStatusOf } from './situation.ts';
import type { Situation } from './situation.ts';
import type { ExperimentSnapshot } from './snapshot.ts';

/** The Rollout that made the experiment, where one did. */
export const rolloutOf = ({ metadata }: Experiment): { readonly name: string; readonly uid: string } | undefined =>
  metadata.ownerReferences?.find(({ kind, controller }) => kind === 'Rollout' && controller === true);

/**
 * Whether `snapshot.routedHashes` has to be known: pods behind a Service of the experiment are about to go, and a Rollout may have given it a
 * share of the traffic.
 */
export function needsRoutes({
  experiment,
  replicaSets,
  services,
}: Pick<ExperimentSnapshot, 'experiment' | 'replicaSets' | 'services'>): boolean {
  const { spec, status = {} } = experiment;
  if (!rolloutOf(experiment) || !(spec.templates ?? []).some(({ service }) => service)) return false;
  const isEnding =
    spec.terminate === true ||
    isCompleted(status.phase) ||
    (status.phase === 'Running' && (status.templateStatuses ?? []).some((one) => one.status === 'Successful'));
  return (
    isEnding &&
    (services.length > 0 || replicaSets.some((set) => (set.spec.replicas ?? 1) > 0 || (set.status?.replicas ?? 0) > 0))
  );
}

/** The stored status says that it runs, though it does not any more: whoever reads that may give it a share until it is stored that it has ended. */
function isToldToRun(experiment: Experiment, status: ExperimentStatus, template: string): boolean {
  const stored = experiment.status ?? {};
  const hasEnded = isCompleted(status.phase) || isTemplateCompleted(templateStatusOf(status, template)?.status);
  return hasEnded && stored.phase === 'Running' && templateStatusOf(stored, template)?.status === 'Running';
}

/** Traffic may still be sent to the pods of this set: then they stay, and so does their Service. What is unknown counts as yes. */
export function mayBeRouted({ snapshot, experiment, status, templates, sets }: Situation, set: ReplicaSet): boolean {
  if (!rolloutOf(experiment)) return false;
  const template = templates.find(({ name }) => sets.get(name) === set);
  if (!template?.service && !templateStatusOf(status, template?.name ?? '')?.serviceName) return false;
  if (snapshot.routedHashes === undefined || isToldToRun(experiment, status, template?.name ?? '')) return true;
  const hash = set.metadata.labels?.[podTemplateHashLabel];
  return hash !== undefined && snapshot.routedHashes.includes(hash);
}
