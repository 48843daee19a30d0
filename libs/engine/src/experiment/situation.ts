import {
  durationMs,
  experimentNameAnnotation,
  experimentTemplateNameAnnotation,
  fittingObjectName,
  parseTime,
} from '@sluice/model';
import type {
  AnalysisPhase,
  AnalysisRun,
  Experiment,
  ExperimentAnalysis,
  ExperimentAnalysisRunStatus,
  ExperimentStatus,
  ExperimentTemplate,
  KubeObject,
  ReplicaSet,
  TemplateStatus,
  TemplateStatusCode,
} from '@sluice/model';
import { hasEvidence } from '../analysis-run/metric-phase.ts';
import type { EpochMs } from '../snapshot.ts';
import type { ExperimentSnapshot } from './snapshot.ts';

/** The snapshot, sorted by template, with the status that the decision has come to so far. */
export interface Situation {
  readonly snapshot: ExperimentSnapshot;
  readonly now: EpochMs;
  readonly experiment: Experiment;
  readonly status: ExperimentStatus;
  readonly templates: readonly ExperimentTemplate[];
  readonly analyses: readonly ExperimentAnalysis[];
  /** By template. */
  readonly sets: ReadonlyMap<string, ReplicaSet>;
  /** ReplicaSets of ours that belong to no template (any more). */
  readonly leftovers: readonly ReplicaSet[];
}

export function situationOf(snapshot: ExperimentSnapshot, status: ExperimentStatus): Situation {
  const { experiment, now } = snapshot;
  const templates = experiment.spec.templates ?? [];
  const sets = new Map<string, ReplicaSet>();
  for (const template of templates) {
    const set = setOf(snapshot, template);
    if (set) sets.set(template.name, set);
  }
  const used = new Set([...sets.values()]);
  const leftovers = snapshot.replicaSets.filter((set) => !used.has(set));
  return { snapshot, now, experiment, status, templates, analyses: experiment.spec.analyses ?? [], sets, leftovers };
}

export const replicaSetName = (experiment: Experiment, template: string): string =>
  fittingObjectName(`${experiment.metadata.name}-${template}`);

/** Whether an object of ours was made for this template. */
export function isMadeFor(object: KubeObject, experiment: Experiment, template: string): boolean {
  const annotations = object.metadata.annotations ?? {};
  return (
    annotations[experimentNameAnnotation] === experiment.metadata.name &&
    annotations[experimentTemplateNameAnnotation] === template
  );
}

/** The one that bears the right name, also if somebody took its annotations off; else another that was made for the template. */
function setOf({ replicaSets, experiment }: ExperimentSnapshot, { name }: ExperimentTemplate): ReplicaSet | undefined {
  const rightName = replicaSetName(experiment, name);
  return (
    replicaSets.find((set) => set.metadata.name === rightName) ??
    replicaSets.find((set) => isMadeFor(set, experiment, name))
  );
}

export const templateStatusOf = (status: ExperimentStatus, name: string): TemplateStatus | undefined =>
  status.templateStatuses?.find((one) => one.name === name);
export const analysisStatusOf = (status: ExperimentStatus, name: string): ExperimentAnalysisRunStatus | undefined =>
  status.analysisRuns?.find((one) => one.name === name);

const endedTemplate: ReadonlySet<string | undefined> = new Set<TemplateStatusCode>(['Successful', 'Failed', 'Error']);
export const isTemplateCompleted = (status: TemplateStatusCode | undefined): boolean => endedTemplate.has(status);

const ended: ReadonlySet<string | undefined> = new Set<AnalysisPhase>([
  'Successful',
  'Failed',
  'Error',
  'Inconclusive',
]);
export const isCompleted = (phase: string | undefined): boolean => ended.has(phase);
export const isBad = (phase: string | undefined): boolean => isCompleted(phase) && phase !== 'Successful';

/** All analyses that the experiment must not end without have succeeded, and there is at least one. */
export function requiredSucceeded({ analyses, status }: Pick<Situation, 'analyses' | 'status'>): boolean {
  const required = analyses.filter(({ requiredForCompletion }) => requiredForCompletion);
  return required.length > 0 && required.every(({ name }) => analysisStatusOf(status, name)?.phase === 'Successful');
}

/** Whether it is on its way out, by its own end or because somebody asked for it. Source: spec-experiment §3. */
export function isTerminating(s: Situation): boolean {
  const { status, experiment } = s;
  return (
    experiment.spec.terminate === true ||
    isCompleted(status.phase) ||
    (status.templateStatuses ?? []).some((one) => one.status === 'Failed' || one.status === 'Error') ||
    (status.analysisRuns ?? []).some((one) => isBad(one.phase)) ||
    requiredSucceeded(s)
  );
}

/** Pods that this template should have by itself; a scale-down delay may keep more. */
export function desiredReplicas(s: Situation, template: ExperimentTemplate): number {
  if (isTerminating(s) || isTemplateCompleted(templateStatusOf(s.status, template.name)?.status)) return 0;
  return template.replicas ?? 1;
}

/** `status.availableAt` and `spec.duration` together, to the second; undefined while that is open. */
export function durationEnd({ experiment, status }: Situation): EpochMs | undefined {
  const { duration } = experiment.spec;
  const availableAt = parseTime(status.availableAt);
  if (!duration || availableAt === undefined) return undefined;
  const ms = durationMs(duration);
  return ms === undefined ? undefined : availableAt + ms;
}

/** Times in a status are cut to whole seconds: only when that second is over has it run for all of its time. */
const CUT_OFF_MS = 999;

/** The moment at which it has run for its time; undefined while that is open. */
export function timeIsOverAt(s: Situation): EpochMs | undefined {
  const end = durationEnd(s);
  return end === undefined ? undefined : end + CUT_OFF_MS;
}

/**
 * Analyses that have not measured anything. An experiment does not end as Successful by the passing of time before each has: errors
 * are no evidence.
 */
export const unmeasured = (s: Situation): readonly ExperimentAnalysis[] =>
  s.analyses.filter(
    (analysis) => !isCompleted(analysisStatusOf(s.status, analysis.name)?.phase) && !hasMeasured(s, analysis),
  );

/** Whether a provider has answered for this analysis; of a run that is gone, whether it had a verdict. */
export function hasMeasured({ status, snapshot }: Situation, { name }: ExperimentAnalysis): boolean {
  const entry = analysisStatusOf(status, name);
  if (entry === undefined || entry.phase === 'Pending') return false;
  const run = snapshot.analysisRuns.find(({ metadata }) => metadata.name === entry.analysisRun);
  if (run === undefined) return isCompleted(entry.phase);
  return hasRunMeasured(run);
}

/** Whether a provider has answered at least once for a metric of the run. */
export const hasRunMeasured = ({ status }: AnalysisRun): boolean => (status?.metricResults ?? []).some(hasEvidence);

export function hasElapsed(s: Situation): boolean {
  const end = timeIsOverAt(s);
  return end !== undefined && s.now >= end && unmeasured(s).length === 0;
}
