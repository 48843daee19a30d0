import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { ErrorCode, Finished, ServingStatus, Verdict } from '@sluice/contracts';
import type { Measurement, MetricPollResponse } from '@sluice/contracts';
import type { BendMetric, MemoryMetric } from './plugins.ts';
import type { Spoiling } from './proxy.ts';

export interface MetricMutant {
  /** What is wrong with it: the provider that … */
  readonly does: string;
  readonly breaks: string;
  readonly bend?: BendMetric;
  readonly spoil?: () => Spoiling;
}

const never = new AbortController().signal;

type Outcome = MetricPollResponse['outcome'];

/** What the answers of Start and Poll that are finished say instead. */
const finishing = (change: (finished: Finished) => Finished, methods = ['start', 'poll']): Spoiling => ({
  answer(method, answer) {
    const outcome = answer['outcome'] as Outcome;
    if (!methods.includes(method) || outcome?.$case !== 'finished') return answer;
    return { ...answer, outcome: { $case: 'finished', value: change(outcome.value) } };
  },
});

const starting =
  (
    start: (right: MemoryMetric, ...given: Parameters<MemoryMetric['start']>) => ReturnType<MemoryMetric['start']>,
  ): BendMetric =>
  (right) => ({ ...right, start: (query, call) => start(right, query, call) });

/** The measurement under another id, for calls of these methods. */
const renaming = (methods: readonly string[], nameOf: (id: string) => string): Spoiling => ({
  request(method, request) {
    const measurement = request['measurement'] as Measurement | undefined;
    if (!methods.includes(method) || measurement === undefined || measurement.id === '') return request;
    return { ...request, measurement: { ...measurement, id: nameOf(measurement.id) } };
  },
});

const promises: readonly MetricMutant[] = [
  {
    does: 'goes on asking when its time is over',
    breaks: 'P3',
    bend: starting((right, query, call) => right.start(query, { ...call, signal: never })),
  },
  {
    does: 'fails without a code',
    breaks: 'P4',
    spoil: () => ({ error: () => ({ metadata: new Metadata() }) }),
  },
  {
    does: 'takes nonsense for a defect of its own',
    breaks: 'P4',
    spoil: () => ({ error: () => ({ code: status.INTERNAL }) as Partial<ServiceError> }),
  },
  {
    does: 'has no version',
    breaks: 'P5',
    spoil: () => ({ answer: (method, answer) => (method === 'describe' ? { ...answer, version: '' } : answer) }),
  },
  {
    does: 'is never well',
    breaks: 'P6',
    spoil: () => ({ health: { check: (_call, respond) => respond(null, { status: ServingStatus.NOT_SERVING }) } }),
  },
];

const measuring: readonly MetricMutant[] = [
  {
    does: 'measures at each Start',
    breaks: 'M1',
    spoil() {
      let count = 0;
      return renaming(['start'], (id) => `${id}-${(count += 1)}`);
    },
  },
  {
    does: 'measures again what has failed',
    breaks: 'M1',
    spoil() {
      let count = 0;
      return {
        request(method, request) {
          const measurement = request['measurement'] as Measurement | undefined;
          if (method !== 'start' || measurement?.configJson !== '{"ask":"failure"}') return request;
          return { ...request, measurement: { ...measurement, id: `${measurement.id}-${(count += 1)}` } };
        },
      };
    },
  },
  {
    does: 'begins its work anew after a restart',
    breaks: 'M1',
    bend(right, backEnd) {
      const mine = new Set<string>();
      return {
        ...right,
        async start(query, call) {
          if (query.config.ask === 'work' && !mine.has(query.id)) backEnd.works.delete(query.id);
          mine.add(query.id);
          return right.start(query, call);
        },
      };
    },
  },
  {
    does: 'gives a verdict beside the value',
    breaks: 'M2',
    spoil: () => finishing((finished) => ({ ...finished, verdict: Verdict.SUCCESSFUL })),
  },
  {
    does: 'says nothing at all when it has measured',
    breaks: 'M2',
    spoil: () => finishing((finished) => ({ ...finished, valueJson: '' })),
  },
  {
    does: 'answers with what is no JSON',
    breaks: 'M2',
    spoil: () => finishing((finished) => (finished.valueJson === '' ? finished : { ...finished, valueJson: '[0.5,' })),
  },
  {
    does: 'takes missing data for 0',
    breaks: 'M3',
    bend: starting(async (right, query, call) =>
      query.config.ask === 'nothing' ? { result: 0 } : right.start(query, call),
    ),
  },
  {
    does: 'takes missing data for a success',
    breaks: 'M3',
    bend: starting(async (right, query, call) =>
      query.config.ask === 'nothing' ? { verdict: 'Successful' } : right.start(query, call),
    ),
  },
  {
    does: 'takes a back end that fails for a value',
    breaks: 'M4',
    bend: starting((right, query, call) => right.start(query, call).catch(() => ({ result: null }))),
  },
  {
    does: 'does not say what went wrong',
    breaks: 'M4',
    spoil: () => finishing((finished) => ({ ...finished, message: '' })),
  },
  {
    does: 'fails the call when the back end fails',
    breaks: 'M4',
    spoil: () => ({
      answer(method, answer) {
        const outcome = answer['outcome'] as Outcome;
        const failed = outcome?.$case === 'finished' && outcome.value.errorCode === ErrorCode.UNAVAILABLE;
        if (method === 'start' && failed) throw Object.assign(new Error('refused'), { code: status.UNAVAILABLE });
        return answer;
      },
    }),
  },
];

