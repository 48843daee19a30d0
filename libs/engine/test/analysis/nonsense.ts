import fc from 'fast-check';
import type { AnalysisRun } from '@sluice/model';
import type { MeasurementOutcome } from '../../src/index.ts';

// Whatever the API server may hold and whatever may come back: most of it makes no sense.

const time = fc.constantFrom<string | null | undefined>(
  '2026-01-01T12:00:00Z',
  '2026-01-01T11:00:00Z',
  '9999-12-31T23:59:59Z',
  '0001-01-01T00:00:00Z',
  'yesterday',
  '',
  null,
  undefined,
);
const phase = fc.constantFrom('Pending', 'Running', 'Successful', 'Failed', 'Error', 'Inconclusive', '', 'Odd');
const number = fc.constantFrom(0, 1, 2, 5, -1, 2 ** 31 - 1);
const name = fc.constantFrom('a', 'b', '__proto__', 'constructor', '{{args.x}}', '');
const intOrString = fc.oneof(number, fc.constantFrom('3', 'x', '{{args.x}}', '-1', '1e3'));
const duration = fc.constantFrom('1s', '0s', '-1h', '10ms', '2562047h', 'x', '', '{{args.x}}');
const text = fc.oneof(fc.string(), fc.constantFrom('{{', '{{args.x}}', '}}', '(', 'a{99999}', 'x'.repeat(20_000)));

/** An object in which any member may be missing. */
const partial = (members: Record<string, fc.Arbitrary<unknown>>) => fc.record(members, { requiredKeys: [] });

const measurement = partial({
  phase,
  message: text,
  startedAt: time,
  finishedAt: time,
  resumeAt: time,
  value: text,
  metadata: fc.dictionary(fc.string(), fc.string()),
});
const result = partial({
  name,
  phase,
  message: text,
  count: number,
  successful: number,
  failed: number,
  inconclusive: number,
  error: number,
  consecutiveError: number,
  consecutiveSuccess: number,
  dryRun: fc.boolean(),
  measurements: fc.array(measurement, { maxLength: 12 }),
});
const rule = fc.record({ metricName: fc.oneof(text, fc.constantFrom('.*', 'a', '(a+)+$')), limit: number });

const run = fc.record({
  metadata: partial({ name: fc.constant('run'), creationTimestamp: time, deletionTimestamp: fc.constant(undefined) }),
  spec: partial({
    metrics: fc.array(
      partial({
        name,
        interval: duration,
        initialDelay: duration,
        count: intOrString,
        failureLimit: intOrString,
        inconclusiveLimit: intOrString,
        consecutiveErrorLimit: intOrString,
        consecutiveSuccessLimit: intOrString,
        successCondition: text,
        provider: fc.constantFrom({ web: { url: '{{args.x}}' } }, { job: { spec: {} } }, {}, { plugin: {} }, undefined),
      }),
      { maxLength: 3 },
    ),
    args: fc.constantFrom(undefined, null, [{ name: 'x', value: '2' }], [{ name: 'x' }], [{ name: 'x', value: null }]),
    dryRun: fc.option(fc.array(rule, { maxLength: 2 }), { nil: undefined, freq: 1 }),
    measurementRetention: fc.option(fc.array(rule, { maxLength: 2 }), { nil: undefined, freq: 1 }),
    terminate: fc.boolean(),
    ttlStrategy: fc.constantFrom(undefined, {}, { secondsAfterCompletion: 0 }, { secondsAfterSuccess: -5 }),
  }),
  status: fc.option(
    partial({
      phase,
      message: text,
      startedAt: time,
      completedAt: time,
      metricResults: fc.array(result, { maxLength: 3 }),
      runSummary: fc.constantFrom(undefined, {}, { count: 1 }),
      dryRunSummary: fc.constantFrom(undefined, {}, null),
    }),
    { nil: undefined, freq: 3 },
  ),
});

export const anyRun = run as fc.Arbitrary<unknown> as fc.Arbitrary<AnalysisRun>;

const moment = fc.constantFrom(0, Number.NaN, Infinity, -Infinity, 1e20, -1e20, -1, Date.UTC(2026, 0, 1, 12));

export const anyOutcome: fc.Arbitrary<MeasurementOutcome> = fc.oneof(
  fc.record({
    kind: fc.constant('finished' as const),
    metric: name,
    ordinal: number,
    phase: fc.constantFrom('Successful' as const, 'Failed' as const, 'Inconclusive' as const, 'Error' as const),
    value: text,
    message: text,
    startedAt: moment,
    finishedAt: moment,
  }),
  fc.record({
    kind: fc.constant('pending' as const),
    metric: name,
    ordinal: number,
    metadata: fc.dictionary(fc.string(), fc.string()),
    startedAt: moment,
    resumeAt: moment,
  }),
);
