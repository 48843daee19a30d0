import type { RolloutAnalysisRunStatus, RolloutStatus } from '@sluice/model';
import { composeStatus } from '../compose-status.ts';
import type { ComposedStatus } from '../compose-status.ts';
import type { EventIntent } from '../decision.ts';
import { withPause } from '../pause.ts';
import type { ObservedRun } from '../observed.ts';
import type { Plan } from '../plan.ts';
import { hasOtherSteps, needsReset } from '../reset.ts';
import { deepEqual } from '../same-status.ts';
import { blueGreenOf, isBlocked, pausesOf, storedStatusOf } from '../situation.ts';
import type { Situation } from '../situation.ts';
import { runEntries, withRunEntries } from './entries.ts';
import type { RunEntries } from './entries.ts';
import type { AnalysisKind } from '../analysis-template/index.ts';
import { isCompleted } from '../analysis-run/metric-phase.ts';
import { awaitsFirstWordUntil } from './first-word.ts';
import { followRun, isResumed, phaseNews } from './follow.ts';
import { planRunHistory } from './history.ts';
import { hasAnalyses, isInconclusive, skipsAnalysis, wantedAnalyses } from './wanted.ts';

export interface AnalysisTurn {
  /** What the analyses have to say that the status does not say yet. */
  readonly news?: ComposedStatus;
  /** Why an analysis that ought to begin cannot. */
  readonly trouble?: string;
}

const none: AnalysisTurn = Object.freeze({});

/** Most rollouts: they must not cost anything here. */
function isNeverJudged({ snapshot, spec, status }: Situation): boolean {
  const { canary, blueGreen } = status;
  return (
    !snapshot.analysisRuns?.length &&
    !canary?.currentStepAnalysisRunStatus &&
    !canary?.currentBackgroundAnalysisRunStatus &&
    !blueGreen?.prePromotionAnalysisRunStatus &&
    !blueGreen?.postPromotionAnalysisRunStatus &&
    !hasAnalyses(spec)
  );
}

/**
 * Begins the analyses that are due, follows those that run, ends those that nobody needs any more. A verdict against the new version takes the update back; one
 * that says neither yes nor no pauses it.
 */
export function analysisTurn(s: Situation, plan: Plan): AnalysisTurn {
  if (isNeverJudged(s) || needsReset(s) || (isBlocked(s) && hasOtherSteps(s))) return none;
  const wordBy = awaitsFirstWordUntil(s);
  if (wordBy !== undefined) plan.wake(wordBy);
  const before = runEntries(s.status);
  const skips = skipsAnalysis(s);
  const wanted = skips ? [] : wantedAnalyses(s).map((each) => (isBlocked(s) ? { ...each, mayBegin: false } : each));
  const followed = wanted.map((each) => ({ ...each, ...followRun(s, plan, each, before[each.kind]) }));
  const entries: Partial<Record<AnalysisKind, RolloutAnalysisRunStatus>> =
    // What was measured before a blue-green promotion stays to be read.
    skips && blueGreenOf(s) ? { ...before } : {};
  for (const { kind, entry } of followed) if (entry) entries[kind] = entry;
  planEnds(s, plan, skips ? {} : entries);
  planRunHistory(s, plan, entries);
  const events = [...lastEvents(s, before, entries), ...followed.flatMap((each) => each.events)];
  const trouble = followed.find((each) => each.trouble !== undefined)?.trouble;
  const news = skips ? newEntries(s, before, entries, events) : newsOf(s, before, entries, events);
  // In blue-green nothing else takes the resume up, and the next inconclusive verdict has to pause again.
  if (news && blueGreenOf(s) && followed.some(({ followsResume }) => followsResume))
    return { news: { ...news, status: { ...news.status, controllerPause: false } } };
  return { ...(news && { news }), ...(trouble !== undefined && { trouble }) };
}

function newsOf(
  s: Situation,
  before: RunEntries,
  entries: RunEntries,
  events: readonly EventIntent[],
): ComposedStatus | undefined {
  const failure = failureOf(entries);
  if (failure) {
    const told: RolloutStatus = withRunEntries(s.status, blueGreenOf(s) ? entries : {});
    return composeStatus({ ...s, status: told }, { abort: true, pauses: [], abortCause: failure, events });
  }
  if (hasOpenQuestion(s, before, entries) && !isInconclusive(s)) {
    const told = withRunEntries(s.status, entries);
    const pauses = withPause(pausesOf(s.status), 'InconclusiveAnalysisRun', s.now);
    return composeStatus({ ...s, status: told }, { pauses, events });
  }
  return newEntries(s, before, entries, events);
}

const newEntries = (
  s: Situation,
  before: RunEntries,
  entries: RunEntries,
  events: readonly EventIntent[],
): ComposedStatus | undefined =>
  deepEqual(before, entries) ? undefined : { status: withRunEntries(s.status, entries), events };

/** Whether a run says neither yes nor no. One that somebody has looked at, to go on, is no question any more; the run after it is another. */
function hasOpenQuestion(s: Situation, before: RunEntries, entries: RunEntries): boolean {
  const isAnswered = (kind: AnalysisKind, name: string): boolean =>
    isResumed(s) && before[kind]?.name === name && before[kind]?.status === 'Inconclusive';
  return Object.entries(entries).some(
    ([kind, { name, status }]) => status === 'Inconclusive' && !isAnswered(kind as AnalysisKind, name),
  );
}

/** What was seen of a run before it was nobody's any more. */
function lastEvents(s: Situation, before: RunEntries, entries: RunEntries): readonly EventIntent[] {
  const names = new Set(Object.values(entries).map(({ name }) => name));
  return Object.entries(before)
    .filter(([, { name }]) => !names.has(name))
    .flatMap(([kind, entry]) => phaseNews(s, kind as AnalysisKind, entry));
}

const causes: Readonly<Record<AnalysisKind, string>> = {
  Step: 'Step-based analysis',
  Background: 'Background analysis',
  PrePromotion: 'Blue/green pre-promotion analysis',
  PostPromotion: 'Blue/green post-promotion analysis',
};

function failureOf(entries: RunEntries): string | undefined {
  for (const [kind, { status, message }] of Object.entries(entries)) {
    if (status === 'Failed' || status === 'Error')
      return `${causes[kind as AnalysisKind]} phase error/failed: ${message ?? ''}`;
  }
  return undefined;
}

/**
 * Runs that nobody waits for measure no more. One that the stored status of a canary names is ended only once that no longer does: until then an abort may be
 * taken back, and its step would wait for a run that can show nothing any more. (In blue-green the entries stay.)
 */
function planEnds(s: Situation, plan: Plan, current: RunEntries): void {
  const { Step, Background } = runEntries(storedStatusOf(s));
  const kept = [...Object.values(current), Step, Background];
  const names = new Set(kept.flatMap((entry) => (entry ? [entry.name] : [])));
  for (const run of s.snapshot.analysisRuns ?? []) {
    if (names.has(run.metadata.name) || !isLive(run)) continue;
    const { name, uid = '' } = run.metadata;
    plan.ask({ kind: 'TerminateAnalysisRun', name, uid, events: [] });
  }
}

const isLive = (run: ObservedRun): boolean =>
  !run.spec.terminate && !run.metadata.deletionTimestamp && !isCompleted(run.status?.phase);
