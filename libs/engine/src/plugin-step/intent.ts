import type { EpochMs } from '../snapshot.ts';

export type StepPluginOperation = 'Run' | 'Terminate' | 'Abort';
export type StepPluginPhase = 'Running' | 'Successful' | 'Failed' | 'Error';

/** One call of a step plugin. */
export interface StepPluginCall {
  readonly name: string;
  readonly index: number;
  readonly revision: number;
  /** What it is recorded under in the status. */
  readonly operation: StepPluginOperation;
  /** What is called: a step that runs is asked how it is doing, without being started again. */
  readonly method: 'Run' | 'Poll' | 'Terminate' | 'Abort';
  /** As it stands in the manifest. */
  readonly config?: unknown;
  /** As the last answer left it. */
  readonly status?: unknown;
  /** Stands for this one call: whoever repeats it, after a crash or a conflict, uses the same. */
  readonly key: string;
}

export interface StepPluginAnswer {
  /** When it came. */
  readonly at: EpochMs;
  /** Absent: it is as it was. */
  readonly phase?: StepPluginPhase;
  readonly message: string;
  readonly status?: unknown;
  /** How long the plugin wants to be left alone. */
  readonly pollAfterMs?: number;
}

/** What a step plugin has found wrong with the configuration of a step. */
export interface StepPluginProblem {
  readonly index: number;
  /** Of the setting, below `config`, and what stands there. */
  readonly path: string;
  readonly value: unknown;
  readonly message: string;
}

export interface StepPluginObservations {
  /** By the key of the call; those that the status does not tell yet are among them. */
  readonly answers: Readonly<Record<string, StepPluginAnswer>>;
  /** By name: why a plugin did not answer when it was asked last; it is left alone for a while. */
  readonly away: Readonly<Record<string, string>>;
  /** By name: switched off. Their steps are done without a call; what they have begun is still ended. */
  readonly disabled?: readonly string[];
  /** Whom nobody could ask has found nothing. */
  readonly problems?: readonly StepPluginProblem[];
}
