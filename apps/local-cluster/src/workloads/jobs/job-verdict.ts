// What a Job's counts amount to: how many pods it should have, and whether it is done for, well or badly.
import type { Pod } from '../base/pod.ts';
import { restartsOf } from '../base/pod.ts';
import { epochOf } from '../base/time.ts';
import type { Job } from './kinds.ts';
import { completionsOf } from './kinds.ts';

export interface Verdict {
  readonly type: 'Complete' | 'Failed';
  readonly reason: string;
  readonly message: string;
}

export interface Counts {
  readonly active: readonly Pod[];
  readonly succeeded: number;
  readonly failed: number;
}

/** How many pods should run now. */
export function wantedPods(job: Job, { active, succeeded }: Counts): number {
  const { parallelism = 1 } = job.spec;
  const completions = completionsOf(job);
  if (completions === undefined) return succeeded > 0 ? Math.min(active.length, parallelism) : parallelism;
  return Math.min(parallelism, Math.max(0, completions - succeeded));
}

export function verdictOn(job: Job, counts: Counts, nowMs: number): Verdict | undefined {
  if (triedTooOften(job, counts))
    return { type: 'Failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
  const deadline = deadlineAt(job);
  if (deadline !== undefined && deadline <= nowMs && !job.spec.suspend)
    return { type: 'Failed', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
  const completions = completionsOf(job);
  const reached =
    completions === undefined ? counts.succeeded > 0 && counts.active.length === 0 : counts.succeeded >= completions;
  return reached
    ? { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
    : undefined;
}

/** When the Job has been active for too long (epoch ms). */
export function deadlineAt(job: Job): number | undefined {
  const { activeDeadlineSeconds } = job.spec;
  if (activeDeadlineSeconds === undefined || !job.status?.startTime) return undefined;
  return epochOf(job.status.startTime) + activeDeadlineSeconds * 1000;
}

// Failed pods count one each; containers that are restarted in their pod count by restarts.
function triedTooOften(job: Job, { active, failed }: Counts): boolean {
  const { backoffLimit = 6, template } = job.spec;
  if (failed > backoffLimit) return true;
  if (template.spec.restartPolicy !== 'OnFailure') return false;
  const restarts = active.reduce((n, pod) => n + restartsOf(pod), 0);
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit;
}
