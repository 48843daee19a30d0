import type { RunRef } from '@sluice/contracts';

/** What stands below `provider.NAME` of a metric. */
export type MetricConfig = Readonly<Record<string, unknown>>;

/** Configurations, each for one thing that can happen. What a provider has no such thing for is left out, and so are the checks that need it. */
export interface MetricSamples {
  /** The back end has data: at once, and always the same. */
  readonly value?: MetricConfig;
  /** The back end answers, and has no data. */
  readonly noData?: MetricConfig;
  /** The back end refuses, fails, or is not there. */
  readonly failing?: MetricConfig;
  /** The back end takes the question, and does not answer. */
  readonly hanging?: MetricConfig;
  /** `text` stands somewhere in `config` as an argument from a Secret would; best where the back end says it back. */
  readonly secret?: { readonly text: string; readonly config: MetricConfig };
  /** Goes on for longer than one call, and ends by itself within seconds. */
  readonly ending?: MetricConfig;
  /** Goes on until it is cancelled. */
  readonly endless?: MetricConfig;
}

/** Where a metric provider measures, as the suite sees it. A fixture is one that has only samples. */
export interface MetricWorld {
  readonly samples: MetricSamples;
  /** An AnalysisRun for one check, where it has to exist; otherwise one is made up. */
  newRun?(): Promise<RunRef>;
  /** How many measurements the back end has begun (was asked for, was given to do) until now. */
  asked?(): Promise<number>;
  /** How many it works on now. */
  running?(): Promise<number>;
  /** Ordinals of the measurements of this run that have left something behind, finished or not. */
  leftBehind?(run: RunRef): Promise<readonly number[]>;
  /** All that the provider has logged until now. */
  logged?(): string;
}
