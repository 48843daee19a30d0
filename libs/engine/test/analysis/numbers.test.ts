import type { AnalysisRunSpec, Metric, MetricResult, Rollout } from '@sluice/model';
import { formatFieldError } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import { hasCount, metricPhase } from '../../src/analysis-run/metric-phase.ts';
import { limitsOf, validateAnalyses } from '../../src/index.ts';
import { analysisRun, Driver, metric } from './driver.ts';

const runOf = (fields: Partial<Metric>, spec: Partial<AnalysisRunSpec> = {}): Driver => {
  const run = new Driver(analysisRun([metric('rate', fields)], spec));
  run.decide();
  return run;
};

const disabling: readonly [Partial<Metric>, string][] = [
  [{ count: -1, interval: '30s' }, "count must be at least 1: metric 'rate' has -1. Leave it out for no limit"],
  [{ count: -1 }, "count must be at least 1: metric 'rate' has -1. Leave it out for one measurement"],
  [{ count: 0, interval: '1s' }, "count must be at least 1: metric 'rate' has 0. Leave it out for no limit"],
  [{ count: '-3' }, `count must be at least 1: metric 'rate' has "-3". Leave it out for one measurement`],
  [{ count: '{{args.n}}' }, `count must be at least 1: metric 'rate' has "-7". Leave it out for one measurement`],
  [{ count: '' }, `count must be a whole number: metric 'rate' has "". Write it in digits, such as 3`],
  [{ count: 'NaN' }, `count must be a whole number: metric 'rate' has "NaN". Write it in digits, such as 3`],
  [
    { count: 1.5, interval: '1s' },
    `count must be a whole number: metric 'rate' has 1.5. Write it in digits, such as 3`,
  ],
  ...(['failureLimit', 'inconclusiveLimit', 'consecutiveErrorLimit', 'consecutiveSuccessLimit'] as const).flatMap(
    (field): [Partial<Metric>, string][] =>
      ['abc', '10%', 'Infinity', ''].map((text) => [
        { [field]: text },
        `${field} must be a whole number: metric 'rate' has "${text}". Write it in digits, such as 3`,
      ]),
  ),
  [{ inconclusiveLimit: -1 }, 'inconclusiveLimit must be >= 0'],
  [{ consecutiveErrorLimit: '-1' }, 'consecutiveErrorLimit must be >= 0'],
  [{ consecutiveSuccessLimit: -1 }, 'consecutiveSuccessLimit must be >= 0'],
  [
    { interval: '-30s' },
    `interval must not be negative: metric 'rate' has "-30s". Write a time such as 30s, or leave it out`,
  ],
  [
    { initialDelay: '-1m' },
    `initialDelay must not be negative: metric 'rate' has "-1m". Write a time such as 30s, or leave it out`,
  ],
];

describe('a number of a metric that disables a guard', () => {
  const args = [{ name: 'n', value: '-7' }];

  it.each(disabling)('%j ends the run as Error before anything is measured', (fields, text) => {
    const run = runOf(fields, { args });
    expect(run.tasks).toEqual([]);
    expect(run.status).toMatchObject({ phase: 'Error', message: `Analysis spec invalid: metrics[0]: ${text}` });
  });

  it.each(disabling.filter(([, text]) => text.includes("metric 'rate'")))(
    '%j makes a Rollout invalid before it is updated',
    (fields, text) => {
      const templates = [{ templateName: 'rates' }];
      const rollout: Rollout = {
        metadata: { name: 'shop' },
        spec: { strategy: { canary: { steps: [{ analysis: { templates, args } }] } } },
      };
      const spec = { metrics: [metric('rate', fields)], args: [{ name: 'n' }] };
      const error = validateAnalyses(rollout, (name) => ({ metadata: { name }, spec }));
      expect(error && formatFieldError(error)).toContain(`AnalysisTemplate rates is invalid: ${text}`);
    },
  );

  it('keeps documented meanings: no limit of failures, and the defaults', () => {
    for (const fields of [
      { failureLimit: -1, consecutiveSuccessLimit: 2, interval: '1s' },
      { failureLimit: '-1', consecutiveSuccessLimit: '2', interval: '1s' },
      { consecutiveErrorLimit: 0 },
      { count: '+2', interval: '1s' },
    ])
      expect(runOf(fields).tasks).toHaveLength(1);
  });

  it.each(['secondsAfterCompletion', 'secondsAfterFailure', 'secondsAfterSuccess'])(
    'a negative %s would delete the verdict at once',
    (field) => {
      expect(runOf({}, { ttlStrategy: { [field]: -1 } }).status).toMatchObject({
        phase: 'Error',
        message: `Analysis spec invalid: ttlStrategy.${field} must be >= 0: it is -1. Write seconds, or leave it out to keep the run`,
      });
      expect(runOf({}, { ttlStrategy: { [field]: 0 } }).tasks).toHaveLength(1);
    },
  );
});

describe('an argument of a Rollout that cannot be looked up yet', () => {
  it('is left to the run', () => {
    const args = [{ name: 'n', valueFrom: { fieldRef: { fieldPath: 'status.canary.weights.canary.weight' } } }];
    const rollout: Rollout = {
      metadata: { name: 'shop' },
      spec: { strategy: { canary: { steps: [{ analysis: { templates: [{ templateName: 'rates' }], args } }] } } },
    };
    const spec = { metrics: [metric('rate', { failureLimit: '{{args.n}}' })], args: [{ name: 'n' }] };
    expect(validateAnalyses(rollout, (name) => ({ metadata: { name }, spec }))).toBeUndefined();
  });
});

describe('errors', () => {
  it.each([-1, 0, 1])('never reach a count, of %d either', (count) => {
    const limits = { ...limitsOf(metric('rate', { interval: '1s' })), count };
    const result: MetricResult = {
      name: 'rate',
      phase: 'Running',
      error: 1,
      consecutiveError: 1,
      measurements: [{ phase: 'Error' }],
    };
    expect(hasCount(result, limits)).toBe(false);
    expect(metricPhase(result, limits, false)).toBe('Running');
  });
});
