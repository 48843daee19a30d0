import type { AnalysisRun, AnalysisTemplate, Experiment, ReplicaSet, Service } from '@sluice/model';
import type { EpochMs } from '../snapshot.ts';

/** An object that was asked for by name. `unknown` means that it could not be read, and unknown means hold. */
export type Observed<T> = T | 'absent' | 'unknown';

/**
 * What others have answered to what was asked of them for this Experiment, and what no cache therefore holds. All of it may be lost: it is asked again
 * then, and answered the same.
 */
export interface ExperimentAnswers {
  /** Names of ReplicaSets that belong to somebody else. */
  readonly takenNames?: readonly string[];
  /** By template: why its ReplicaSet could not be created, other than by name. */
  readonly replicaSetFailures?: Readonly<Record<string, string>>;
  /** By template: why its Service could not be created. */
  readonly serviceFailures?: Readonly<Record<string, string>>;
  /** By the key of the wish (`EnsureAnalysisRun.key`): the name of the run that exists for it. */
  readonly startedRuns?: Readonly<Record<string, string>>;
  /** By the key of the wish: why there will be no such run. */
  readonly runFailures?: Readonly<Record<string, string>>;
  /** Why the analysis-runner cannot be asked; absent while it answers. */
  readonly analysisRunnerTrouble?: string;
}

/** All that bears on one Experiment at one moment. Frozen: the same snapshot always gives the same decision. */
export interface ExperimentSnapshot {
  readonly now: EpochMs;
  readonly experiment: Experiment;
  /** ReplicaSets whose controller is this Experiment (by uid). */
  readonly replicaSets: readonly ReplicaSet[];
  /** Services whose controller is this Experiment. */
  readonly services: readonly Service[];
  /** AnalysisRuns whose controller is this Experiment. */
  readonly analysisRuns: readonly AnalysisRun[];
  /** Names of runs that the status names and that the API server does not have. One that is in neither list is unknown. */
  readonly absentRuns?: readonly string[];
  /** By name: the templates that the analyses name, and those that they name in turn. One that is not here is unknown. */
  readonly analysisTemplates: Readonly<Record<string, Observed<AnalysisTemplate>>>;
  readonly clusterAnalysisTemplates: Readonly<Record<string, Observed<AnalysisTemplate>>>;
  /** Hashes of the versions that the owning Rollout's routers are known to send traffic to. Needed only while `needsRoutes` says so; absent: unknown. */
  readonly routedHashes?: readonly string[];
  readonly answers?: ExperimentAnswers;
}
