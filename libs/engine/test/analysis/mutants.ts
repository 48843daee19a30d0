// Decisions that are wrong on purpose: each breaks one property, so that the property shows that it can find it.
import type { AnalysisRunStatus, MetricResult } from '@sluice/model';
import { decideAnalysisRun } from '../../src/index.ts';
import type {
  AnalysisRunDecision,
  AnalysisRunSnapshot,
  AnalysisVerdict,
  MeasurementOutcome,
  ObservedRun,
} from '../../src/index.ts';
import type { DecideAnalysisRun } from './driver.ts';

const statusOf = ({ held, run }: AnalysisRunSnapshot): AnalysisRunStatus | undefined => held ?? run.status;

const withOutcomes =
  (change: (outcome: MeasurementOutcome, snapshot: AnalysisRunSnapshot) => MeasurementOutcome): DecideAnalysisRun =>
  (snapshot) =>
    decideAnalysisRun({ ...snapshot, outcomes: (snapshot.outcomes ?? []).map((one) => change(one, snapshot)) });

const withDecision =
  (change: (decision: AnalysisRunDecision, snapshot: AnalysisRunSnapshot) => AnalysisRunDecision): DecideAnalysisRun =>
  (snapshot) =>
    change(decideAnalysisRun(snapshot), snapshot);

/** Counts whatever comes back, whichever measurement it was of. */
export const countsAnything = withOutcomes((outcome, snapshot) => {
  const result = statusOf(snapshot)?.metricResults?.find(({ name }) => name === outcome.metric);
  return { ...outcome, ordinal: (result?.count ?? 0) + (result?.error ?? 0) + 1 };
});

/** Takes an error for a success. */
export const trustsErrors = withOutcomes((outcome) =>
  outcome.kind === 'finished' && outcome.phase === 'Error' ? { ...outcome, phase: 'Successful' } : outcome,
);

const finished = (change: (result: MetricResult) => MetricResult): DecideAnalysisRun =>
  withDecision((decision) => ({
    ...decision,
    status: decision.status && {
      ...decision.status,
      metricResults: (decision.status.metricResults ?? []).map(change),
    },
  }));

/** Counts errors towards the measurements that are wanted. */
export const countsErrors = finished((result) =>
  result.measurements?.at(-1)?.phase === 'Error' && result.phase === 'Running'
    ? { ...result, count: (result.count ?? 0) + 1, error: (result.error ?? 1) - 1 }
    : result,
);

/** Believes a run that ends to be good. */
export const endsWell = withDecision((decision) =>
  decision.status?.phase === 'Failed' ? { ...decision, status: { ...decision.status, phase: 'Successful' } } : decision,
);

/** Ends as soon as something was good. */
export const isEasilyPleased = withDecision((decision) => {
  const [result] = decision.status?.metricResults ?? [];
  if (!decision.status || decision.status.phase !== 'Running' || !result?.successful) return decision;
  const metricResults = [{ ...result, count: 9, phase: 'Successful' as const }];
  return {
    ...decision,
    statusUrgency: 'now',
    status: { ...decision.status, phase: 'Successful', metricResults },
    tasks: [],
  };
});

/** Forgets what it was waiting for. */
export const losesTrack: DecideAnalysisRun = (snapshot) => {
  const { wakeAt: _, ...decision } = decideAnalysisRun(snapshot);
  return decision;
};

/** Does not measure again what was lost. */
export const trustsTheQueue = withDecision((decision, { inFlight = [] }) => ({
  ...decision,
  tasks: decision.tasks.filter(({ kind, ordinal }) => kind !== 'start' || ordinal === 1 || inFlight.length > 0),
}));

/** Takes late answers into account, after the verdict. */
export const changesItsMind: DecideAnalysisRun = (snapshot) => {
  const decision = decideAnalysisRun(snapshot);
  const isLate = snapshot.outcomes?.length && snapshot.run.status?.phase === 'Successful';
  if (!isLate || !decision.status) return decision;
  return { ...decision, statusUrgency: 'now', status: { ...decision.status, message: 'one more came' } };
};

/** Lets verdicts wait like successes. */
export const isLeisurely = withDecision((decision) => ({
  ...decision,
  statusUrgency: decision.statusUrgency === 'now' ? 'soon' : decision.statusUrgency,
}));

/** Writes the same again with another number in it. */
export const neverRests = withDecision((decision, { now }) =>
  decision.status
    ? { ...decision, statusUrgency: 'now', status: { ...decision.status, message: String(now) } }
    : decision,
);

/** Measures as fast as it can. */
export const hasNoPatience: DecideAnalysisRun = (snapshot) =>
  decideAnalysisRun({ ...snapshot, now: snapshot.now + 700_000 });

/** Asks for each measurement twice. */
export const asksTwice = withDecision((decision) => ({
  ...decision,
  tasks: [...decision.tasks, ...structuredClone(decision.tasks)],
}));

/** Takes the word of the API for it that a run which was stopped has succeeded. */
export const believesThePhase = ({ status }: ObservedRun): AnalysisVerdict =>
  status?.phase === 'Successful' ? 'Successful' : 'Running';
