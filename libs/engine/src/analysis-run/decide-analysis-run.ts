import { formatTime, parseTime } from '@sluice/model';
import type { AnalysisPhase, AnalysisRunStatus, MetricResult } from '@sluice/model';
import type { EventIntent } from '../decision.ts';
import type { EpochMs } from '../snapshot.ts';
import { giveUp, withOutcome } from './bookkeeping.ts';
import type { AnalysisRunDecision, CollectTask } from './decision.ts';
import { finishedBy, lastFinish, plausible } from './due.ts';
import { isCompleted, metricPhase } from './metric-phase.ts';
import { argumentsErrorPrefix, resolveRun } from './resolved-run.ts';
import type { ResolvedMetric } from './resolved-run.ts';
import { assessment, isEndedBy, runPhase, summaryOf } from './run-phase.ts';
import type { MeasuredMetric } from './run-phase.ts';
import type { AnalysisRunSnapshot, MeasurementOutcome } from './snapshot.ts';
import { agendaOf, cancelTasks } from './tasks.ts';
import { deletionMoment } from './ttl.ts';
import { isSameStatus, urgencyOf } from './urgency.ts';

/** A run that has nothing to tell for so long tells that it runs. Before, its first measurement does, in the same write. */
const silenceMs = 2000;

/** A run while it is decided on: what is measured, what that means, what there is to tell. */
interface Course {
  readonly now: EpochMs;
  readonly metrics: readonly ResolvedMetric[];
  readonly terminateRequested: boolean;
  results: readonly MetricResult[];
  phase: AnalysisPhase | undefined;
  message: string;
  events: EventIntent[];
  lastFinishedAt: Record<string, EpochMs>;
}

const completionEvent = (subject: 'Metric' | 'AnalysisRun', phase: AnalysisPhase, text: string): EventIntent => ({
  type: phase === 'Error' || phase === 'Failed' ? 'Warning' : 'Normal',
  reason: `${subject}${phase}`,
  message: `${text} Completed. Result: ${phase}`,
});

const measured = ({ metrics, results }: Course): MeasuredMetric[] =>
  metrics.map((resolved) => ({ resolved, result: results.find(({ name }) => name === resolved.name) }));

/** One result with the phase that it has come to, and the message that goes with a new one. */
function assessed(course: Course, { resolved, result }: MeasuredMetric, isTerminating: boolean): MetricResult {
  const before = result as MetricResult;
  const phase = metricPhase(before, resolved.limits, isTerminating);
  if (phase === before.phase) return before;
  const { message: _, ...rest } = before;
  const message = before.measurements?.at(-1)?.message;
  const next: MetricResult = { ...rest, phase, ...(message ? { message } : {}) };
  if (!isCompleted(phase)) return next;
  course.events.push(completionEvent('Metric', phase, `Metric '${resolved.name}'`));
  const reason = resolved.dryRun ? assessment({ resolved, result: next }) : undefined;
  return reason === undefined ? next : { ...next, message: `Metric ${reason}` };
}

function assessMetrics(course: Course, isTerminating: boolean): void {
  const byName = new Map(course.metrics.map((resolved) => [resolved.name, resolved]));
  course.results = course.results.map((result) => {
    const resolved = byName.get(result.name);
    if (resolved === undefined) return result;
    const current = isTerminating ? giveUp(result, course.now) : result;
    return assessed(course, { resolved, result: current }, isTerminating);
  });
}

/** What the run has come to: metrics first, then what they mean together. A bad one ends the others at once. */
function assess(course: Course, terminateRequested: boolean): void {
  assessMetrics(course, terminateRequested);
  const isTerminating = terminateRequested || measured(course).some(isEndedBy);
  if (isTerminating) assessMetrics(course, true);
  const next = runPhase(measured(course), isTerminating, terminateRequested);
  if (next.phase === course.phase) return;
  course.phase = next.phase;
  course.message = next.message;
  if (isCompleted(next.phase)) course.events.push(completionEvent('AnalysisRun', next.phase, 'Analysis'));
}

