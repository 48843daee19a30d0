import type { Container, PodTemplateSpec, Rollout } from '@sluice/model';
import { analysisRunInfo } from './analysis-run.ts';
import { experimentInfo } from './experiment.ts';
import { rolloutIcon } from './icons.ts';
import type { ContainerInfo, ReplicaSetInfo, RolloutInfo } from './info.ts';
import { type OwnedObjects, type Workload, isControlledBy } from './objects.ts';
import { rolloutPhase } from './phase.ts';
import { byCreationThenName, byRevisionThenName, replicaSetInfo, roleIn, shownMeta } from './replica-set.ts';
import { actualWeight, setWeight, stepsOf } from './weights.ts';

/**
 * Builds the view of one Rollout out of the objects around it.
 *
 * @param owned any objects of the namespace; only those that the Rollout (or its Experiments, ReplicaSets) controls are shown
 * @param workload what spec.workloadRef names, where it could be read
 */
export function rolloutInfo(rollout: Rollout, owned: OwnedObjects, workload?: Workload): RolloutInfo {
  const { phase, message } = rolloutPhase(rollout, workload);
  const status = rollout.status ?? {};
  const replicaSets = owned.replicaSets
    .filter((replicaSet) => isControlledBy(replicaSet, rollout))
    .map((replicaSet) => replicaSetInfo(replicaSet, roleIn(rollout, replicaSet), owned.pods))
    .sort(byRevisionThenName);
  const template = podTemplate(rollout, workload);
  return {
    objectMeta: shownMeta(rollout.metadata),
    status: phase,
    message,
    icon: rolloutIcon(phase),
    ...strategyOf(rollout, replicaSets),
    ready: status.readyReplicas ?? 0,
    current: status.replicas ?? 0,
    desired: rollout.spec?.replicas ?? 1,
    updated: status.updatedReplicas ?? 0,
    available: status.availableReplicas ?? 0,
    restartedAt: status.restartedAt ?? 'Never',
    generation: status.observedGeneration ?? '',
    replicaSets,
    experiments: owned.experiments
      .filter((experiment) => isControlledBy(experiment, rollout))
      .map((experiment) => experimentInfo(experiment, owned))
      .sort(byCreationThenName),
    analysisRuns: owned.analysisRuns
      .filter((run) => isControlledBy(run, rollout))
      .map(analysisRunInfo)
      .sort(byCreationThenName),
    containers: (template?.spec?.containers ?? []).map(containerInfo),
    initContainers: (template?.spec?.initContainers ?? []).map(containerInfo),
  };
}

function strategyOf(
  rollout: Rollout,
  replicaSets: readonly ReplicaSetInfo[],
): Pick<RolloutInfo, 'strategy' | 'step' | 'steps' | 'setWeight' | 'actualWeight'> {
  if (rollout.spec?.strategy?.blueGreen !== undefined)
    return { strategy: 'BlueGreen', step: '', steps: [], setWeight: '', actualWeight: '' };
  if (rollout.spec?.strategy?.canary === undefined)
    return { strategy: 'unknown', step: '', steps: [], setWeight: '', actualWeight: '' };
  const steps = stepsOf(rollout);
  const canaryAvailable = replicaSets.find((replicaSet) => replicaSet.canary)?.available ?? 0;
  return {
    strategy: 'Canary',
    step: steps.length === 0 ? '' : `${rollout.status?.currentStepIndex ?? 0}/${steps.length}`,
    steps,
    setWeight: String(setWeight(rollout)),
    actualWeight: String(actualWeight(rollout, canaryAvailable)),
  };
}

/** The pod template that is in force: the Rollout's own, or that of what workloadRef names. */
export function podTemplate(rollout: Rollout, workload?: Workload): PodTemplateSpec | undefined {
  if (rollout.spec?.workloadRef === undefined) return rollout.spec?.template;
  return workload === undefined ? undefined : 'template' in workload ? workload.template : workload.spec.template;
}

function containerInfo(container: Container): ContainerInfo {
  return { name: container.name ?? '', image: container.image ?? '' };
}
