import type { Job } from './job-state.ts';
import { marks } from './measurement-job.ts';

/** The Jobs of one metric (or of all, where none is named), the oldest measurement first. */
export function finishedJobs(jobs: readonly Job[], metric: string | undefined): readonly Job[] {
  const ofMetric = metric === undefined ? jobs : jobs.filter((job) => annotation(job, marks.metric) === metric);
  return [...ofMetric].sort((a, b) => createdMs(a) - createdMs(b) || ordinalOf(a) - ordinalOf(b));
}

const annotation = ({ metadata }: Job, name: string): string | undefined => metadata.annotations?.[name];
const ordinalOf = (job: Job): number => Number(annotation(job, marks.ordinal) ?? 0);
// Whole seconds: measurements may follow each other faster than that.
const createdMs = ({ metadata }: Job): number => Date.parse(metadata.creationTimestamp ?? '') || 0;
