import type { AnalysisRunStatus, Measurement } from '@sluice/model';
import type { EventIntent, StatusUrgency } from '../decision.ts';
import type { EpochMs } from '../snapshot.ts';
import type { MeasurementIdentity } from './snapshot.ts';

// What comes out of a decision about one AnalysisRun.

/** Something to ask of the provider of a metric. Ask `metricForUse` for the metric with its arguments put in. */
export type MeasurementTask = MeasurementIdentity &
  (
    | { readonly kind: 'start'; readonly dueAt: EpochMs }
    /** `measurement` is as stored: its metadata is the handle. */
    | { readonly kind: 'poll'; readonly dueAt: EpochMs; readonly measurement: Measurement }
    /**
     * Stop it; its answer no longer counts. Without `measurement` the provider may not have been asked yet, or its handle may come later: cancel
     * that too. Repeated for some minutes after the run's end, so that dying after the status was written leaks nothing: remember what was
     * acknowledged by its identity.
     */
    | { readonly kind: 'cancel'; readonly measurement?: Measurement }
  );

/** Let the provider forget what it keeps of old measurements of this metric (Jobs), except the newest `keep`. */
export interface CollectTask {
  readonly metric: string;
  readonly keep: number;
}

export interface AnalysisRunDecision {
  /** The complete status to store, or the given one itself when nothing changed. Undefined while a new run has nothing to tell yet. */
  readonly status: AnalysisRunStatus | undefined;
  /** Against what is stored. `soon`: nothing but further successes, or a later poll; `now`: anything else. */
  readonly statusUrgency: StatusUrgency;
  /** What should be under way and is not. */
  readonly tasks: readonly MeasurementTask[];
  readonly collect: readonly CollectTask[];
  /** To record once the status is stored. */
  readonly events: readonly EventIntent[];
  /** When to decide again although nothing came back. */
  readonly wakeAt?: EpochMs;
  /** From this moment on the run is to be deleted (`ttlStrategy`). */
  readonly deleteAt?: EpochMs;
  /** By metric, to the millisecond: give it to the next snapshot. */
  readonly lastFinishedAt: Readonly<Record<string, EpochMs>>;
}
