import type { Json, JsonObject } from '@sluice/plugin-sdk';
import { endedAtMs, stateOf } from './job-state.ts';
import type { Job } from './job-state.ts';
import { marks } from './measurement-job.ts';

// A Job is the only record of its verdict until the verdict is stored in the status of the run. With the manifest's
// `ttlSecondsAfterFinished` the cluster may delete it before: the time is written to the Job when its verdict was read.

const dayInSeconds = 24 * 3600;

/** How long a Job stays at least after its verdict was read, so that a verdict whose answer was lost is read again. */
const rereadSeconds = 300;

/** Until its verdict was read, a Job that no AnalysisRun owns goes after a day: no garbage collector deletes it. */
const unreadTtl = (owned: boolean): number | undefined => (owned ? undefined : dayInSeconds);

const isTtl = (value: Json | undefined): value is number => typeof value === 'number' && value >= 0;

/** The Job's spec until its verdict was read, and the annotation that keeps the time that the manifest has. */
export function untilRead(
  spec: JsonObject,
  owned: boolean,
): { readonly spec: JsonObject; readonly annotations: Readonly<Record<string, string>> } {
  const { ttlSecondsAfterFinished: asked, ...rest } = spec;
  // What is no time is left to the API server, which refuses it.
  if (asked !== undefined && asked !== null && !isTtl(asked)) return { spec, annotations: {} };
  const ttl = unreadTtl(owned);
  return {
    spec: { ...(ttl === undefined ? {} : { ttlSecondsAfterFinished: Math.max(ttl, asked ?? 0) }), ...rest },
    annotations: isTtl(asked) ? { [marks.ttl]: String(asked) } : {},
  };
}

const askedTtl = ({ metadata }: Job): number | undefined => {
  const text = metadata.annotations?.[marks.ttl];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
};

/**
 * The patch that keeps a running Job until its verdict is read, for one that has a shorter time: it was made by an
 * earlier version, by Argo Rollouts, or its spec was changed on the way. Undefined where nothing is to be changed.
 */
export function keptUntilRead(job: Job): JsonObject | undefined {
  const { ttlSecondsAfterFinished: ttl } = job.spec ?? {};
  if (!isTtl(ttl ?? undefined) || (ttl ?? 0) >= dayInSeconds || askedTtl(job) !== undefined) return undefined;
  const owned = (job.metadata.ownerReferences ?? []).length > 0;
  return {
    metadata: { annotations: { [marks.ttl]: String(ttl) } },
    spec: { ttlSecondsAfterFinished: unreadTtl(owned) ?? null },
  };
}

/** The patch that gives a finished Job, whose verdict was read, its time to live; undefined where it has one. */
export function releasedAfterRead(job: Job, nowMs: number): JsonObject | undefined {
  const asked = askedTtl(job);
  const endedMs = endedAtMs(job);
  const current = job.spec?.ttlSecondsAfterFinished ?? Infinity;
  if (asked === undefined || endedMs === undefined || stateOf(job).phase === 'Running') return undefined;
  const sinceEnd = Math.max(0, Math.ceil((nowMs - endedMs) / 1000));
  const ttl = Math.max(asked, sinceEnd + rereadSeconds);
  const isReleased = current < Infinity && current !== dayInSeconds;
  return isReleased || ttl >= current ? undefined : { spec: { ttlSecondsAfterFinished: ttl } };
}
