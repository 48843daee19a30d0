import type { Action } from '@sluice/engine';
import { managedByAnnotation, podTemplateHashLabel } from '@sluice/model';
import type { KubeObject, ReplicaSet, Rollout } from '@sluice/model';
import { isCompleted } from '@sluice/engine';
import { removeOwner, removeReplicaSet } from './garbage.ts';
import { deletePod } from './kubelet.ts';
import { changed, controllerOf, withMetadata } from './objects.ts';
import type { Kind } from './objects.ts';
import type { Refusal, Written } from './store.ts';
import type { World } from './world.ts';

/** One write of the controller, or why it was refused. */
export type Outcome =
  | { readonly ok: true; readonly kind?: Kind; readonly object?: KubeObject }
  | { readonly ok: false; readonly reason: Refusal };

/** Makes the one write that this action is. `rolloutVersion`: the resourceVersion that the decision, or the action before, knows. */
export function execute(world: World, rollout: Rollout, action: Action, rolloutVersion: string): Outcome {
  const { store } = world;
  switch (action.kind) {
    case 'CreateReplicaSet':
      if (world.createsRefused) return { ok: false, reason: 'Refused' };
      return outcome('ReplicaSet', store.create('ReplicaSet', action.replicaSet));
    case 'UpdateReplicaSet':
      return outcome(
        'ReplicaSet',
        store.replace('ReplicaSet', action.target.name, action.target, (set) => updated(set, action)),
      );
    case 'DeleteReplicaSet': {
      const removed = store.replace('ReplicaSet', action.target.name, action.target, (set) => set);
      if (!removed.ok) return removed;
      removeReplicaSet(world, action.target.name);
      return { ok: true };
    }
    case 'AdoptReplicaSet':
      return outcome(
        'ReplicaSet',
        store.replace('ReplicaSet', action.target.name, action.target, (set) => adopted(set, rollout)),
      );
    case 'ReleaseReplicaSet':
      return outcome(
        'ReplicaSet',
        store.replace('ReplicaSet', action.target.name, action.target, (set) =>
          withMetadata(set, {
            ownerReferences: set.metadata.ownerReferences?.filter((owner) => owner.uid !== rollout.metadata.uid),
          }),
        ),
      );
    case 'SwitchService':
      return outcome(
        'Service',
        store.replace('Service', action.target.name, action.target, (service) => ({
          ...withMetadata(service, {
            annotations: changed(service.metadata.annotations, { [managedByAnnotation]: action.managedBy }),
          }),
          spec: { ...service.spec, selector: { ...service.spec?.selector, [podTemplateHashLabel]: action.hash } },
        })),
      );
    case 'PatchRollout':
      return outcome(
        'Rollout',
        store.replace(
          'Rollout',
          rollout.metadata.name,
          { uid: rollout.metadata.uid ?? '', resourceVersion: rolloutVersion },
          (current) => ({
            ...withMetadata(current, { annotations: changed(current.metadata.annotations, action.annotations) }),
            spec: action.replicas === undefined ? current.spec : { ...current.spec, replicas: action.replicas },
          }),
        ),
      );
    case 'PatchPodMetadata':
      return outcome(
        'Pod',
        store.replace('Pod', action.target.name, action.target, (pod) =>
          withMetadata(pod, {
            labels: changed(pod.metadata.labels, action.labels),
            annotations: changed(pod.metadata.annotations, action.annotations),
          }),
        ),
      );
    case 'EvictPod':
      return evict(world, action.target.name, action.target.uid);
    case 'ScaleDeployment':
      return outcome(
        'Deployment',
        store.replace('Deployment', action.name, {}, (deployment) => ({
          ...deployment,
          spec: { ...deployment.spec, replicas: action.replicas },
        })),
      );
    case 'CallStepPlugin':
      // This world has no step plugins, and says so in its capabilities: a Rollout that needs one is held before it comes to this.
      return { ok: false, reason: 'NotFound' };
    case 'EnsureAnalysisRun':
      // The analysis-runner answers that it exists, whoever asked for it and when.
      store.create('AnalysisRun', action.run);
      return { ok: true };
    case 'TerminateAnalysisRun':
      store.replace('AnalysisRun', action.name, { uid: action.uid }, (run) =>
        isCompleted(run.status?.phase) ? run : { ...run, spec: { ...run.spec, terminate: true } },
      );
      return { ok: true };
    case 'DeleteAnalysisRun': {
      const { name, uid } = action.target;
      const removed = store.remove('AnalysisRun', name, { uid });
      return removed.ok ? { ok: true } : removed;
    }
    case 'EnsureExperiment': {
      // The experiment-manager answers with the one of that name, unless it is somebody else's.
      const { experiment } = action;
      const existing = store.get('Experiment', experiment.metadata.name);
      if (existing === undefined) store.create('Experiment', experiment);
      else if (controllerOf(existing)?.uid !== rollout.metadata.uid) return { ok: false, reason: 'AlreadyExists' };
      return { ok: true };
    }
    case 'TerminateExperiment':
      store.replace('Experiment', action.name, { uid: action.uid }, (experiment) =>
        isCompleted(experiment.status?.phase)
          ? experiment
          : { ...experiment, spec: { ...experiment.spec, terminate: true } },
      );
      return { ok: true };
    case 'DeleteExperiment': {
      const { name, uid } = action.target;
      if (store.get('Experiment', name)?.metadata.uid === uid) removeOwner(world, 'Experiment', name);
      return { ok: true };
    }
    case 'ApplyTraffic':
    case 'ReleaseTraffic':
      // Asked in turn.ts: here it is one that this world has not got.
      return { ok: false, reason: 'NotFound' };
    default:
      return action satisfies never;
  }
}

function outcome(kind: Kind, written: Written<KubeObject>): Outcome {
  return written.ok ? { ok: true, kind, object: written.object } : written;
}

function updated(set: ReplicaSet, { change }: Extract<Action, { kind: 'UpdateReplicaSet' }>): ReplicaSet {
  const { template } = set.spec;
  const relabelled = change.podLabels || change.podAnnotations;
  const metadata = {
    ...template?.metadata,
    labels: changed(template?.metadata?.labels, change.podLabels),
    annotations: changed(template?.metadata?.annotations, change.podAnnotations),
  };
  return {
    ...withMetadata(set, { annotations: changed(set.metadata.annotations, change.annotations) }),
    spec:
      change.replicas === undefined && change.minReadySeconds === undefined && !relabelled
        ? set.spec
        : {
            ...set.spec,
            ...(change.replicas === undefined ? {} : { replicas: change.replicas }),
            ...(change.minReadySeconds === undefined ? {} : { minReadySeconds: change.minReadySeconds }),
            ...(relabelled ? { template: { ...template, metadata } } : {}),
          },
  };
}

function adopted(set: ReplicaSet, rollout: Rollout): ReplicaSet {
  const owner = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    name: rollout.metadata.name,
    uid: rollout.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
  return withMetadata(set, { ownerReferences: [...(set.metadata.ownerReferences ?? []), owner] });
}

/** The Eviction API knows only the uid: a pod whose status changed meanwhile is still evicted. A budget that refuses is no error. */
function evict(world: World, name: string, uid: string): Outcome {
  const pod = world.store.get('Pod', name);
  if (pod === undefined) return { ok: true };
  if (uid && pod.metadata.uid !== uid) return { ok: false, reason: 'Conflict' };
  if (world.evictionsRefused) return { ok: true };
  deletePod(world, pod);
  return { ok: true };
}
