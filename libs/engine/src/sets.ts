import {
  desiredReplicasAnnotation,
  parseTime,
  podTemplateHashLabel,
  revisionAnnotation,
  revisionHistoryAnnotation,
  scaleDownDeadlineAnnotation,
} from '@sluice/model';
import type { ReplicaSet } from '@sluice/model';
import type { EpochMs } from './snapshot.ts';

/** A ReplicaSet as the questions of the engine see it. One that is still to be created has no `stored`. */
export interface SetView {
  readonly name: string;
  readonly hash: string;
  readonly createdAt: EpochMs;
  readonly revision: number;
  /** Pods asked for. */
  readonly spec: number;
  /** Pods that exist, are ready, are available (ready for minReadySeconds). */
  readonly replicas: number;
  readonly ready: number;
  readonly available: number;
  /** When a set that is no longer needed is to go; NaN where the annotation cannot be read. */
  readonly deadline: EpochMs | undefined;
  /** spec.replicas of the Rollout when this set was last scaled. */
  readonly desired: number | undefined;
  readonly stored: ReplicaSet | undefined;
}

const seen = new WeakMap<ReplicaSet, SetView>();

/** Views are kept by identity: cached ReplicaSets are immutable, and most decisions see the same ones again. */
export function viewOf(replicaSet: ReplicaSet): SetView {
  let view = seen.get(replicaSet);
  if (view === undefined) {
    view = read(replicaSet);
    seen.set(replicaSet, view);
  }
  return view;
}

function read(rs: ReplicaSet): SetView {
  const annotations = rs.metadata.annotations ?? {};
  const deadline = annotations[scaleDownDeadlineAnnotation];
  return {
    name: rs.metadata.name,
    hash: rs.metadata.labels?.[podTemplateHashLabel] ?? '',
    createdAt: parseTime(rs.metadata.creationTimestamp) ?? 0,
    revision: wholeNumber(annotations[revisionAnnotation]) ?? 0,
    spec: rs.spec.replicas ?? 1,
    replicas: rs.status?.replicas ?? 0,
    ready: rs.status?.readyReplicas ?? 0,
    available: rs.status?.availableReplicas ?? 0,
    deadline: deadline ? (parseTime(deadline) ?? Number.NaN) : undefined,
    desired: wholeNumber(annotations[desiredReplicasAnnotation]),
    stored: rs,
  };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

export const totalOf = (sets: readonly SetView[], field: 'spec' | 'replicas' | 'ready' | 'available'): number =>
  sets.reduce((sum, set) => sum + set[field], 0);

/**
 * Pods of this set that count on staying: those that are available and that it still asks for. While the ReplicaSet controller
 * has not yet caught up with a smaller `spec`, its `available` counts pods that are about to go.
 */
export const lastingAvailable = (set: SetView): number => Math.min(set.spec, set.available);

/**
 * Whether the ReplicaSet controller has seen what the set asks for now. Until then its counts may include a pod that it is just taking away: one that was scaled to 0 by hand
 * and up again still looks as if its last pod stayed. No traffic moves to a set before that is known.
 */
export function isUpToDate({ stored }: SetView): boolean {
  const [asked, seen] = [stored?.metadata.generation, stored?.status?.observedGeneration];
  return asked === undefined || seen === undefined || seen >= asked;
}

export const newestFirst = (a: SetView, b: SetView): number =>
  b.revision - a.revision || b.createdAt - a.createdAt || compareText(b.name, a.name);
export const oldestFirst = (a: SetView, b: SetView): number =>
  a.createdAt - b.createdAt || a.revision - b.revision || compareText(a.name, b.name);

/**
 * Whether one set existed before the other. Creation times are whole seconds: within one, the revision that each had first decides, which
 * a set keeps in its history when it is gone back to. One that is still to be created is before none, whatever the clocks say.
 */
export function wasMadeBefore(a: SetView, b: SetView): boolean {
  if (a.stored === undefined || b.stored === undefined) return a.stored !== undefined;
  return a.createdAt < b.createdAt || (a.createdAt === b.createdAt && firstRevision(a) < firstRevision(b));
}

function firstRevision({ stored, revision }: SetView): number {
  const [first] = stored?.metadata.annotations?.[revisionHistoryAnnotation]?.split(',') ?? [];
  return wholeNumber(first) ?? revision;
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
