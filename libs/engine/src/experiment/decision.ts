import type { AnalysisRun, ExperimentStatus, ReplicaSet, Service } from '@sluice/model';
import type { EventIntent, ReplicaSetChange, StatusUrgency, Target } from '../decision.ts';
import type { EpochMs } from '../snapshot.ts';

/** An Event about the Experiment or, with `about: 'rollout'`, about the Rollout that owns it (nothing where there is none). */
export interface ExperimentEvent extends EventIntent {
  readonly about: 'experiment' | 'rollout';
}

/**
 * One thing to do, in the order given. Actions are level-based, so that dying after any of them is safe. The last two ask the analysis-runner: one that fails stops
 * neither the others nor the status.
 */
export type ExperimentAction =
  | {
      readonly kind: 'CreateReplicaSet';
      readonly template: string;
      readonly replicaSet: ReplicaSet;
      readonly events: readonly ExperimentEvent[];
    }
  | {
      readonly kind: 'UpdateReplicaSet';
      readonly target: Target;
      readonly change: Pick<ReplicaSetChange, 'replicas' | 'annotations'>;
      readonly events: readonly ExperimentEvent[];
    }
  | {
      readonly kind: 'CreateService';
      readonly template: string;
      readonly service: Service;
      readonly events: readonly ExperimentEvent[];
    }
  | { readonly kind: 'DeleteService'; readonly target: Target; readonly events: readonly ExperimentEvent[] }
  | {
      readonly kind: 'TerminateAnalysisRun';
      readonly run: { readonly name: string; readonly uid: string };
      readonly events: readonly ExperimentEvent[];
    }
  | {
      /** The answer is part of the next snapshot (`answers.startedRuns`). */
      readonly kind: 'EnsureAnalysisRun';
      readonly analysis: string;
      /** The same as long as the same run is meant. */
      readonly key: string;
      readonly run: AnalysisRun;
      readonly events: readonly ExperimentEvent[];
    };

/** Why an experiment is where it is. Branch on the code, never on the text. */
export type ExperimentExplanationCode =
  | 'Deleting'
  | 'InvalidSpec'
  | 'CannotObserve'
  | 'NameTaken'
  | 'WaitingForPods'
  | 'WaitingForAnalysisRunner'
  | 'WaitingForAnalyses'
  | 'RunningForTime'
  | 'RunningUntilTerminated'
  | 'WaitingForRoutes'
  | 'WaitingForScaleDown'
  | 'Ended'
  | 'OtherController'
  | 'OtherReplica';

export interface ExperimentExplanation {
  readonly code: ExperimentExplanationCode;
  /** One sentence: what it waits for, with names and numbers. */
  readonly detail: string;
  readonly unblock: string;
  /** When time alone moves it on. */
  readonly until?: EpochMs;
}

export interface ExperimentDecision {
  /** The status to store after the actions. */
  readonly status: ExperimentStatus;
  readonly statusUrgency: StatusUrgency;
  readonly actions: readonly ExperimentAction[];
  /** To record once the status is stored. */
  readonly events: readonly ExperimentEvent[];
  readonly explanation: ExperimentExplanation;
  /** When to decide again although nothing was seen to change. */
  readonly wakeAt?: EpochMs;
}