function byOurClock(
  course: Course,
  outcome: MeasurementOutcome,
  { limits }: ResolvedMetric,
  result: MetricResult | undefined,
): MeasurementOutcome {
  const { now } = course;
  const begun = Math.min(plausible(outcome.startedAt, now), now);
  if (outcome.kind === 'pending')
    return { ...outcome, startedAt: begun, resumeAt: plausible(outcome.resumeAt ?? now, now) };
  const exact = lastFinish(course.lastFinishedAt, outcome.metric);
  const finishedAt = finishedBy(outcome.finishedAt, result, limits, {
    now,
    startedAt: undefined,
    lastFinishedAt: exact,
  });
  return { ...outcome, startedAt: Math.min(begun, finishedAt), finishedAt };
}

/**
 * What came back together counts together, as all metrics that were measured at one time do: a bad one ends the run only when the others have said
 * what they had measured by then. Source: spec-analysis §4 and §6.3.
 */
function takeOutcomes(course: Course, outcomes: readonly MeasurementOutcome[]): void {
  if (isCompleted(course.phase)) return;
  const before = course.results;
  for (const outcome of outcomes) takeOutcome(course, outcome);
  if (course.results !== before) assess(course, false);
}

function takeOutcome(course: Course, outcome: MeasurementOutcome): void {
  const resolved = course.metrics.find(({ name }) => name === outcome.metric);
  if (resolved === undefined) return;
  const before = course.results.find(({ name }) => name === outcome.metric);
  const timed = byOurClock(course, outcome, resolved, before);
  const next = withOutcome(before, timed, resolved.dryRun, course.now);
  if (next === undefined) return;
  course.results = before
    ? course.results.map((result) => (result === before ? next : result))
    : [...course.results, next];
  if (timed.kind === 'finished') course.lastFinishedAt[outcome.metric] = timed.finishedAt;
  assessMetrics(course, false);
}

/** The newest measurements, and whose older ones the providers may forget. */
function trim(course: Course): CollectTask[] {
  const collect: CollectTask[] = [];
  course.results = course.results.map((result) => {
    const keep = course.metrics.find(({ name }) => name === result.name)?.keep ?? Infinity;
    const measurements = result.measurements ?? [];
    if (measurements.length <= keep) return result;
    collect.push({ metric: result.name, keep });
    return { ...result, measurements: measurements.slice(-keep) };
  });
  return collect;
}

function composeStatus(course: Course, before: AnalysisRunStatus | undefined): AnalysisRunStatus | undefined {
  if (course.phase === undefined) return before;
  const { message: _, ...rest } = before ?? {};
  const metrics = measured(course);
  const startedAt = before?.startedAt ?? formatTime(course.now);
  const next: AnalysisRunStatus = {
    ...rest,
    phase: course.phase,
    ...(course.message && { message: course.message }),
    startedAt,
    ...(isCompleted(course.phase) && { completedAt: before?.completedAt ?? formatTime(course.now) }),
    ...(course.results.length > 0 && { metricResults: [...course.results] }),
    runSummary: summaryOf(metrics.filter(({ resolved }) => !resolved.dryRun)),
    dryRunSummary: summaryOf(metrics.filter(({ resolved }) => resolved.dryRun)),
  };
  return isSameStatus(before, next) ? before : next;
}

/** A run that cannot be measured as it is written. It has no completion time, so that people find it. */
function endWithError(snapshot: AnalysisRunSnapshot, message: string): AnalysisRunDecision {
  const before = snapshot.held ?? snapshot.run.status;
  const status: AnalysisRunStatus = { ...before, phase: 'Error', message };
  return {
    status,
    statusUrgency: 'now',
    tasks: cancelTasks(status, snapshot),
    collect: [],
    events: [completionEvent('AnalysisRun', 'Error', 'Analysis')],
    lastFinishedAt: {},
  };
}

