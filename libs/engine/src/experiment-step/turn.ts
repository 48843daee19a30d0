import { eventReasons, parseTime } from '@sluice/model';
import type { Experiment, RolloutStatus } from '@sluice/model';
import { composeStatus } from '../compose-status.ts';
import type { ComposedStatus } from '../compose-status.ts';
import { event } from '../events.ts';
import { findPause, withPause } from '../pause.ts';
import { targetOf } from '../plan.ts';
import type { Plan } from '../plan.ts';
import { hasOtherSteps, needsReset } from '../reset.ts';
import { forgotten } from '../rollout-analysis/history.ts';
import { isCompleted } from '../analysis-run/metric-phase.ts';
import { deepEqual } from '../same-status.ts';
import { canaryOf, isBlocked, isFullyPromoted, pausesOf, stepsOf, storedStatusOf } from '../situation.ts';
import type { Situation } from '../situation.ts';
import { currentStepIndex } from '../weight.ts';
import { buildExperiment, experimentName } from './build.ts';

export interface ExperimentTurn {
  /** What the experiment has to say that the status does not say yet. */
  readonly news?: ComposedStatus;
  /** Why an experiment that ought to begin cannot. */
  readonly trouble?: string;
}

const none: ExperimentTurn = Object.freeze({});

/** Most rollouts: they must not cost anything here. */
const hasNone = (s: Situation): boolean =>
  !s.snapshot.experiments?.length &&
  !s.status.canary?.currentExperiment &&
  !stepsOf(s).some(({ experiment }) => experiment);

/** Begins the experiment of the current step, follows it, and ends every other one that the rollout still has. */
export function experimentTurn(s: Situation, plan: Plan): ExperimentTurn {
  if (!canaryOf(s) || hasNone(s) || needsReset(s) || (isBlocked(s) && hasOtherSteps(s))) return none;
  const wanted = wantedExperiment(s);
  const known = s.status.canary?.currentExperiment;
  const { name, trouble } = wanted === undefined ? {} : current(s, plan, wanted, known);
  planEnds(s, plan, name);
  const experiments = (s.snapshot.experiments ?? []).filter(({ metadata }) => metadata.name !== name);
  for (const gone of forgotten(s, experiments))
    plan.later({ kind: 'DeleteExperiment', target: targetOf(gone), events: [] });
  const news = newsOf(s, name, known);
  return { ...(news && { news }), ...(trouble !== undefined && { trouble }) };
}

/** Index of the current step where that is an experiment that may run. */
function wantedExperiment(s: Situation): number | undefined {
  const { status, roles } = s;
  if (!roles.stableSet || isFullyPromoted(status) || status.abort || status.promoteFull) return undefined;
  const index = currentStepIndex(s);
  return index !== undefined && stepsOf(s)[index]!.experiment ? index : undefined;
}

interface Current {
  readonly name?: string;
  readonly trouble?: string;
}

function current(s: Situation, plan: Plan, index: number, known: string | undefined): Current {
  const begun = known && isOfStep(s, index, known) && !isTaken(s, known) ? known : undefined;
  if (begun !== undefined && named(s, begun)) return { name: begun };
  if (isBlocked(s)) return begun === undefined ? {} : { name: begun };
  // While a person judges, or has yet to, nothing is compared anew.
  const isHeld = pausesOf(s.status).some(({ reason }) => reason.startsWith('Inconclusive'));
  if (begun === undefined && isHeld) return {};
  const built = buildExperiment(s, index, stepsOf(s)[index]!.experiment!);
  const trouble = s.snapshot.unreachable?.experiments ?? (built.ok ? undefined : built.error.message);
  if (!built.ok || trouble !== undefined)
    return { ...(begun !== undefined && { name: begun }), ...(trouble !== undefined && { trouble }) };
  const name = begun ?? freeName(s, built.value);
  // The name is stored before the Experiment is asked for: when the answer is lost, or the status cannot be stored for
  // some time, the same Experiment is asked for again and none is created beside it.
  if (storedStatusOf(s).canary?.currentExperiment === name)
    plan.ask({
      kind: 'EnsureExperiment',
      experiment: { ...built.value, metadata: { ...built.value.metadata, name } },
      events: [event(eventReasons.experimentCreated, `Created Experiment '${name}'`)],
    });
  return { name };
}

