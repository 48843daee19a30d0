import type { Action, RolloutSnapshot } from '@sluice/engine';
import { parseTime, podTemplateHashLabel } from '@sluice/model';
import type { Pod, ReplicaSet, Rollout } from '@sluice/model';
import { controllerOf, isDeleting } from './objects.ts';

/** One version's pods, as far as a controller can know them. */
export interface SceneSet {
  readonly name: string;
  readonly uid: string;
  readonly hash: string;
  /** Pods asked for. */
  readonly spec: number;
  /** Available pods that it still asks for: pods that are not ready are deleted first, so as many stay. */
  readonly available: number;
}

/**
 * What a decision does, on paper: counts and selectors as they were observed, changed by one action after the other. Whether an
 * action was safe is judged here, by what could be known, and not by what happened meanwhile.
 */
export interface Scene {
  readonly snapshot: RolloutSnapshot;
  readonly rollout: Rollout;
  readonly replicas: number;
  readonly sets: readonly SceneSet[];
  /** Service name → hash that it selects; '' where it selects no version. Services that were not seen are missing. */
  readonly selectors: ReadonlyMap<string, string>;
}

/** Where availability is read from: the counts in the sets' statuses, or the pods themselves. They may be of different age. */
export type Source = 'counts' | 'pods';

export function sceneOf(snapshot: RolloutSnapshot, source: Source = 'counts'): Scene {
  const selectors = new Map<string, string>();
  for (const [name, service] of Object.entries(snapshot.services))
    if (typeof service !== 'string') selectors.set(name, service.spec?.selector?.[podTemplateHashLabel] ?? '');
  const { rollout, replicaSets } = snapshot;
  const sets = replicaSets.map((set) => sceneSet(set, snapshot, source));
  return { snapshot, rollout, replicas: rollout.spec.replicas ?? 1, sets, selectors };
}

function sceneSet(set: ReplicaSet, snapshot: RolloutSnapshot, source: Source): SceneSet {
  const { name, uid = '', labels } = set.metadata;
  const spec = set.spec.replicas ?? 1;
  const available =
    source === 'pods'
      ? (snapshot.pods ?? []).filter((pod) => isAvailable(pod, set, snapshot.now)).length
      : (set.status?.availableReplicas ?? 0);
  return { name, uid, hash: labels?.[podTemplateHashLabel] ?? '', spec, available: Math.min(spec, available) };
}

function isAvailable(pod: Pod, set: ReplicaSet, now: number): boolean {
  if (controllerOf(pod)?.uid !== set.metadata.uid || isDeleting(pod)) return false;
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  const since = parseTime(ready?.lastTransitionTime) ?? now;
  return ready?.status === 'True' && since + (set.spec.minReadySeconds ?? 0) * 1000 <= now;
}

export function after(scene: Scene, action: Action): Scene {
  const changing = (change: (set: SceneSet) => SceneSet, name: string): Scene => ({
    ...scene,
    sets: scene.sets.map((set) => (set.name === name ? change(set) : set)),
  });
  switch (action.kind) {
    case 'CreateReplicaSet':
      return {
        ...scene,
        sets: [...scene.sets, { ...sceneSet(action.replicaSet, scene.snapshot, 'counts'), available: 0 }],
      };
    case 'UpdateReplicaSet':
      return changing((set) => scaled(set, action.change.replicas), action.target.name);
    case 'DeleteReplicaSet':
    case 'ReleaseReplicaSet':
      return { ...scene, sets: scene.sets.filter((set) => set.name !== action.target.name) };
    case 'SwitchService':
      return { ...scene, selectors: new Map([...scene.selectors, [action.target.name, action.hash]]) };
    case 'EvictPod':
      return changing(
        (set) => ({ ...set, available: Math.max(0, set.available - 1) }),
        setOf(scene, action.target.name),
      );
    case 'AdoptReplicaSet':
    case 'PatchRollout':
    case 'PatchPodMetadata':
    case 'ScaleDeployment':
    case 'EnsureAnalysisRun':
    case 'TerminateAnalysisRun':
    case 'DeleteAnalysisRun':
    case 'EnsureExperiment':
    case 'TerminateExperiment':
    case 'DeleteExperiment':
    case 'CallStepPlugin':
    case 'ApplyTraffic':
    case 'ReleaseTraffic':
      return scene;
    default:
      return action satisfies never;
  }
}

const scaled = (set: SceneSet, spec: number | undefined): SceneSet =>
  spec === undefined ? set : { ...set, spec, available: Math.min(spec, set.available) };

/** The set whose available pod this is; '' where it is none. */
function setOf({ snapshot, sets }: Scene, podName: string): string {
  const pod = snapshot.pods?.find(({ metadata }) => metadata.name === podName);
  const set = snapshot.replicaSets.find(({ metadata }) => metadata.uid === (pod && controllerOf(pod)?.uid));
  if (!pod || !set || !isAvailable(pod, set, snapshot.now)) return '';
  return sets.find(({ uid }) => uid === set.metadata.uid)?.name ?? '';
}

export const availableOf = (scene: Scene, hash?: string): number =>
  scene.sets.reduce((sum, set) => sum + (hash === undefined || set.hash === hash ? set.available : 0), 0);
export const askedFor = (scene: Scene): number => scene.sets.reduce((sum, set) => sum + set.spec, 0);
