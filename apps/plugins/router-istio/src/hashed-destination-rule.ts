import type { ObjectMeta, RawObject } from '@sluice/kube';
import { PluginError } from '@sluice/plugin-sdk';
import { where } from './selection.ts';
import type { DestinationRuleSettings } from './settings.ts';

/** The label by which pods of one version are told. */
export const hashLabel = 'rollouts-pod-template-hash';
/** Says which Rollout sets the hashes of a DestinationRule. */
export const managedByAnnotation = 'argo-rollouts.argoproj.io/managed-by-rollouts';

export interface Subset {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface WantedSubsets {
  readonly rollout: string;
  readonly settings: DestinationRuleSettings;
  /** Undefined: left as it is for now. Empty: the subset loses the label. */
  readonly canaryHash: string | undefined;
  readonly stableHash: string | undefined;
  /** Subsets of experiments, by name of their Service. */
  readonly extras: readonly { readonly service: string; readonly podTemplateHash: string }[];
  /** Whether subsets of ended experiments go: only when no route goes there any more. */
  readonly dropEnded: boolean;
}

/**
 * The DestinationRule with the hashes of the versions; the same object when it has them. All other subsets, labels and fields stay. Throws PluginError
 * `Conflict` when another Rollout sets the hashes, `NotFound` when a subset that the manifest names is not there.
 */
export function hashedDestinationRule(live: RawObject, wanted: WantedSubsets): RawObject {
  requireOurs(live, wanted.rollout);
  const { settings, extras } = wanted;
  const subsets = subsetsOf(live);
  for (const [title, name] of [
    ['Canary', settings.canarySubset],
    ['Stable', settings.stableSubset],
  ] as const)
    if (!subsets.some((subset) => subset.name === name))
      throw new PluginError('NotFound', `${where(live)}: ${title} DestinationRule subset '${name}' not found`);
  const hashOf = (name: string | undefined): string | undefined => {
    if (name === settings.canarySubset) return wanted.canaryHash;
    if (name === settings.stableSubset) return wanted.stableHash;
    return extras.find(({ service }) => service === name)?.podTemplateHash;
  };
  const kept = wanted.dropEnded ? subsets.filter((subset) => !isEnded(subset, wanted)) : subsets;
  const hashed = kept.map((subset) => {
    const hash = hashOf(subset.name);
    return hash === undefined ? subset : withHash(subset, hash);
  });
  const missing = extras
    .filter(({ service }) => !subsets.some(({ name }) => name === service))
    .map(({ service, podTemplateHash }) => ({ name: service, labels: { [hashLabel]: podTemplateHash } }));
  return withAnnotation(withSubsets(live, [...hashed, ...missing]), wanted.rollout);
}

/** Without the annotation, the hashes and the subsets of experiments; the same object when another Rollout, or none, has set them. */
export function releasedDestinationRule(live: RawObject, rollout: string): RawObject {
  if (live.metadata.annotations?.[managedByAnnotation] !== rollout) return live;
  const kept = subsetsOf(live).filter((subset) => !isOfExperiment(subset, rollout));
  return withAnnotation(
    withSubsets(
      live,
      kept.map((subset) => withHash(subset, '')),
    ),
    undefined,
  );
}

export function hashIn(live: RawObject, subsetName: string): string {
  return subsetsOf(live).find(({ name }) => name === subsetName)?.labels?.[hashLabel] ?? '';
}

export function hostOf(live: RawObject): string | undefined {
  const host: unknown = (live['spec'] as Record<string, unknown> | undefined)?.['host'];
  return typeof host === 'string' && host !== '' ? host : undefined;
}

function requireOurs(live: RawObject, rollout: string): void {
  const owner = live.metadata.annotations?.[managedByAnnotation] ?? '';
  if (owner === '' || owner === rollout) return;
  throw new PluginError(
    'Conflict',
    `${where(live)} is managed by Rollout "${owner}": two Rollouts cannot both set its hashes. Give each its own DestinationRule; if "${owner}" is gone, remove annotation ${managedByAnnotation}.`,
  );
}

/** ReplicaSets and Services of experiments are called `<rollout>-<hash>-<revision>-<step>-<template>`, unless the user has given them a name. */
export function isNamedByExperiment(name: string, rollout: string): boolean {
  const escaped = rollout.replace(/[.\\^$*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`^${escaped}-[a-z0-9]+-\\d+-\\d+-.`).test(name);
}

/** Subsets of experiments have nothing but the hash, and the name of an experiment's ReplicaSet. */
function isOfExperiment(subset: Subset, rollout: string): boolean {
  if (!isNamedByExperiment(subset.name ?? '', rollout)) return false;
  return Object.keys(subset).length === 2 && Object.keys(subset.labels ?? {}).join() === hashLabel;
}

function isEnded(subset: Subset, { rollout, settings, extras }: WantedSubsets): boolean {
  const inUse = [
    settings.canarySubset,
    settings.stableSubset,
    ...settings.additionalSubsets,
    ...extras.map((e) => e.service),
  ];
  return !inUse.includes(subset.name ?? '') && isOfExperiment(subset, rollout);
}

export function subsetsOf(live: RawObject): readonly Subset[] {
  const subsets: unknown = (live['spec'] as Record<string, unknown> | undefined)?.['subsets'];
  return Array.isArray(subsets) ? (subsets as readonly Subset[]) : [];
}

function withHash(subset: Subset, hash: string): Subset {
  if ((subset.labels?.[hashLabel] ?? '') === hash) return subset;
  const { [hashLabel]: _, ...labels } = subset.labels ?? {};
  if (hash !== '') return { ...subset, labels: { ...subset.labels, [hashLabel]: hash } };
  const { labels: __, ...rest } = subset;
  return Object.keys(labels).length === 0 ? rest : { ...subset, labels };
}

function withSubsets(live: RawObject, subsets: readonly Subset[]): RawObject {
  const before = subsetsOf(live);
  if (subsets.length === before.length && subsets.every((subset, index) => subset === before[index])) return live;
  return { ...live, spec: { ...(live['spec'] as object), subsets } };
}

function withAnnotation(live: RawObject, rollout: string | undefined): RawObject {
  const { [managedByAnnotation]: present, ...others } = live.metadata.annotations ?? {};
  if (present === rollout) return live;
  if (rollout !== undefined)
    return {
      ...live,
      metadata: { ...live.metadata, annotations: { ...live.metadata.annotations, [managedByAnnotation]: rollout } },
    };
  const { annotations: _, ...metadata } = live.metadata as ObjectMeta;
  return { ...live, metadata: Object.keys(others).length === 0 ? metadata : { ...metadata, annotations: others } };
}
