import { Finished, MetricProviderService, Verdict, maskSecrets } from '@sluice/contracts';
import type {
  MaskSecrets,
  Measurement,
  MetricPollResponse,
  MetricProviderServer,
  MetricStartResponse,
  RunRef,
} from '@sluice/contracts';
import { answering } from './call.ts';
import type { Call, CallRuntime } from './call.ts';
import { configFrom, problemsOf, rawConfigOf } from './configuration.ts';
import type { JsonObject } from './configuration.ts';
import { describing } from './describe.ts';
import type { Introduction, PluginService } from './describe.ts';
import type { PluginLogger } from './logger.ts';
import { maskedLogger } from './masked-logger.ts';
import type { Measurements } from './measurements.ts';
import { errorOutcome, outcomeOf, startResponseOf } from './metric-answer.ts';
import type { MetricProvider, MetricQuery, MetricUnderWay } from './metric.ts';
import { GivenUp, PluginError, asPluginError } from './plugin-error.ts';
import { orGivenUp } from './rollout-turns.ts';

/** The gRPC service around a metric provider. */
export function metricService<Config>(
  introduction: Introduction,
  provider: MetricProvider<Config>,
  runtime: CallRuntime,
  measurements: Measurements,
): PluginService<MetricProviderServer> {
  const read = provider.config ?? ((raw: JsonObject) => raw as unknown as Config);

  const start = ({ query, rawConfig, mask }: Asked, call: Call): Promise<MetricStartResponse> =>
    endOf(
      call,
      async () => startResponseOf(await provider.start({ ...query, config: configFrom(rawConfig, read) }, call), mask),
      (error) => ({ outcome: errorOutcome(error, mask), metricMetadata: {} }),
    );

  const poll = ({ query, rawConfig, mask }: Asked, where: Where, call: Call): Promise<MetricPollResponse> =>
    endOf<MetricPollResponse>(
      call,
      async () => {
        if (provider.poll === undefined)
          throw new PluginError('NotFound', `measurement ${query.id} is not under way here`);
        const underWay = { ...query, ...where, config: configFrom(rawConfig, read) };
        return { outcome: outcomeOf(await provider.poll(underWay, call), mask) };
      },
      (error) => {
        if (mayGoOn(error)) throw error;
        return { outcome: errorOutcome(error, mask) };
      },
    );

  async function cancel(asked: Asked, where: Where, call: Call): Promise<Finished> {
    if (provider.cancel === undefined) return endedBefore();
    const query = { ...asked.query, ...where, config: configFrom(asked.rawConfig, read) };
    const answer = await provider.cancel(query, call);
    const outcome = answer === undefined ? undefined : outcomeOf(answer, asked.mask);
    if (outcome?.$case === 'pending')
      throw new PluginError('Internal', 'cancel answered pending: it has to end the measurement before it answers');
    return outcome?.value ?? endedBefore();
  }

  const implementation: MetricProviderServer = {
    describe: describing(introduction, runtime),
    validate: answering(runtime, {
      method: 'Validate',
      about: ({ namespace }) => ({ namespace }),
      answer: async ({ namespace, configJson, metricJson }, signal, logger) => {
        const metric = rawConfigOf(metricJson, 'metric_json');
        const check = async () => {
          const config = configFrom(rawConfigOf(configJson), read);
          return (await provider.validate?.({ namespace, config, metric }, callWith(signal, logger))) ?? [];
        };
        return { problems: await orGivenUp(problemsOf(check), signal) };
      },
    }),
    start: answering(runtime, {
      method: 'Start',
      about: ({ measurement }) => aboutMeasurement(measurement),
      answer: ({ measurement }, signal, logger) =>
        asking(measurement, logger, (asked, ownLogger) =>
          measurements.start(asked.query.id, signal, (stop) => start(asked, callWith(stop, ownLogger))),
        ),
    }),
    poll: answering(runtime, {
      method: 'Poll',
      about: ({ measurement }) => aboutMeasurement(measurement),
      answer: ({ measurement, ...where }, signal, logger) =>
        asking(measurement, logger, (asked, ownLogger) =>
          measurements.poll(asked.query.id, signal, (stop) => poll(asked, where, callWith(stop, ownLogger))),
        ),
    }),
    cancel: answering(runtime, {
      method: 'Cancel',
      about: ({ measurement }) => aboutMeasurement(measurement),
      answer: ({ measurement, ...where }, signal, logger) =>
        asking(measurement, logger, async (asked, ownLogger) => ({
          finished: await measurements.cancel(asked.query.id, signal, (stop) =>
            cancel(asked, where, callWith(stop, ownLogger)),
          ),
        })),
    }),
    collect: answering(runtime, {
      method: 'Collect',
      about: ({ run, metricName }) => ({ run: `${run?.namespace}/${run?.name}`, metric: metricName }),
      answer: async ({ run, metricName, configJson, keep }, signal, logger) => {
        const about = { run: requiredRun(run), metricName: metricName === '' ? undefined : metricName };
        if (keep < 0) throw new PluginError('Invalid', `keep is ${keep}: 0 or more can be left`);
        const config = configJson === '' ? undefined : configFrom(rawConfigOf(configJson), read);
        const removed = provider.collect?.({ ...about, config, keep }, callWith(signal, logger)) ?? Promise.resolve(0);
        return { removed: await orGivenUp(removed, signal) };
      },
    }),
  };
  return { name: 'sluice.metric.v1.MetricProvider', definition: MetricProviderService, implementation };
}

