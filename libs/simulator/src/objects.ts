import type {
  AnalysisRun,
  AnalysisTemplate,
  Deployment,
  Experiment,
  KubeObject,
  ObjectMeta,
  Pod,
  PodTemplate,
  ReplicaSet,
  Rollout,
  Service,
} from '@sluice/model';

/** The kinds that a world keeps. */
export interface StoredKinds {
  Rollout: Rollout;
  ReplicaSet: ReplicaSet;
  Service: Service;
  Deployment: Deployment;
  PodTemplate: PodTemplate;
  Pod: Pod;
  AnalysisRun: AnalysisRun;
  AnalysisTemplate: AnalysisTemplate;
  Experiment: Experiment;
}
export type Kind = keyof StoredKinds;
export const kinds: readonly Kind[] = [
  'Rollout',
  'ReplicaSet',
  'Service',
  'Deployment',
  'PodTemplate',
  'Pod',
  'AnalysisRun',
  'AnalysisTemplate',
  'Experiment',
];

export const apiVersions: Readonly<Record<Kind, string>> = {
  Rollout: 'argoproj.io/v1alpha1',
  ReplicaSet: 'apps/v1',
  Service: 'v1',
  Deployment: 'apps/v1',
  PodTemplate: 'v1',
  Pod: 'v1',
  AnalysisRun: 'argoproj.io/v1alpha1',
  AnalysisTemplate: 'argoproj.io/v1alpha1',
  Experiment: 'argoproj.io/v1alpha1',
};

/** An object as a person writes it: what the API server adds is missing. */
export type Manifest<K extends Kind = Kind> = { [P in K]: Omit<StoredKinds[P], 'kind'> & { readonly kind: P } }[K];

export const versionOf = (object: KubeObject): number => Number(object.metadata.resourceVersion ?? 0);
export const controllerOf = (object: KubeObject) => object.metadata.ownerReferences?.find((owner) => owner.controller);
export const isDeleting = (object: KubeObject): boolean => object.metadata.deletionTimestamp !== undefined;

/** A copy with other metadata; objects in a world never change in place. */
export const withMetadata = <T extends KubeObject>(object: T, change: Partial<ObjectMeta>): T => ({
  ...object,
  metadata: { ...object.metadata, ...change },
});

const times = new Map<number, string>();

/** RFC 3339 with whole seconds, as the API server writes it. */
export function timeText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  let text = times.get(seconds);
  if (text === undefined) {
    text = `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
    if (times.size > 10_000) times.clear();
    times.set(seconds, text);
  }
  return text;
}

/** JSON merge patch (RFC 7386): null removes. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete base[key];
    else if (value !== undefined) base[key] = mergePatch(base[key], value);
  }
  return base;
}

/** Keys set, or removed where the value is null. A map without keys is stored as none. */
export function changed(
  map: Readonly<Record<string, string>> | undefined,
  changes: Readonly<Record<string, string | null>> | undefined,
): Record<string, string> | undefined {
  if (changes === undefined) return map as Record<string, string> | undefined;
  const result: Record<string, string> = { ...map };
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) delete result[key];
    else result[key] = value;
  }
  return Object.keys(result).length ? result : undefined;
}