// What the SDK masks is shown by a provider that is told of no secrets.
const unaware = (method: string, request: Record<string, unknown>): Record<string, unknown> => {
  const measurement = request['measurement'] as Measurement | undefined;
  return method === 'start' && measurement !== undefined
    ? { ...request, measurement: { ...measurement, secretValues: [] } }
    : request;
};

const keeping: readonly MetricMutant[] = [
  { does: 'shows secrets', breaks: 'M5', spoil: () => ({ request: unaware }) },
  {
    does: 'logs secrets',
    breaks: 'M5',
    bend: (right, _backEnd, log) => ({
      ...right,
      async start(query, call) {
        log(JSON.stringify(query.config));
        return right.start(query, call);
      },
    }),
  },
  {
    does: 'shows secrets in errors',
    breaks: 'M5',
    spoil: () => ({
      request(method, request) {
        const measurement = request['measurement'] as Measurement | undefined;
        if (method === 'start' && measurement?.configJson === '{"token":"s3cret-value"')
          throw Object.assign(new Error(), { code: status.INVALID_ARGUMENT, details: measurement.configJson });
        return request;
      },
    }),
  },
  {
    does: 'begins at Poll what was never started',
    breaks: 'M6',
    bend: (right) => ({
      ...right,
      poll: (query, call) =>
        right.poll?.(query, call).catch(() => right.start(query, call)) ?? right.start(query, call),
    }),
  },
  {
    does: 'forgets how a measurement ended',
    breaks: 'M6',
    spoil() {
      const over = new Set<string>();
      return {
        request(method, request) {
          const measurement = request['measurement'] as Measurement | undefined;
          if (method !== 'poll' || measurement === undefined) return request;
          return over.has(measurement.id)
            ? { ...request, measurement: { ...measurement, id: `${measurement.id}-forgotten` } }
            : (over.add(measurement.id), request);
        },
      };
    },
  },
  {
    does: 'keeps what is under way to itself',
    breaks: 'M6',
    bend(right) {
      const mine = new Set<string>();
      return {
        ...right,
        start: (query, call) => right.start(query, call).finally(() => mine.add(query.id)),
        async poll(query, call) {
          if (!mine.has(query.id)) return { error: 'NotFound', message: 'never heard of it' };
          return (await right.poll?.(query, call)) ?? { result: null };
        },
      };
    },
  },
];

const ending: readonly MetricMutant[] = [
  {
    does: 'cannot cancel what does not run',
    breaks: 'M7',
    bend: (right, backEnd) => ({
      ...right,
      async cancel(query) {
        if (!backEnd.works.delete(query.id)) throw new Error('nothing to cancel');
      },
    }),
  },
  {
    does: 'says that it has ended what goes on',
    breaks: 'M7',
    bend: (right) => ({ ...right, cancel: async () => undefined }),
  },
  {
    does: 'takes a cancelled measurement for a success',
    breaks: 'M7',
    bend: (right) => ({
      ...right,
      async cancel(query, call) {
        await right.cancel?.(query, call);
        return { verdict: 'Successful' };
      },
    }),
  },
  {
    does: 'begins again what was cancelled',
    breaks: 'M7',
    spoil() {
      const cancelled = new Set<string>();
      return {
        request(method, request) {
          const measurement = request['measurement'] as Measurement | undefined;
          if (measurement === undefined) return request;
          if (method === 'cancel') cancelled.add(measurement.id);
          return method === 'start' && cancelled.has(measurement.id)
            ? { ...request, measurement: { ...measurement, id: `${measurement.id}-again` } }
            : request;
        },
      };
    },
  },
  {
    does: 'collects what is in flight',
    breaks: 'M8',
    bend: (right, backEnd) => ({
      ...right,
      async collect({ run, keep }) {
        const own = [...backEnd.works].filter(([, { runUid }]) => runUid === run.uid);
        for (const [id] of own.slice(0, own.length - keep)) backEnd.works.delete(id);
        return Math.max(0, own.length - keep);
      },
    }),
  },
  {
    does: 'collects the newest',
    breaks: 'M8',
    bend: (right, backEnd) => ({
      ...right,
      async collect({ run, keep }) {
        const own = [...backEnd.works].filter(([, { runUid, state }]) => runUid === run.uid && state === 'done');
        for (const [id] of own.slice(keep)) backEnd.works.delete(id);
        return Math.max(0, own.length - keep);
      },
    }),
  },
  {
    does: 'collects what belongs to other runs',
    breaks: 'M8',
    bend: (right, backEnd) => ({
      ...right,
      async collect(collection, call) {
        for (const [id, { runUid }] of backEnd.works) if (runUid !== collection.run.uid) backEnd.works.delete(id);
        return (await right.collect?.(collection, call)) ?? 0;
      },
    }),
  },
  {
    does: 'collects nothing',
    breaks: 'M8',
    bend: (right) => ({ ...right, collect: async () => 0 }),
  },
  {
    does: 'asks one after the other',
    breaks: 'M9',
    bend(right) {
      let last: Promise<unknown> = Promise.resolve();
      return {
        ...right,
        start(query, call) {
          const turn = last.then(() => right.start(query, call));
          last = turn.catch(() => undefined);
          return turn;
        },
      };
    },
  },
];

export const metricMutants: readonly MetricMutant[] = [...promises, ...measuring, ...keeping, ...ending];