type Where = Pick<MetricUnderWay, 'handle' | 'metadata'>;

/** One request about a measurement, checked. */
interface Asked {
  readonly query: Omit<MetricQuery, 'config'>;
  readonly rawConfig: JsonObject;
  readonly mask: MaskSecrets;
}

/** Answers about a measurement. Also what fails is masked, before it is logged or sent. */
async function asking<A>(
  measurement: Measurement | undefined,
  logger: PluginLogger,
  answer: (asked: Asked, logger: PluginLogger) => Promise<A>,
): Promise<A> {
  const mask = maskSecrets(measurement?.secretValues ?? []);
  try {
    return await answer(askedOf(measurement, mask), maskedLogger(logger, mask));
  } catch (thrown) {
    const error = asPluginError(thrown);
    if (error instanceof GivenUp) throw error;
    throw new PluginError(error.code, mask(error.message));
  }
}

function askedOf(measurement: Measurement | undefined, mask: MaskSecrets): Asked {
  if (measurement === undefined) throw new PluginError('Invalid', 'the request has no measurement');
  const { id, metricName, ordinal, secretValues } = measurement;
  if (id === '') throw new PluginError('Invalid', 'the measurement has no id');
  if (metricName === '') throw new PluginError('Invalid', `measurement ${id} names no metric`);
  return {
    query: {
      id,
      run: requiredRun(measurement.run),
      metricName,
      ordinal,
      metric: rawConfigOf(measurement.metricJson, 'metric_json'),
      secretValues,
    },
    rawConfig: rawConfigOf(measurement.configJson),
    mask,
  };
}

function requiredRun(run: RunRef | undefined): RunRef {
  const missing = (['uid', 'namespace', 'name'] as const).find((field) => (run?.[field] ?? '') === '');
  if (run === undefined || missing !== undefined)
    throw new PluginError('Invalid', `the request names no run: run.${missing ?? 'uid'} is empty`);
  return run;
}

/** What the author's function answers, or what becomes of its error. Throws where it was given up: that is an error of the call. */
async function endOf<T>(
  { signal, logger }: Call,
  work: () => Promise<T>,
  failed: (error: PluginError) => T,
): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    signal.throwIfAborted();
    const error = asPluginError(thrown);
    if (error instanceof GivenUp) throw error;
    // Others are told to people by the status, each time.
    if (error.code === 'Internal') logger.error({ error }, 'a measurement failed by a defect of this plugin');
    return failed(error);
  }
}

/** A back end that cannot be asked just now does not end a measurement that is under way. */
function mayGoOn({ code }: PluginError): boolean {
  return code === 'Unavailable' || code === 'Throttled' || code === 'Conflict';
}

function endedBefore(): Finished {
  return Finished.fromPartial({ verdict: Verdict.INCONCLUSIVE, message: 'ended before it was done' });
}

function callWith(signal: AbortSignal, logger: PluginLogger): Call {
  return { signal, logger, event: () => undefined };
}

function aboutMeasurement(measurement: Measurement | undefined): object {
  const { run, metricName, ordinal } = measurement ?? {};
  return { run: `${run?.namespace}/${run?.name}`, metric: metricName, ordinal };
}
