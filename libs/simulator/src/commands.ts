import { injectedPartsOf, revisionAnnotation, withoutInjectedParts } from '@sluice/model';
import type { PodTemplateSpec, ReplicaSet, Rollout, RolloutStatus } from '@sluice/model';
import { controllerOf, mergePatch, timeText, withMetadata } from './objects.ts';
import type { Kind, Manifest, StoredKinds } from './objects.ts';
import type { World } from './world.ts';

// What people do, as the command line sends it: patches of spec and status without a precondition. Source: spec-rollout §5.5.

/** Creates each object, or merges it into the one that exists. */
export function apply(world: World, ...manifests: readonly Manifest[]): void {
  for (const manifest of manifests) {
    const { kind } = manifest as { kind: Kind };
    if (world.store.get(kind, manifest.metadata.name)) patchObject(world, kind, manifest.metadata.name, manifest);
    else world.store.create(kind, manifest as StoredKinds[Kind]);
  }
}

/** JSON merge patch of anything but the status; metadata beyond labels and annotations is not for people to change. */
export function patchObject(world: World, kind: Kind, name: string, patch: object): void {
  const {
    metadata,
    status: _,
    kind: _kind,
    apiVersion: _apiVersion,
    ...rest
  } = patch as { metadata?: { labels?: object; annotations?: object }; [field: string]: unknown };
  world.store.replace(kind, name, {}, (current) => {
    const { status, ...kept } = current as StoredKinds[Kind] & { status?: unknown };
    const merged = mergePatch(
      kept,
      metadata ? { ...rest, metadata: { labels: metadata.labels, annotations: metadata.annotations } } : rest,
    ) as StoredKinds[Kind];
    return (status === undefined ? merged : { ...merged, status }) as StoredKinds[Kind];
  });
}

export const patchRolloutSpec = (world: World, name: string, spec: object): void =>
  patchObject(world, 'Rollout', name, { spec });

export function patchRolloutStatus(world: World, name: string, patch: object): void {
  world.store.replace('Rollout', name, {}, (current) => ({
    ...current,
    status: mergePatch(current.status ?? {}, patch) as RolloutStatus,
  }));
}

/** Of all containers. */
export function setImage(world: World, name: string, image: string): void {
  changeTemplate(world, name, (template) => ({
    ...template,
    spec: {
      ...template.spec,
      containers: (template.spec?.containers ?? []).map((container) => ({ ...container, image })),
    },
  }));
}

export type Promotion = 'next' | 'full' | 'skip-current-step' | 'skip-all-steps';

export function promote(world: World, name: string, how: Promotion = 'next'): void {
  const rollout = world.store.get('Rollout', name);
  if (rollout === undefined) return;
  const status = promotionPatch(rollout, how);
  if (status) patchRolloutStatus(world, name, status);
  if (rollout.spec.paused && (how === 'next' || how === 'full')) patchRolloutSpec(world, name, { paused: false });
}

function promotionPatch({ spec, status = {} }: Rollout, how: Promotion): object | undefined {
  const steps = spec.strategy?.canary?.steps?.length ?? 0;
  const next = Math.min((status.currentStepIndex ?? 0) + 1, steps);
  if (how === 'full') return status.currentPodHash !== status.stableRS ? { promoteFull: true } : undefined;
  if (how !== 'next') return steps === 0 ? undefined : { currentStepIndex: how === 'skip-all-steps' ? steps : next };
  if (status.pauseConditions?.length) return { pauseConditions: null };
  return steps === 0 ? undefined : { pauseConditions: null, currentStepIndex: next };
}

export const abort = (world: World, name: string): void => patchRolloutStatus(world, name, { abort: true });
export const retry = (world: World, name: string): void => patchRolloutStatus(world, name, { abort: false });
export const pause = (world: World, name: string, paused = true): void => patchRolloutSpec(world, name, { paused });
export const scale = (world: World, name: string, replicas: number): void =>
  patchRolloutSpec(world, name, { replicas });
export const restart = (world: World, name: string): void =>
  patchRolloutSpec(world, name, { restartAt: timeText(world.store.now) });

export const setsOf = (world: World, rollout: string): ReplicaSet[] =>
  world.store
    .list('ReplicaSet')
    .filter((set) => controllerOf(set)?.kind === 'Rollout' && controllerOf(set)?.name === rollout);

/** Back to the revision before, or to that one: its template is written back to where the Rollout takes its template from. */
export function undo(world: World, name: string, revision?: number): void {
  const numbered = setsOf(world, name)
    .map((set) => ({ set, revision: Number(set.metadata.annotations?.[revisionAnnotation] ?? 0) }))
    .sort((a, b) => b.revision - a.revision);
  const chosen = revision === undefined ? numbered[1] : numbered.find((entry) => entry.revision === revision);
  if (chosen === undefined) return;
  // What controllers have added is no part of it: with it, the old set would no longer be recognised.
  const strategy = world.store.get('Rollout', name)?.spec.strategy;
  const template = withoutInjectedParts(chosen.set.spec.template ?? {}, injectedPartsOf(chosen.set, strategy));
  changeTemplate(world, name, () => template);
}

/** Changes the template of the Rollout, or of the Deployment that it refers to. */
function changeTemplate(world: World, name: string, change: (template: PodTemplateSpec) => PodTemplateSpec): void {
  const ref = world.store.get('Rollout', name)?.spec.workloadRef;
  if (ref?.kind === 'Deployment')
    world.store.replace('Deployment', ref.name ?? '', {}, (current) => ({
      ...current,
      spec: { ...current.spec, template: change(current.spec.template) },
    }));
  else
    world.store.replace('Rollout', name, {}, (current) => ({
      ...current,
      spec: { ...current.spec, template: change(current.spec.template ?? {}) },
    }));
}

/** Somebody else's edit of an object that the controller looks after. */
export function touch(world: World, kind: Kind, name: string): void {
  world.store.replace(kind, name, {}, (current) =>
    withMetadata(current, {
      annotations: { ...current.metadata.annotations, 'example.com/touched': String(world.store.version) },
    }),
  );
}
