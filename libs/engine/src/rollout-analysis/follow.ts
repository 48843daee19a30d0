import { stepIndexLabel } from '@sluice/model';
import type { AnalysisRun, EventReason, RolloutAnalysisRunStatus } from '@sluice/model';
import { analysisRunOf, placeRun } from '../analysis-template/index.ts';
import type { AnalysisKind } from '../analysis-template/index.ts';
import { isCompleted } from '../analysis-run/metric-phase.ts';
import { tookTime, verdictOf } from '../analysis-run/verdict.ts';
import type { EventIntent } from '../decision.ts';
import { event } from '../events.ts';
import { findPause } from '../pause.ts';
import type { ObservedRun } from '../observed.ts';
import type { Plan } from '../plan.ts';
import { newRevision } from '../revision.ts';
import { isResumedByUser, pausesOf, storedStatusOf } from '../situation.ts';
import type { Situation } from '../situation.ts';
import { runEntries } from './entries.ts';
import { isInconclusive } from './wanted.ts';
import type { WantedAnalysis } from './wanted.ts';
import { templateLookup } from './templates.ts';

export interface FollowedRun {
  /** What the status says of it; undefined where there is none. */
  readonly entry?: RolloutAnalysisRunStatus;
  readonly events: readonly EventIntent[];
  /** Why a run that ought to begin cannot. */
  readonly trouble?: string;
  /** It was begun because somebody resumed. */
  readonly followsResume?: boolean;
}

/** Follows the current run of one kind, or begins one where it is time to. */
export function followRun(
  s: Situation,
  plan: Plan,
  wanted: WantedAnalysis,
  known: RolloutAnalysisRunStatus | undefined,
): FollowedRun {
  const isOurs = known !== undefined && isOfThisPlace(s, wanted, known.name) && !isTaken(s, known.name);
  const current = isOurs ? known : undefined;
  if (current && !needsAnother(s, current)) return watched(s, plan, wanted, current);
  // The verdict of an attempt that was taken back says nothing about the next one.
  const kept = current && !s.status.abortedAt ? { entry: current } : {};
  if (!wanted.mayBegin) return { ...kept, events: [] };
  const unreachable = s.snapshot.unreachable?.analysis;
  if (unreachable) return { ...kept, events: [], trouble: unreachable };
  const built = builtRun(s, wanted);
  if (!built.ok) return { ...kept, events: [], trouble: built.error.message };
  const placed = placeRun(built.value, (name) => bearerOf(s, name, built.value));
  if (placed.kind === 'create') askFor(s, plan, wanted, placed.run);
  return { entry: entryOf(placed.run), events: [], followsResume: current !== undefined && isResumed(s) };
}

/** Who bears the name already. A run that was told to end gives no verdict of its own any more: it is nobody's. */
function bearerOf(s: Situation, name: string, wanted: AnalysisRun): ObservedRun | undefined {
  const run = runNamed(s, name);
  const isUsable = run !== undefined && !run.spec.terminate;
  if (isUsable || !(run || s.snapshot.takenRunNames?.includes(name))) return run;
  return { ...wanted, metadata: { name, namespace: wanted.metadata.namespace } };
}

/** A step's run belongs to that step alone: its name says which. */
function isOfThisPlace(s: Situation, { kind, stepIndex }: WantedAnalysis, name: string): boolean {
  if (kind !== 'Step') return true;
  const run = runNamed(s, name);
  const label = run?.metadata.labels?.[stepIndexLabel];
  return label === undefined ? new RegExp(`-${stepIndex}(\\.\\d+)?$`).test(name) : label === String(stepIndex);
}

/** Source: spec-analysis §10 “New run needed”. */
function needsAnother(s: Situation, current: RolloutAnalysisRunStatus): boolean {
  if (isInconclusive(s)) return false;
  // Paused by hand, the resume is kept for later; so is what it asks for.
  if (isResumed(s)) return current.status === 'Inconclusive' && !s.spec.paused;
  return !!s.status.abortedAt;
}

