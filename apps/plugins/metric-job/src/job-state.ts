import type { KubeObject } from '@sluice/kube';

/** What this plugin reads of a batch/v1 Job. */
export interface Job extends KubeObject {
  readonly spec?: { readonly ttlSecondsAfterFinished?: number | null };
  readonly status?: {
    readonly startTime?: string;
    readonly active?: number;
    readonly ready?: number;
    readonly conditions?: readonly JobCondition[];
  };
}

interface JobCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export type JobState =
  | { readonly phase: 'Running' }
  | { readonly phase: 'Successful' }
  /** Why, as the Job controller says it: `BackoffLimitExceeded`, `DeadlineExceeded`, … */
  | { readonly phase: 'Failed'; readonly reason: string; readonly message: string };

/** A Job is done when it says so: pods may still be counted, or be tried again, before that. */
export function stateOf({ status }: Job): JobState {
  const ended = (type: string) => status?.conditions?.find((each) => each.type === type && each.status === 'True');
  const failed = ended('Failed');
  if (failed !== undefined) return { phase: 'Failed', reason: failed.reason ?? '', message: failed.message ?? '' };
  return ended('Complete') === undefined ? { phase: 'Running' } : { phase: 'Successful' };
}

/** When it ended, as the TTL controller counts; undefined while it runs. Epoch milliseconds. */
export function endedAtMs({ status }: Job): number | undefined {
  const ended = status?.conditions?.find(({ type, status: is }) => isEnd.has(type) && is === 'True');
  const ms = Date.parse(ended?.lastTransitionTime ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

const isEnd: ReadonlySet<string> = new Set(['Complete', 'Failed']);

/** Whether a pod of it could be stuck: some are to run, and not all of them do. */
export function mayBeStuck({ status }: Job): boolean {
  return (status?.active ?? 0) > (status?.ready ?? 0);
}

const soonestMs = 500;
const latestMs = 5_000;

/** How long until it is worth another look: soon for a Job that has just begun, and never more than a few seconds late for a long one. */
export function pollAfterMs({ metadata, status }: Job, nowMs: number): number {
  const since = Date.parse(status?.startTime ?? metadata.creationTimestamp ?? '');
  const elapsed = Number.isNaN(since) ? 0 : Math.max(0, nowMs - since);
  return Math.min(latestMs, Math.max(soonestMs, Math.round(elapsed / 10)));
}