/** Nothing more is measured: it is over, or about to be deleted. */
function decideEnded(snapshot: AnalysisRunSnapshot, status: AnalysisRunStatus | undefined): AnalysisRunDecision {
  const deleteAt = deletionMoment(snapshot.run.spec, status);
  return {
    status,
    statusUrgency: urgencyOf(snapshot.run.status, status),
    tasks: cancelTasks(status, snapshot),
    collect: [],
    events: [],
    ...(deleteAt !== undefined && { deleteAt, wakeAt: deleteAt }),
    lastFinishedAt: {},
  };
}

/** Whether the run has anything to tell already. An initial delay counts from when it told that it runs. */
const isTelling = (course: Course, createdAt: EpochMs | undefined): boolean =>
  course.results.length > 0 ||
  course.terminateRequested ||
  course.metrics.some(({ limits }) => limits.initialDelayMs !== undefined) ||
  createdAt === undefined ||
  course.now >= createdAt + silenceMs;

const missingSecret = ({ secrets = {} }: AnalysisRunSnapshot): string | undefined =>
  Object.values(secrets).find((secret) => secret.kind === 'missing')?.message;

/**
 * What becomes of one AnalysisRun: its next status, what to measure, and when to look again. Pure and total. Source: spec-analysis §3 to §8.
 * After the end of a run nothing changes any more, whatever comes back.
 */
export function decideAnalysisRun(snapshot: AnalysisRunSnapshot): AnalysisRunDecision {
  const { now, run, outcomes = [] } = snapshot;
  const before = isCompleted(run.status?.phase) ? run.status : (snapshot.held ?? run.status ?? undefined);
  if (isCompleted(before?.phase) || run.metadata.deletionTimestamp !== undefined) return decideEnded(snapshot, before);
  const resolved = resolveRun(run);
  if (!resolved.ok) return endWithError(snapshot, resolved.message);
  const course: Course = {
    now,
    metrics: resolved.metrics,
    terminateRequested: run.spec.terminate === true,
    results: before?.metricResults ?? [],
    phase: before?.phase || undefined,
    message: before?.message ?? '',
    events: [],
    lastFinishedAt: { ...snapshot.lastFinishedAt },
  };
  takeOutcomes(course, outcomes);
  const missing = missingSecret(snapshot);
  if (missing !== undefined && !isCompleted(course.phase))
    return endWithError({ ...snapshot, held: composeStatus(course, before) }, argumentsErrorPrefix + missing);
  const createdAt = parseTime(run.metadata.creationTimestamp);
  const isSilent = course.phase === undefined && !isTelling(course, createdAt);
  if (!isSilent && !isCompleted(course.phase)) assess(course, course.terminateRequested);
  return concluded(snapshot, course, before, isSilent ? (createdAt ?? now) + silenceMs : undefined);
}

/** The decision about a run that had not ended before it. */
function concluded(
  snapshot: AnalysisRunSnapshot,
  course: Course,
  before: AnalysisRunStatus | undefined,
  tellAt: EpochMs | undefined,
): AnalysisRunDecision {
  const collect = trim(course);
  const status = composeStatus(course, before);
  const ended = isCompleted(course.phase);
  const isKnown = Object.values(snapshot.secrets ?? {}).every((secret) => secret.kind !== 'unknown');
  const agenda = ended
    ? { tasks: cancelTasks(status, snapshot) }
    : agendaOf(measured(course), snapshot, parseTime(status?.startedAt), course.lastFinishedAt, isKnown);
  const deleteAt = ended ? deletionMoment(snapshot.run.spec, status) : undefined;
  const wakeAt = Math.min(agenda.wakeAt ?? Infinity, tellAt ?? Infinity, deleteAt ?? Infinity);
  return {
    status,
    statusUrgency: urgencyOf(snapshot.run.status, status),
    tasks: agenda.tasks,
    collect,
    events: course.events,
    ...(wakeAt < Infinity && { wakeAt }),
    ...(deleteAt !== undefined && { deleteAt }),
    lastFinishedAt: course.lastFinishedAt,
  };
}
