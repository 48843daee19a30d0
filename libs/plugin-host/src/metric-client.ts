import { ErrorCode, MetricProviderService, Verdict } from '@sluice/contracts';
import type {
  Finished,
  Measurement,
  MetricCollectRequest,
  MetricPollResponse,
  MetricValidateRequest,
  Problem,
} from '@sluice/contracts';
import { callerOf, viewOf, withView } from './client-view.ts';
import type { Find, PluginClient } from './client-view.ts';
import { PluginCallError } from './plugin-call-error.ts';
import type { CallOptions, PluginCalls } from './plugin-calls.ts';

/** `{ $case: 'finished', value: Finished }`, which says exactly one of value, verdict and error; or `{ $case: 'pending', value: Pending }`. */
export type MetricOutcome = NonNullable<MetricPollResponse['outcome']>;

/** A measurement that was left pending, with what the caller keeps of it. */
export interface MeasurementUnderWay {
  readonly measurement: Measurement;
  readonly handle: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * A metric provider. All methods throw PluginCallError, and all may be repeated: the id of the measurement is their idempotency key. An error of the back end is no
 * error here but a Finished with `errorCode`.
 */
export interface MetricClient extends PluginClient {
  start(
    measurement: Measurement,
    options?: CallOptions,
  ): Promise<{ readonly outcome: MetricOutcome; readonly metricMetadata: Readonly<Record<string, string>> }>;
  poll(underWay: MeasurementUnderWay, options?: CallOptions): Promise<MetricOutcome>;
  /** Resolves when nothing of it runs any more, with how it ended. */
  cancel(underWay: MeasurementUnderWay, options?: CallOptions): Promise<Finished>;
  /** Resolves with how many were removed. */
  collect(request: MetricCollectRequest, options?: CallOptions): Promise<number>;
  /** What is wrong with the configuration; empty when it can be used. */
  validate(check: MetricValidateRequest, options?: CallOptions): Promise<readonly Problem[]>;
}

export function metricClient(calls: PluginCalls, name: string, find: Find): MetricClient {
  const ask = callerOf(calls, 'metric', name, find);
  const { start, poll, cancel, collect, validate } = MetricProviderService;
  const whole = (method: string, outcome: MetricOutcome | undefined): MetricOutcome => {
    const wrong = outcome === undefined ? 'with nothing' : problemWith(outcome);
    if (outcome === undefined || wrong !== undefined) throw brokenAnswer(name, method, wrong ?? '');
    return outcome;
  };
  return withView(viewOf(name, find), {
    async start(measurement: Measurement, options: CallOptions = {}) {
      const { outcome, metricMetadata } = await ask('Start', start, { measurement }, options);
      return { outcome: whole('Start', outcome), metricMetadata };
    },
    async poll({ metadata, ...underWay }: MeasurementUnderWay, options: CallOptions = {}) {
      const { outcome } = await ask('Poll', poll, { ...underWay, metadata: { ...metadata } }, options);
      return whole('Poll', outcome);
    },
    async cancel({ metadata, ...underWay }: MeasurementUnderWay, options: CallOptions = {}) {
      const { finished } = await ask('Cancel', cancel, { ...underWay, metadata: { ...metadata } }, options);
      if (finished === undefined) throw brokenAnswer(name, 'Cancel', 'with nothing');
      whole('Cancel', { $case: 'finished', value: finished });
      return finished;
    },
    collect: async (request: MetricCollectRequest, options: CallOptions = {}) =>
      (await ask('Collect', collect, request, options)).removed,
    validate: async (check: MetricValidateRequest, options: CallOptions = {}) =>
      (await ask('Validate', validate, check, options)).problems,
  });
}

/** Rule M2, which verdicts rest on: a plugin of whatever kind may break it. */
function problemWith(outcome: MetricOutcome): string | undefined {
  if (outcome.$case === 'pending') return undefined;
  const { valueJson, verdict, errorCode } = outcome.value;
  const said = [valueJson !== '', verdict !== Verdict.UNSPECIFIED, errorCode !== ErrorCode.UNSPECIFIED];
  const count = said.filter(Boolean).length;
  return count === 1 ? undefined : `with ${count} of value, verdict and error, instead of one`;
}

function brokenAnswer(plugin: string, method: string, wrong: string): PluginCallError {
  const message = `plugin ${plugin} answered ${method} ${wrong}: this is a defect of the plugin`;
  return new PluginCallError({ code: 'Internal', plugin, method, message, retryable: false });
}
