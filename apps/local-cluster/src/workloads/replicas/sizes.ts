// How many pods each ReplicaSet of a Deployment should have. Pure arithmetic: the controller applies it.
import type { Deployment, ReplicaSet } from './kinds.ts';
import { wantedReplicas } from './kinds.ts';
import { desiredWhenScaled, mostWhenScaled } from './revisions.ts';
import type { Revisions } from './revisions.ts';

/** New sizes for some of the sets; the others stay as they are. */
export type Sizes = ReadonlyMap<ReplicaSet, number>;

const noChange: Sizes = new Map();
const sum = (sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number =>
  sets.reduce((n, set) => n + count(set), 0);
const availableOf = (set: ReplicaSet): number => set.status?.availableReplicas ?? 0;
const withPods = (sets: readonly ReplicaSet[]): ReplicaSet[] => sets.filter((set) => wantedReplicas(set) > 0);

function absolute(value: number | string | undefined, of: number, round: (n: number) => number): number {
  if (typeof value === 'string' && value.endsWith('%')) return round((Number.parseFloat(value) * of) / 100);
  return Number(value ?? 0);
}

/** How far a rolling update may go above and below the wanted number of pods. Both 0 would never move: then one may be missing. */
export function bounds(deployment: Deployment): { surge: number; unavailable: number } {
  const { strategy } = deployment.spec;
  if (strategy?.type === 'Recreate') return { surge: 0, unavailable: 0 };
  const wanted = wantedReplicas(deployment);
  const { maxSurge = '25%', maxUnavailable = '25%' } = strategy?.rollingUpdate ?? {};
  const surge = absolute(maxSurge, wanted, Math.ceil);
  const unavailable = Math.min(absolute(maxUnavailable, wanted, Math.floor), wanted);
  return { surge, unavailable: surge === 0 && unavailable === 0 && wanted > 0 ? 1 : unavailable };
}

/** The size of the current set in a rolling update: what surge leaves room for. */
export function currentSize(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): number {
  const wanted = wantedReplicas(deployment);
  const now = current ? wantedReplicas(current) : 0;
  if (deployment.spec.strategy?.type === 'Recreate' || now >= wanted) return wanted;
  const room = wanted + bounds(deployment).surge - now - sum(old, wantedReplicas);
  return room <= 0 ? now : now + Math.min(room, wanted - now);
}

/** The next sizes of the old sets in a rolling update: first pods that are of no use go, then as many as availability allows. */
export function oldSizes(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Sizes {
  const least = wantedReplicas(deployment) - bounds(deployment).unavailable;
  const missing = wantedReplicas(current) - availableOf(current);
  let removable = wantedReplicas(current) + sum(old, wantedReplicas) - least - missing;
  if (removable <= 0) return noChange;
  const sizes = new Map<ReplicaSet, number>();
  for (const set of withPods(old)) {
    const useless = Math.min(removable, Math.max(0, wantedReplicas(set) - availableOf(set)));
    if (useless > 0) sizes.set(set, wantedReplicas(set) - useless);
    removable -= useless;
  }
  let spare = sum([current, ...old], availableOf) - least;
  for (const set of withPods(old)) {
    const size = sizes.get(set) ?? wantedReplicas(set);
    const less = Math.min(size, Math.max(0, spare));
    if (less > 0) sizes.set(set, size - less);
    spare -= less;
  }
  return sizes;
}

/** True if someone changed the Deployment's size since its sets were last scaled. */
export const wasScaled = (deployment: Deployment, { current, old }: Revisions): boolean =>
  withPods(current ? [current, ...old] : old).some((set) => {
    const before = desiredWhenScaled(set);
    return before !== undefined && before !== wantedReplicas(deployment);
  });

/** The sizes after the Deployment itself was scaled, also in the middle of an update or while it is paused: each set in proportion. */
export function scaledSizes(deployment: Deployment, { current, old }: Revisions): Sizes {
  const wanted = wantedReplicas(deployment);
  const all = current ? [...old, current] : [...old];
  const active = withPods(all);
  const only = active.length === 0 ? all.at(-1) : active.length === 1 ? active[0] : undefined;
  if (only) return new Map([[only, wanted]]);
  if (
    current &&
    wantedReplicas(current) === wanted &&
    desiredWhenScaled(current) === wanted &&
    availableOf(current) === wanted
  )
    return new Map(withPods(old).map((set) => [set, 0]));
  if (active.length === 0 || deployment.spec.strategy?.type === 'Recreate') return noChange;
  return inProportion(deployment, active);
}

function inProportion(deployment: Deployment, active: readonly ReplicaSet[]): Sizes {
  const wanted = wantedReplicas(deployment);
  const most = wanted > 0 ? wanted + bounds(deployment).surge : 0;
  const toAdd = most - sum(active, wantedReplicas);
  // The largest takes what rounding leaves; of equal ones the newest when growing, the oldest when shrinking.
  const order = (toAdd > 0 ? [...active].reverse() : [...active]).sort((a, b) => wantedReplicas(b) - wantedReplicas(a));
  const sizes = new Map<ReplicaSet, number>();
  let added = 0;
  for (const set of order) {
    const size = wantedReplicas(set);
    const left = toAdd - added;
    const ideal = Math.round((size * most) / (mostWhenScaled(set) ?? most)) - size;
    const share = toAdd > 0 ? Math.max(0, Math.min(ideal, left)) : Math.min(0, Math.max(ideal, left));
    sizes.set(set, Math.max(0, size + share));
    added += share;
  }
  const first = order[0]!;
  sizes.set(first, Math.max(0, sizes.get(first)! + toAdd - added));
  return sizes;
}
