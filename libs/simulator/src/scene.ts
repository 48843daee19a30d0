import type { Action, RolloutSnapshot } from '@sluice/engine';
import { podTemplateHashLabel } from '@sluice/model';
import type { ReplicaSet, Rollout } from '@sluice/model';

/** One version's pods, as far as a controller can know them. */
export interface SceneSet {
  readonly name: string;
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
  readonly rollout: Rollout;
  readonly replicas: number;
  readonly sets: readonly SceneSet[];
  /** Service name → hash that it selects; '' where it selects no version. Services that were not seen are missing. */
  readonly selectors: Readonly<Record<string, string>>;
}

export function sceneOf(snapshot: RolloutSnapshot): Scene {
  const selectors: Record<string, string> = {};
  for (const [name, service] of Object.entries(snapshot.services))
    if (typeof service !== 'string') selectors[name] = service.spec?.selector?.[podTemplateHashLabel] ?? '';
  return {
    rollout: snapshot.rollout,
    replicas: snapshot.rollout.spec.replicas ?? 1,
    sets: snapshot.replicaSets.map(sceneSet),
    selectors,
  };
}

const sceneSet = (set: ReplicaSet): SceneSet => {
  const spec = set.spec.replicas ?? 1;
  return {
    name: set.metadata.name,
    hash: set.metadata.labels?.[podTemplateHashLabel] ?? '',
    spec,
    available: Math.min(spec, set.status?.availableReplicas ?? 0),
  };
};

export function after(scene: Scene, action: Action): Scene {
  switch (action.kind) {
    case 'CreateReplicaSet':
      return { ...scene, sets: [...scene.sets, { ...sceneSet(action.replicaSet), available: 0 }] };
    case 'UpdateReplicaSet':
      return {
        ...scene,
        sets: scene.sets.map((set) => (set.name === action.target.name ? scaled(set, action.change.replicas) : set)),
      };
    case 'DeleteReplicaSet':
    case 'ReleaseReplicaSet':
      return { ...scene, sets: scene.sets.filter((set) => set.name !== action.target.name) };
    case 'SwitchService':
      return { ...scene, selectors: { ...scene.selectors, [action.target.name]: action.hash } };
    case 'AdoptReplicaSet':
    case 'PatchRollout':
    case 'PatchPodMetadata':
    case 'EvictPod':
    case 'ScaleDeployment':
    case 'ApplyTraffic':
    case 'ReleaseTraffic':
      return scene;
    default:
      return action satisfies never;
  }
}

const scaled = (set: SceneSet, spec: number | undefined): SceneSet =>
  spec === undefined ? set : { ...set, spec, available: Math.min(spec, set.available) };

export const availableOf = (scene: Scene, hash?: string): number =>
  scene.sets.reduce((sum, set) => sum + (hash === undefined || set.hash === hash ? set.available : 0), 0);
export const askedFor = (scene: Scene): number => scene.sets.reduce((sum, set) => sum + set.spec, 0);
