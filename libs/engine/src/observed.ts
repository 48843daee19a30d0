import type {
  AnalysisRun,
  AnalysisRunStatus,
  Experiment,
  ExperimentStatus,
  Measurement,
  MetricResult,
} from '@sluice/model';

// Objects of other controllers as the rollout-controller caches them. A field that is not named here is not kept: reading
// it does not compile.

/** Of each metric what shows whether it reached its end by itself; of its measurements the newest at least. */
export type ObservedMetricResult = Pick<MetricResult, 'name' | 'phase' | 'count' | 'consecutiveSuccess'> & {
  readonly measurements?: readonly Pick<Measurement, 'phase' | 'message'>[];
};

export type ObservedRunStatus = Pick<AnalysisRunStatus, 'phase' | 'message' | 'startedAt' | 'completedAt'> & {
  /** Kept of a run that is over. */
  readonly metricResults?: readonly ObservedMetricResult[];
};

export type ObservedRun = Omit<AnalysisRun, 'status'> & { readonly status?: ObservedRunStatus };

export type ObservedExperiment = Omit<Experiment, 'status'> & {
  readonly status?: Pick<ExperimentStatus, 'phase' | 'message' | 'templateStatuses'>;
};