/** The name belongs to an object of another owner. */
const isTaken = (s: Situation, name: string): boolean =>
  named(s, name) === undefined && !!s.snapshot.takenRunNames?.includes(name);

const named = (s: Situation, name: string): Experiment | undefined =>
  s.snapshot.experiments?.find(({ metadata }) => metadata.name === name);

const isOfStep = (s: Situation, index: number, name: string): boolean => {
  const base = experimentName(s, index);
  return name === base || (name.startsWith(`${base}-`) && /^\d+$/.test(name.slice(base.length + 1)));
};

/** The first name that nobody has, or whose experiment is ours, still runs, and compares the same. */
function freeName(s: Situation, wanted: Experiment): string {
  const base = wanted.metadata.name;
  for (let suffix = 0; ; suffix++) {
    const name = suffix === 0 ? base : `${base}-${suffix}`;
    if (s.snapshot.takenRunNames?.includes(name)) continue;
    const existing = named(s, name);
    if (!existing) return name;
    const isUsable = !existing.spec.terminate && !isCompleted(existing.status?.phase);
    if (isUsable && isOfThisAttempt(s, existing) && deepEqual(existing.spec, wanted.spec)) return name;
  }
}

/** After an abort those that are there are told to end, whether or not that can be seen already: also when the step is reached again much later. */
function isOfThisAttempt({ rollout }: Situation, { metadata }: Experiment): boolean {
  const { abortedAt, duration } = rollout.status ?? {};
  const createdAt = parseTime(metadata.creationTimestamp) ?? Infinity;
  return !abortedAt && createdAt >= (parseTime(duration?.rolloutStartedAt) ?? -Infinity);
}

/**
 * One that the stored status names is ended only once that no longer does, and none before an abort is stored. Otherwise, when somebody takes the abort back
 * meanwhile, the step would wait for an experiment, or take one up again, that can show nothing any more.
 */
function planEnds(s: Situation, plan: Plan, currentName: string | undefined): void {
  const stored = storedStatusOf(s);
  if (s.status.abort && !stored.abortedAt) return;
  const kept = [currentName, stored.canary?.currentExperiment];
  for (const { metadata, spec, status } of s.snapshot.experiments ?? []) {
    const isOver = spec.terminate || isCompleted(status?.phase) || metadata.deletionTimestamp;
    if (kept.includes(metadata.name) || isOver) continue;
    plan.ask({ kind: 'TerminateExperiment', name: metadata.name, uid: metadata.uid ?? '', events: [] });
  }
}

function newsOf(s: Situation, name: string | undefined, known: string | undefined): ComposedStatus | undefined {
  const { phase, message } = (name === undefined ? undefined : named(s, name)?.status) ?? {};
  if (phase === 'Failed' || phase === 'Error') {
    const abortCause = `Experiment analysis phase is error/failed: ${message ?? ''}`;
    return composeStatus(
      { ...s, status: withExperiment(s.status, undefined) },
      { abort: true, pauses: [], abortCause },
    );
  }
  if (phase === 'Inconclusive') {
    const told = withExperiment(s.status, undefined);
    const before = pausesOf(s.status);
    const isPaused = findPause(before, 'InconclusiveExperiment') !== undefined;
    const pauses = isPaused ? before : withPause(before, 'InconclusiveExperiment', s.now);
    return composeStatus({ ...s, status: told }, { pauses });
  }
  return name === (known || undefined) ? undefined : { status: withExperiment(s.status, name), events: [] };
}

function withExperiment(status: RolloutStatus, name: string | undefined): RolloutStatus {
  const { currentExperiment: _gone, ...canary } = status.canary ?? {};
  return { ...status, canary: { ...canary, ...(name !== undefined && { currentExperiment: name }) } };
}

/** Whether the experiment of the current step has given a verdict of success. */
export function hasExperimentSucceeded(s: Situation): boolean {
  const name = s.status.canary?.currentExperiment;
  return name !== undefined && name !== '' && named(s, name)?.status?.phase === 'Successful';
}

export const currentExperiment = (s: Situation): Experiment | undefined => {
  const name = s.status.canary?.currentExperiment;
  return name ? named(s, name) : undefined;
};
