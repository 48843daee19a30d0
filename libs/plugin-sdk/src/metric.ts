import type { Problem, RunRef } from '@sluice/contracts';
import type { PluginErrorCode } from '@sluice/contracts';
import type { Call } from './call.ts';
import type { JsonObject, ReadConfig } from './configuration.ts';

/** One measurement of one metric, checked: it names its run and metric, and the configuration could be read. */
export interface MetricQuery<Config = JsonObject> {
  /** `<run uid>/<metric name>/<ordinal>`. Name what is made after it, so that it is found again after a restart. */
  readonly id: string;
  readonly run: RunRef;
  readonly metricName: string;
  /** Which one it is in its run and metric, counted from 1. */
  readonly ordinal: number;
  readonly config: Config;
  /** The whole metric as it stands in the run (`interval`, `successCondition`, …); empty where the caller did not say. */
  readonly metric: JsonObject;
  /** Masked by the SDK in all that is answered and logged through `call.logger`. */
  readonly secretValues: readonly string[];
}

/** A measurement that `start` has left pending. */
export interface MetricUnderWay<Config = JsonObject> extends MetricQuery<Config> {
  /** As `pending.handle` said; empty where that said nothing, or the caller has lost it. */
  readonly handle: string;
  /** As it stands in the status: what the last answer said, or an earlier release of whatever kind. */
  readonly metadata: Readonly<Record<string, string>>;
}

interface Said {
  /** For people. */
  readonly message?: string | undefined;
  /** Kept with the measurement. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Kept with the metric, from its first measurement: what would be the same for each. Only `start` says it. */
  readonly metricMetadata?: Readonly<Record<string, string>> | undefined;
}

/** What was measured; the caller judges it. */
export interface MetricValueAnswer extends Said {
  /** What conditions see as `result`: anything that JSON knows, NaN and the infinities. `null` or an empty list where the back end has no data. */
  readonly result: unknown;
  /** What people see. Without it: `result` as JSON. */
  readonly value?: string | undefined;
}

/** The provider has decided itself; conditions are not asked. */
export interface MetricVerdictAnswer extends Said {
  readonly verdict: 'Successful' | 'Failed' | 'Inconclusive';
  readonly value?: string | undefined;
}

/** It takes longer than one call. The caller keeps the handle and asks again, with `poll`. */
export interface MetricPendingAnswer extends Said {
  readonly pending: { readonly handle?: string | undefined; readonly pollAfterMs?: number | undefined };
}

/** There is no value. The same as throwing PluginError, with metadata. */
export interface MetricErrorAnswer extends Said {
  readonly error: PluginErrorCode;
  readonly message: string;
}

export type MetricAnswer = MetricValueAnswer | MetricVerdictAnswer | MetricPendingAnswer | MetricErrorAnswer;

export interface MetricCheck<Config = JsonObject> {
  readonly namespace: string;
  readonly config: Config;
  readonly metric: JsonObject;
}

export interface MetricCollection<Config = JsonObject> {
  readonly run: RunRef;
  /** Undefined: all metrics of the run. */
  readonly metricName: string | undefined;
  /** Undefined where the caller does not know it: what was left behind is to be found by the run. */
  readonly config: Config | undefined;
  /** Finished measurements whose traces stay, the newest. */
  readonly keep: number;
}

/**
 * A metric provider, as its author writes it. Whatever `start` throws makes an Error measurement: PluginError with its code, anything else as `Internal`. Several
 * measurements run at once; one of the same id never does (the SDK keeps rules M1, M2 and M5, and of M6 and M7 what is in its memory).
 */
export interface MetricProvider<Config = JsonObject> {
  /** Without it the configuration is what stands in the manifest. */
  readonly config?: ReadConfig<Config>;
  /** What is wrong with the configuration beyond what `config` refuses. Asks no back end. */
  validate?(check: MetricCheck<Config>, call: Call): Promise<readonly Problem[]>;
  /** Measures, or begins to. `call.signal` fires when the time is over, nobody waits any more, or the measurement is cancelled. */
  start(query: MetricQuery<Config>, call: Call): Promise<MetricAnswer>;
  /**
   * How it goes. `NotFound`, `Invalid` and `Internal` end the measurement as an error; with `Unavailable`, `Throttled` and `Conflict` the caller asks again. A provider
   * that never answers `pending` needs none.
   */
  poll?(query: MetricUnderWay<Config>, call: Call): Promise<MetricAnswer>;
  /** Ends what runs, and succeeds when nothing does; says how it ended, or nothing. Needed where something goes on when `start` has been stopped. */
  cancel?(query: MetricUnderWay<Config>, call: Call): Promise<MetricAnswer | void>;
  /** Removes what finished measurements left behind; says how many were removed. */
  collect?(collection: MetricCollection<Config>, call: Call): Promise<number>;
}
