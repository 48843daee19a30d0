import type { EpochMs, EventIntent, MeasurementIdentity, MeasurementOutcome, StatusUrgency } from '@sluice/engine';
import { compareResourceVersions, sameJson } from '@sluice/kube';
import type { AnalysisRun, AnalysisRunStatus } from '@sluice/model';
import { createCompanions } from './companions.ts';
import type { Answer, Companions } from './companions.ts';

/** What is remembered of a run that is ours. All of it may be lost: the stored status is where another scheduler goes on. */
export interface RunState {
  readonly key: string;
  readonly uid: string;
  /** As stored, with the status as we last stored or saw it. */
  run: AnalysisRun;
  /** Decided and not stored yet. */
  held: AnalysisRunStatus | undefined;
  urgency: StatusUrgency;
  /** What a write under way stores: seen in the cache before the answer, it is ours all the same. */
  attempted: AnalysisRunStatus | undefined;
  lastFinishedAt: Readonly<Record<string, EpochMs>>;
  /** Came back since the last decision. */
  outcomes: MeasurementOutcome[];
  /** Answers that wait for those that began with them. */
  readonly companions: Companions;
  /** Starts and polls under way, by measurement id: until their answers are decided upon. */
  readonly inFlight: Map<string, MeasurementIdentity>;
  /** Cancels and collects under way. */
  readonly ending: Set<string>;
  /** What providers want to be told again, by measurement id. */
  readonly handles: Map<string, string>;
  /** To record once the status that they come with is stored. */
  events: EventIntent[];
  deleteAt: EpochMs | undefined;
  /** A turn waits for Secrets; another is wanted after it. */
  isLooking: boolean;
  lookAgain: boolean;
  /** Secret values that were handed out: nothing that comes back shows them. */
  secretValues: readonly string[];
}

/** `release` takes the answers that are to be decided upon together. */
export function runStateOf(key: string, run: AnalysisRun, release: (answers: readonly Answer[]) => void): RunState {
  return {
    key,
    uid: run.metadata.uid ?? '',
    run,
    held: undefined,
    urgency: 'unchanged',
    attempted: undefined,
    lastFinishedAt: {},
    outcomes: [],
    companions: createCompanions(release),
    inFlight: new Map(),
    ending: new Set(),
    handles: new Map(),
    events: [],
    deleteAt: undefined,
    isLooking: false,
    lookAgain: false,
    secretValues: [],
  };
}

/**
 * Takes over what the cache shows. What is ahead of it is kept as long as the stored status is one of ours; a status that somebody else wrote is where we go on from.
 * Says whether the run has changed.
 */
export function seeRun(state: RunState, seen: AnalysisRun): boolean {
  if (compareResourceVersions(state.run.metadata.resourceVersion, seen.metadata.resourceVersion ?? '') >= 0)
    return false;
  const isOurs = sameJson(seen.status, state.run.status) || sameJson(seen.status, state.attempted);
  if (!isOurs) {
    state.held = undefined;
    state.urgency = 'unchanged';
    state.events = [];
    state.lastFinishedAt = {};
  }
  // Much is remembered by the identity of the spec.
  const spec = sameJson(seen.spec, state.run.spec) ? state.run.spec : seen.spec;
  state.run = { ...seen, spec };
  return true;
}

/** What was written is stored, under this version. */
export function stored(state: RunState, status: AnalysisRunStatus, resourceVersion: string | undefined): void {
  state.attempted = undefined;
  if (compareResourceVersions(state.run.metadata.resourceVersion, resourceVersion ?? '') >= 0) return;
  const metadata = { ...state.run.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  state.run = { ...state.run, metadata, status };
  if (state.held === status) state.held = undefined;
}