/** Somebody has looked at what was inconclusive and wants to go on. */
export const isResumed = (s: Situation): boolean =>
  isResumedByUser(s.status) ||
  (s.status.controllerPause === true &&
    !['CanaryPauseStep' as const, 'BlueGreenPause' as const].some((reason) => findPause(pausesOf(s.status), reason)));

function watched(s: Situation, plan: Plan, wanted: WantedAnalysis, current: RolloutAnalysisRunStatus): FollowedRun {
  const run = runNamed(s, current.name);
  if (run === undefined) {
    if (isCompleted(current.status)) return { entry: current, events: [] };
    return begunAgain(s, plan, wanted, current);
  }
  return { entry: entryOf(run, current), events: phaseNews(s, wanted.kind, current) };
}

/** That the run says something else than what the status remembers of it. */
export function phaseNews(s: Situation, kind: AnalysisKind, known: RolloutAnalysisRunStatus): readonly EventIntent[] {
  const run = runNamed(s, known.name);
  const entry = run && entryOf(run, known);
  if (!run || !entry?.status || entry.status === known.status) return [];
  const told = (status: string, before: string): EventIntent =>
    event(
      `AnalysisRun${status}` as EventReason,
      `${kind} Analysis Run '${entry.name}' Status New: '${status}' Previous: '${before}'`,
    );
  // Its end may be the first that is seen of it: that it has been under way is told all the same.
  const wasMissed = known.status !== 'Running' && tookTime(run);
  return wasMissed
    ? [told('Running', known.status), told(entry.status, 'Running')]
    : [told(entry.status, known.status)];
}

/** It was begun and is not there: asked for but not seen yet, or deleted by somebody. */
function begunAgain(s: Situation, plan: Plan, wanted: WantedAnalysis, entry: RolloutAnalysisRunStatus): FollowedRun {
  const unreachable = s.snapshot.unreachable?.analysis;
  const built = builtRun(s, wanted);
  const trouble = unreachable ?? (built.ok ? undefined : built.error.message);
  if (!built.ok || trouble !== undefined) return { entry, events: [], ...(trouble !== undefined && { trouble }) };
  const run = { ...built.value, metadata: { ...built.value.metadata, name: entry.name } };
  askFor(s, plan, wanted, run);
  return { entry, events: [] };
}

/**
 * A run is asked for once the stored status names it. Otherwise one that ends before the status could be stored would
 * be taken for an earlier one, and measured a second time.
 */
function askFor(s: Situation, plan: Plan, { kind }: WantedAnalysis, run: AnalysisRun): void {
  if (runEntries(storedStatusOf(s))[kind]?.name !== run.metadata.name) return;
  plan.ask({ kind: 'EnsureAnalysisRun', run, events: [] });
}

/** The name belongs to an object of another owner. */
const isTaken = (s: Situation, name: string): boolean =>
  runNamed(s, name) === undefined && !!s.snapshot.takenRunNames?.includes(name);

const runNamed = (s: Situation, name: string): ObservedRun | undefined =>
  s.snapshot.analysisRuns?.find((run) => run.metadata.name === name);

const builtRun = (s: Situation, { kind, stepIndex, analysis }: WantedAnalysis) =>
  analysisRunOf(
    s.rollout,
    {
      kind,
      ...(stepIndex !== undefined && { stepIndex }),
      podHash: s.roles.newSet.hash,
      stableHash: s.roles.stableSet?.hash ?? '',
      revision: newRevision(s),
    },
    analysis,
    templateLookup(s.snapshot),
  );

function entryOf(run: ObservedRun, before?: RolloutAnalysisRunStatus): RolloutAnalysisRunStatus {
  const status = phaseOf(run) ?? before?.status ?? ('' as RolloutAnalysisRunStatus['status']);
  const message = run.status?.message;
  return { name: run.metadata.name, status, ...(message && { message }) };
}

/** The reference takes a run that somebody has ended for a success; what was not measured to its end proves nothing. */
function phaseOf(run: ObservedRun): RolloutAnalysisRunStatus['status'] | undefined {
  const wasEnded = run.spec.terminate === true && verdictOf(run) === 'Terminated';
  return wasEnded ? 'Inconclusive' : run.status?.phase;
}
