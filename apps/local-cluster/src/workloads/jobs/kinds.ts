// The shape of a Job as far as its controller reads it.
import type { KubeObject } from '../../storage/store.ts';
import type { Condition, PodTemplate } from '../base/pod.ts';
import type { LabelSelector } from '../base/selector.ts';

export interface JobSpec {
  parallelism?: number;
  completions?: number;
  backoffLimit?: number;
  activeDeadlineSeconds?: number;
  ttlSecondsAfterFinished?: number;
  suspend?: boolean;
  completionMode?: 'NonIndexed' | 'Indexed';
  managedBy?: string;
  manualSelector?: boolean;
  selector?: LabelSelector;
  template: PodTemplate;
}

export interface JobStatus {
  conditions?: Condition[];
  startTime?: string;
  completionTime?: string;
  active?: number;
  ready?: number;
  terminating?: number;
  succeeded?: number;
  failed?: number;
  uncountedTerminatedPods?: object;
}

export interface Job extends KubeObject {
  spec: JobSpec;
  status?: JobStatus;
}

/** On every pod that its Job has not counted yet: a pod that is deleted early is still counted, and none is counted twice. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';

export const isTracked = (o: KubeObject): boolean => o.metadata.finalizers?.includes(trackingFinalizer) ?? false;

export const hasCondition = (job: Job, type: string): boolean =>
  job.status?.conditions?.some((c) => c.type === type && c.status === 'True') ?? false;

export const isFinished = (job: Job): boolean => hasCondition(job, 'Complete') || hasCondition(job, 'Failed');

/** How many pods have to succeed; undefined if the first success is enough and the pods agree among themselves. */
export const completionsOf = ({ spec }: Job): number | undefined =>
  spec.completions ?? (spec.parallelism === undefined ? 1 : undefined);
