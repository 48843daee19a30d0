import type { AnalysisRun, AnalysisRunStatus } from '@sluice/model';
import type { EpochMs } from '../snapshot.ts';

// What goes into a decision about one AnalysisRun.

/**
 * One measurement of a run, together with the run's uid. `ordinal` is the how-manieth attempt of its metric it is, from 1: as many as the
 * status has counted (with and without error) and one more. An outcome with any other ordinal is a duplicate or late, and never counted.
 */
export interface MeasurementIdentity {
  readonly metric: string;
  readonly ordinal: number;
}

/** A measurement that is judged. Secret values are already masked in `message`. */
export interface FinishedMeasurement extends MeasurementIdentity {
  readonly kind: 'finished';
  readonly phase: 'Successful' | 'Failed' | 'Inconclusive' | 'Error';
  /** As it stands in `measurement.value`. */
  readonly value?: string;
  readonly message?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** What the provider says about the metric as a whole: kept from its first measurement. */
  readonly metricMetadata?: Readonly<Record<string, string>>;
  readonly startedAt: EpochMs;
  readonly finishedAt: EpochMs;
}

/** A measurement that goes on at the provider; `metadata` is the handle with which it is polled and cancelled. */
export interface PendingMeasurement extends MeasurementIdentity {
  readonly kind: 'pending';
  readonly message?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly metricMetadata?: Readonly<Record<string, string>>;
  readonly startedAt: EpochMs;
  /** When to poll; at once when absent. */
  readonly resumeAt?: EpochMs;
}

export type MeasurementOutcome = FinishedMeasurement | PendingMeasurement;

/**
 * What was seen of the Secret behind one argument. `missing` is certain (no such Secret, no such key) and ends the run; `unknown` (the API
 * server did not answer) holds it: nothing is measured until it is known.
 */
export type SecretObservation =
  { readonly kind: 'present' } | { readonly kind: 'missing'; readonly message: string } | { readonly kind: 'unknown' };

/** All that bears on one AnalysisRun at one moment. The same snapshot always gives the same decision. */
export interface AnalysisRunSnapshot {
  readonly now: EpochMs;
  /** As stored, read through `withoutNulls`. */
  readonly run: AnalysisRun;
  /** The status of the last decision, when it waits to be written; it counts instead of `run.status`. */
  readonly held?: AnalysisRunStatus;
  /**
   * What came back since the last decision, in the order in which it came. Nothing is lost by giving an outcome twice. Outcomes of measurements
   * that began together are best given together: a bad one ends the run, and what comes later does not count.
   */
  readonly outcomes?: readonly MeasurementOutcome[];
  /** Starts and polls that are under way. Leave out what counts as lost: it is asked for again under the same identity. */
  readonly inFlight?: readonly MeasurementIdentity[];
  /** `lastFinishedAt` of the last decision: statuses hold whole seconds only. Without it, intervals may be up to one second short. */
  readonly lastFinishedAt?: Readonly<Record<string, EpochMs>>;
  /** By name of the argument. One that is not here is taken for present: whoever measures it reads the Secret. */
  readonly secrets?: Readonly<Record<string, SecretObservation>>;
}
