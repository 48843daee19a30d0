// The Job controller: runs pods until enough of them have succeeded, or too many failed.
import type { Context } from '../base/context.ts';
import { controllerOf, keyOf } from '../base/object-cache.ts';
import { newPod } from '../base/new-pod.ts';
import { claim } from '../base/ownership.ts';
import type { Condition, Pod } from '../base/pod.ts';
import { conditionOf, isActive, isReady, isTerminal } from '../base/pod.ts';
import { jobs as resource, pods as podResource } from '../base/resources.ts';
import { epochOf, soonest, timestamp } from '../base/time.ts';
import { scaleDownOrder } from '../replicas/scale-down-order.ts';
import type { Counts, Verdict } from './job-verdict.ts';
import { deadlineAt, verdictOn, wantedPods } from './job-verdict.ts';
import type { Job, JobStatus } from './kinds.ts';
import { isFinished, isTracked, trackingFinalizer } from './kinds.ts';

const firstBackoffMs = 10_000;
const longestBackoffMs = 600_000;

/** Failures in a row, for the wait before the next try. In memory only: after a restart the next try comes at once. */
interface Failures {
  inARow: number;
  lastMs: number;
}

export function startJobController(context: Context): void {
  const { store, loop, clock, pods } = context;
  const jobs = context.cache<Job>(resource);
  const recorder = context.recorder('job-controller');
  const failures = new Map<string, Failures>();

  const reconcile = (key: string): number | undefined => {
    const job = jobs.get(key);
    if (!job || job.spec.managedBy) return undefined;
    if (job.metadata.deletionTimestamp) return releasePods(job);
    if (isFinished(job)) return removeWhenOld(job);
    return run(job);
  };

  function run(job: Job): number | undefined {
    const all = claim({ store, cache: pods, resource: podResource, owner: job });
    const status: JobStatus = { ...job.status, uncountedTerminatedPods: {} };
    const counted = count(job, status, all);
    let active = all.filter(isActive);
    const verdict =
      pendingVerdict(job) ??
      verdictOn(job, { active, succeeded: status.succeeded ?? 0, failed: status.failed ?? 0 }, clock.now());
    noteSuspension(job, status);
    let again: number | undefined;
    if (verdict?.type === 'Failed') for (const pod of active) deletePod(job, pod, 'counted');
    else if (job.spec.suspend) for (const pod of active) deletePod(job, pod, 'uncounted');
    else if (!verdict)
      again = reachParallelism(job, { active, succeeded: status.succeeded ?? 0, failed: status.failed ?? 0 });
    const now = pods.controlledBy(job.metadata.uid);
    active = now.filter(isActive);
    const terminating = now.filter((p) => p.metadata.deletionTimestamp && !isTerminal(p)).length;
    // Pods that were stopped because the Job failed are counted on the next look: the verdict waits for them.
    const settled =
      active.length === 0 && terminating === 0 && !now.some((p) => isUncounted(p) && !counted.includes(p));
    if (verdict) conclude(job, status, verdict, settled || verdict.type === 'Complete');
    writeStatus(job, {
      ...status,
      active: active.length || undefined,
      ready: active.filter(isReady).length,
      terminating,
    });
    for (const pod of counted) untrack(pod);
    const deadline = deadlineAt(job.status?.startTime ? job : { ...job, status });
    return verdict ? undefined : soonest(again, deadline === undefined ? undefined : deadline - clock.now());
  }

  const isUncounted = (pod: Pod): boolean =>
    isTracked(pod) && (isTerminal(pod) || pod.metadata.deletionTimestamp !== undefined);

  /** Adds the pods that finished since the last look to the counts. Returns them: their finalizer may go once the counts are written. */
  function count(job: Job, status: JobStatus, all: readonly Pod[]): Pod[] {
    const counted = all.filter(isUncounted);
    const succeeded = counted.filter((p) => p.status?.phase === 'Succeeded').length;
    const failed = counted.length - succeeded;
    if (succeeded) status.succeeded = (status.succeeded ?? 0) + succeeded;
    if (failed) status.failed = (status.failed ?? 0) + failed;
    const before = failures.get(job.metadata.uid)?.inARow ?? 0;
    if (failed) failures.set(job.metadata.uid, { inARow: before + failed, lastMs: clock.now() });
    else if (succeeded) failures.delete(job.metadata.uid);
    return counted;
  }

  function noteSuspension(job: Job, status: JobStatus): void {
    const known = conditionOf(status.conditions, 'Suspended');
    if (job.spec.suspend) {
      delete status.startTime;
      if (known?.status !== 'True') setCondition(status, 'Suspended', 'True', 'JobSuspended', 'Job suspended');
      if (known?.status !== 'True') recorder.record(job, 'Normal', 'Suspended', 'Job suspended');
      return;
    }
    status.startTime ??= timestamp(clock.now());
    if (known?.status !== 'True') return;
    setCondition(status, 'Suspended', 'False', 'JobResumed', 'Job resumed');
    recorder.record(job, 'Normal', 'Resumed', 'Job resumed');
  }

  /** Returns how long a failure still keeps the next pod waiting (ms). */
  function reachParallelism(job: Job, counts: Counts): number | undefined {
    const missing = wantedPods(job, counts) - counts.active.length;
    if (missing < 0)
      for (const pod of scaleDownOrder(counts.active).slice(0, -missing)) deletePod(job, pod, 'uncounted');
    if (missing <= 0) return undefined;
    const failed = failures.get(job.metadata.uid);
    const wait = failed
      ? failed.lastMs + Math.min(firstBackoffMs * 2 ** (failed.inARow - 1), longestBackoffMs) - clock.now()
      : 0;
    if (wait > 0) return wait;
    for (let i = 0; i < missing; i++) createPod(job);
    return undefined;
  }

  function createPod(job: Job): void {
    const pod = store.create(podResource, newPod(job, job.spec.template, [trackingFinalizer]));
    recorder.record(job, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
  }

  function deletePod(job: Job, pod: Pod, how: 'counted' | 'uncounted'): void {
    if (how === 'uncounted') untrack(pod);
    store.remove(podResource, pod.metadata.namespace, pod.metadata.name, { preconditions: { uid: pod.metadata.uid } });
    recorder.record(job, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
  }

  function untrack(pod: Pod): void {
    store.modify(podResource, pod.metadata.namespace, pod.metadata.name, (draft) => {
      if (draft.metadata.uid === pod.metadata.uid)
        draft.metadata.finalizers = draft.metadata.finalizers?.filter((f) => f !== trackingFinalizer);
    });
  }

  /** The end is announced (SuccessCriteriaMet, FailureTarget) before it comes, so that nobody takes a Job for finished whose pods still run. */
  function conclude(job: Job, status: JobStatus, { type, reason, message }: Verdict, settled: boolean): void {
    setCondition(status, type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget', 'True', reason, message);
    if (!settled) return;
    setCondition(status, type, 'True', reason, message);
    if (type === 'Complete') status.completionTime = timestamp(clock.now());
    failures.delete(job.metadata.uid);
    recorder.record(
      job,
      type === 'Complete' ? 'Normal' : 'Warning',
      type === 'Complete' ? 'Completed' : reason,
      type === 'Complete' ? 'Job completed' : message,
    );
  }

  function setCondition(
    status: JobStatus,
    type: string,
    value: 'True' | 'False',
    reason: string,
    message: string,
  ): void {
    const known = conditionOf(status.conditions, type);
    if (known?.status === value) return;
    const now = timestamp(clock.now());
    const condition: Condition = { type, status: value, lastProbeTime: now, lastTransitionTime: now, reason, message };
    status.conditions = [...(status.conditions ?? []).filter((c) => c.type !== type), condition];
  }

  function writeStatus(job: Job, status: JobStatus): void {
    store.modify(resource, job.metadata.namespace, job.metadata.name, (draft) => void (draft.status = status), {
      subresource: 'status',
    });
  }

  // A Job that is deleted in the foreground waits for its pods, and they wait for it to count them.
  function releasePods(job: Job): undefined {
    for (const pod of pods.controlledBy(job.metadata.uid)) if (isUncounted(pod)) untrack(pod);
  }

  function removeWhenOld(job: Job): number | undefined {
    releasePods(job);
    const { ttlSecondsAfterFinished: ttl } = job.spec;
    if (ttl === undefined) return undefined;
    const end = job.status?.conditions?.find((c) => c.type === 'Complete' || c.type === 'Failed')?.lastTransitionTime;
    const wait = end === undefined ? 0 : epochOf(end) + ttl * 1000 - clock.now();
    if (wait > 0) return wait;
    const { namespace, name, uid } = job.metadata;
    store.remove(resource, namespace, name, { propagationPolicy: 'Foreground', preconditions: { uid } });
    return undefined;
  }

  // A pod whose Job is gone is counted by nobody, and must not be kept by its finalizer.
  const forget = loop.controller('job-pods', (key) => {
    const pod = pods.get(key);
    const owner = pod && controllerOf(pod);
    if (
      !pod ||
      !isTracked(pod) ||
      (owner && jobs.get(`${pod.metadata.namespace}/${owner.name}`)?.metadata.uid === owner.uid)
    )
      return undefined;
    untrack(pod);
    return undefined;
  });
  const enqueue = loop.controller('job', reconcile);
  jobs.onChange((now, before) => {
    if (now) enqueue(keyOf(now));
    if (before && before.metadata.uid !== now?.metadata.uid) {
      failures.delete(before.metadata.uid);
      for (const pod of pods.controlledBy(before.metadata.uid)) forget(keyOf(pod));
    }
  });
  pods.onChange((now, before) => {
    const pod = now ?? before;
    const owner = pod && controllerOf(pod);
    if (owner?.kind === 'Job') enqueue(`${pod!.metadata.namespace}/${owner.name}`);
    if (now && isTracked(now) && now.metadata.deletionTimestamp) forget(keyOf(now));
  });
  jobs.start();
}

/** The verdict that was announced earlier: it holds, whatever the counts say since. */
function pendingVerdict(job: Job): Verdict | undefined {
  for (const [announced, type] of [
    ['FailureTarget', 'Failed'],
    ['SuccessCriteriaMet', 'Complete'],
  ] as const) {
    const condition = conditionOf(job.status?.conditions, announced);
    if (condition?.status === 'True') return { type, reason: condition.reason ?? '', message: condition.message ?? '' };
  }
  return undefined;
}
