import type { AnalysisPhase } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import { verdictOf } from '../../src/index.ts';
import { analysisRun, begin, Driver, metric, start } from './driver.ts';

const everySecond = { interval: '1s' } as const;

describe('measuring', () => {
  it('measures once, at once, without interval and count', () => {
    const run = begin([metric('web')]);
    expect(run.tasks).toMatchObject([{ kind: 'start', metric: 'web', ordinal: 1 }]);
    run.answer('web', 'Successful', { value: '1' });
    expect(run.writes).toBe(1);
    expect(run.status).toEqual({
      phase: 'Successful',
      startedAt: '2026-01-01T12:00:00Z',
      completedAt: '2026-01-01T12:00:00Z',
      dryRunSummary: {},
      runSummary: { count: 1, successful: 1 },
      metricResults: [
        {
          name: 'web',
          phase: 'Successful',
          count: 1,
          successful: 1,
          consecutiveSuccess: 1,
          measurements: [
            {
              phase: 'Successful',
              value: '1',
              startedAt: '2026-01-01T12:00:00Z',
              finishedAt: '2026-01-01T12:00:00Z',
            },
          ],
        },
      ],
    });
    expect(run.events.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)).toEqual([
      "Normal MetricSuccessful: Metric 'web' Completed. Result: Successful",
      'Normal AnalysisRunSuccessful: Analysis Completed. Result: Successful',
    ]);
    expect(verdictOf(run.run)).toBe('Successful');
  });

  it('says that it runs when nothing came back for two seconds', () => {
    const run = begin([metric('web')]);
    expect(run.run.status).toBeUndefined();
    expect(run.wakeAt).toBe(start + 2000);
    run.wait(2000);
    expect(run.run.status).toEqual({
      phase: 'Running',
      startedAt: '2026-01-01T12:00:02Z',
      dryRunSummary: {},
      runSummary: { count: 1 },
    });
    expect(run.tasks).toEqual([]);
  });

  it('counts the interval from the end of the measurement before, to the millisecond', () => {
    const run = begin([metric('web', { ...everySecond, count: 3 })]);
    run.now += 700;
    run.answer('web', 'Successful');
    expect(run.wakeAt).toBe(start + 1700);
    expect(run.wait(999).tasks).toEqual([]);
    expect(run.wait(1).tasks).toMatchObject([{ kind: 'start', ordinal: 2, dueAt: start + 1700 }]);
  });

  it('tries again 10 seconds after an error, whatever the interval', () => {
    const run = begin([metric('web', { interval: '1h', count: 2 })]);
    run.answer('web', 'Error', { message: 'no answer' });
    expect(run.wakeAt).toBe(start + 10_000);
    expect(run.result('web')).toMatchObject({ error: 1, consecutiveError: 1, message: 'no answer' });
    expect(run.result('web')).not.toHaveProperty('count');
  });

  it('waits for the initial delay, counted from when the run began, and only the first time', () => {
    const run = begin([metric('web', { initialDelay: '5s', count: 2, ...everySecond })]);
    expect(run.tasks).toEqual([]);
    expect(run.status).toMatchObject({ phase: 'Running', startedAt: '2026-01-01T12:00:00Z' });
    expect(run.wakeAt).toBe(start + 5000);
    expect(run.wait(5000).tasks).toMatchObject([{ kind: 'start', ordinal: 1 }]);
    run.answer('web', 'Successful');
    expect(run.wakeAt).toBe(start + 6000);
  });

  it('takes arguments for interval, count and limits', () => {
    const args = [
      { name: 'n', value: '2' },
      { name: 'every', value: '30s' },
    ];
    const run = begin([metric('web', { interval: '{{args.every}}', count: '{{args.n}}' })], { args });
    run.answer('web', 'Successful');
    expect(run.wakeAt).toBe(start + 30_000);
    run.answers('web', 'Successful');
    expect(run.status?.phase).toBe('Successful');
  });

  it('asks for each metric by itself, and lists results in the order in which they came', () => {
    const run = begin([metric('a'), metric('b')]);
    expect(run.tasks.map((task) => task.metric)).toEqual(['a', 'b']);
    run.answer('b', 'Successful');
    expect(run.status?.phase).toBe('Running');
    run.answer('a', 'Successful');
    expect(run.status?.metricResults?.map(({ name }) => name)).toEqual(['b', 'a']);
    expect(run.status?.phase).toBe('Successful');
  });

  it('asks again for a measurement that was lost, under the same identity', () => {
    const run = begin([metric('web')]);
    run.inFlight = [];
    expect(run.decide().tasks).toMatchObject([{ kind: 'start', metric: 'web', ordinal: 1 }]);
  });

  it('never counts an outcome twice, nor one that comes late', () => {
    const run = begin([metric('web', { ...everySecond, count: 3 })]);
    const first = run.outcome('web', 'Successful');
    run.answer('web', 'Successful');
    expect(run.decide([first, first]).statusUrgency).toBe('unchanged');
    run.untilDue('web');
    run.decide([{ ...first, phase: 'Failed' }]);
    expect(run.result('web')).toMatchObject({ count: 1, successful: 1, phase: 'Running' });
  });

  it('does not let a worker with a wrong clock speed the interval up or hold it up', () => {
    const run = begin([metric('web', { interval: '10s', count: 5 })]);
    run.answer('web', 'Successful', { finishedAt: start + 3_600_000 });
    expect(run.wakeAt).toBe(start + 10_000);
    run.wait(10_000);
    run.answer('web', 'Successful', { startedAt: start - 3_600_000, finishedAt: start - 3_600_000 });
    expect(run.wakeAt).toBe(start + 20_000);
  });

  it('keeps the newest measurements: 10, or what a rule says', () => {
    const rules = [
      { metricName: 'w.b', limit: 4 },
      { metricName: 'web', limit: 2 },
    ];
    const run = begin([metric('web', { ...everySecond, count: 20 }), metric('other', { ...everySecond, count: 20 })], {
      measurementRetention: rules,
    });
    for (let count = 0; count < 12; count += 1) {
      run.answers('web', 'Successful');
      run.answers('other', 'Successful');
    }
    expect(run.result('web')).toMatchObject({ count: 12 });
    expect(run.result('web')?.measurements).toHaveLength(2);
    expect(run.result('other')?.measurements).toHaveLength(10);
    expect(run.decision?.collect).toEqual([{ metric: 'other', keep: 10 }]);
  });

  it('cuts a value that would not fit into the object', () => {
    const run = begin([metric('web')]);
    run.answer('web', 'Successful', { value: 'x'.repeat(1_000_000) });
    expect(run.result('web')?.measurements?.[0]?.value?.length).toBeLessThan(20_000);
  });
});

describe('limits', () => {
  it('fails with the first failure when none is tolerated', () => {
    const run = begin([metric('web', { ...everySecond, count: 2 })]);
    run.answer('web', 'Failed', { value: '0' });
    expect(run.status).toMatchObject({
      phase: 'Failed',
      message: 'Metric "web" assessed Failed due to failed (1) > failureLimit (0)',
      runSummary: { count: 1, failed: 1 },
    });
    expect(run.events.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      'Warning MetricFailed',
      'Warning AnalysisRunFailed',
    ]);
  });

  it('tolerates failures up to the limit', () => {
    const run = begin([metric('web', { ...everySecond, count: 5, failureLimit: 2 })]);
    run.answers('web', 'Failed', 'Successful', 'Failed', 'Successful', 'Successful');
    expect(run.status).toMatchObject({ phase: 'Successful', runSummary: { count: 1, successful: 1 } });
    expect(run.status).not.toHaveProperty('message');
  });

  it('ends as Error after one error in a row more than the limit, and tells the last one', () => {
    const run = begin([metric('web', { consecutiveErrorLimit: 1 })]);
    run.answers('web', 'Error');
    run.untilDue('web');
    run.answer('web', 'Error', { message: 'received non 2xx response code: 500' });
    expect(run.status?.message).toBe(
      'Metric "web" assessed Error due to consecutiveErrors (2) > consecutiveErrorLimit (1): "Error Message: received non 2xx response code: 500"',
    );
  });

  it('forgets errors in a row at the next measurement that works', () => {
    const run = begin([metric('web', { ...everySecond, count: 2, consecutiveErrorLimit: 1 })]);
    run.answers('web', 'Error', 'Successful', 'Error', 'Successful');
    expect(run.status?.phase).toBe('Successful');
    expect(run.result('web')).toMatchObject({ count: 2, successful: 2, error: 2, consecutiveSuccess: 1 });
  });

  it('pauses nobody while inconclusive measurements are tolerated', () => {
    const run = begin([metric('web', { ...everySecond, count: 3, inconclusiveLimit: 1 })]);
    run.answers('web', 'Inconclusive', 'Successful', 'Successful');
    expect(run.status?.phase).toBe('Successful');
    const strict = begin([metric('web')]);
    strict.answer('web', 'Inconclusive');
    expect(strict.status?.message).toBe(
      'Metric "web" assessed Inconclusive due to inconclusive (1) > inconclusiveLimit (0)',
    );
  });

  it('succeeds with so many successes in a row', () => {
    const run = begin([metric('web', { ...everySecond, failureLimit: -1, consecutiveSuccessLimit: 2 })]);
    run.answers('web', 'Successful', 'Failed', 'Successful');
    expect(run.status?.phase).toBe('Running');
    run.answers('web', 'Successful');
    expect(run.status?.phase).toBe('Successful');
    expect(verdictOf(run.run)).toBe('Successful');
  });

  it('is inconclusive when the count is reached without the successes in a row', () => {
    const limits = { ...everySecond, count: 3, failureLimit: 1, consecutiveSuccessLimit: 2 };
    const run = begin([metric('web', limits)]);
    run.answers('web', 'Successful', 'Failed', 'Successful');
    expect(run.status).toMatchObject({ phase: 'Inconclusive', runSummary: { count: 1, successful: 1 } });
    const unlimited = begin([metric('web', { ...limits, failureLimit: -1 })]);
    unlimited.answers('web', 'Successful', 'Failed', 'Successful');
    expect(unlimited.status?.phase).toBe('Failed');
  });

  it('names the first metric that is as bad as the worst', () => {
    const run = begin([metric('slow', { ...everySecond, count: 9 }), metric('error', { consecutiveErrorLimit: 0 })]);
    run.answer('slow', 'Successful');
    run.answer('error', 'Error', { message: 'gone' });
    expect(run.status).toMatchObject({
      phase: 'Error',
      message:
        'Metric "error" assessed Error due to consecutiveErrors (1) > consecutiveErrorLimit (0): "Error Message: gone"',
      runSummary: { count: 2, error: 1, successful: 1 },
    });
  });
});

describe('metrics that are measured at one time', () => {
  it('all count when the first answer ends the run, and the worst of them is its verdict', () => {
    const run = begin([
      metric('good', { interval: '30s', count: 5 }),
      metric('unsure', { successCondition: 'result == 1' }),
      metric('broken', { consecutiveErrorLimit: 0 }),
    ]);
    run.decide([
      run.outcome('unsure', 'Inconclusive'),
      run.outcome('good', 'Successful'),
      run.outcome('broken', 'Error', { message: 'gone' }),
    ]);
    expect(run.status).toMatchObject({
      phase: 'Error',
      message:
        'Metric "broken" assessed Error due to consecutiveErrors (1) > consecutiveErrorLimit (0): "Error Message: gone"',
      runSummary: { count: 3, successful: 1, inconclusive: 1, error: 1 },
    });
    expect(run.result('good')).toMatchObject({ phase: 'Successful', count: 1 });
  });
});

describe('the end', () => {
  it('of one metric ends the others at once, also what goes on at a provider', () => {
    const run = begin([metric('job', { provider: { job: { spec: {} } } }), metric('web')]);
    run.decide([
      { kind: 'pending', metric: 'job', ordinal: 1, startedAt: run.now, metadata: { 'job-name': 'uid-run.job.1' } },
    ]);
    run.answer('web', 'Failed');
    expect(run.status?.phase).toBe('Failed');
    expect(run.result('job')).toMatchObject({ phase: 'Inconclusive', message: 'Metric Terminated', inconclusive: 1 });
    expect(run.tasks).toMatchObject([
      { kind: 'cancel', metric: 'job', ordinal: 1, measurement: { metadata: { 'job-name': 'uid-run.job.1' } } },
    ]);
  });

  it('is asked to stop again after a restart, for ten minutes', () => {
    const run = begin([metric('job', { provider: { job: { spec: {} } } })]);
    run.decide([{ kind: 'pending', metric: 'job', ordinal: 1, startedAt: run.now, metadata: { 'job-name': 'j' } }]);
    run.run = { ...run.run, spec: { ...run.run.spec, terminate: true } };
    run.decide();
    expect(run.status).toMatchObject({
      phase: 'Inconclusive',
      message:
        'Metric "job" assessed Inconclusive due to inconclusive (1) > inconclusiveLimit (0): "Error Message: Metric Terminated"',
    });
    run.restart();
    expect(run.decide().tasks).toMatchObject([{ kind: 'cancel', metric: 'job', ordinal: 1 }]);
    expect(run.wait(600_000).tasks).toEqual([]);
  });

  it('by a person is success for the API, but no evidence for a rollout', () => {
    const run = begin([metric('web', { interval: '30s', count: 10 })]);
    run.answer('web', 'Successful');
    run.run = { ...run.run, spec: { ...run.run.spec, terminate: true } };
    run.wait(1000);
    expect(run.status).toMatchObject({ phase: 'Successful', message: 'Run Terminated' });
    expect(verdictOf(run.run)).toBe('Terminated');
  });

  it.each<[string, AnalysisPhase[]]>([
    ['anything was measured', []],
    ['anything but errors was measured', ['Error', 'Error']],
  ])('before %s is no success', (_what, phases) => {
    const run = begin([metric('web', { interval: '30s', count: 10 })]);
    run.answers('web', ...(phases as never[]));
    run.run = { ...run.run, spec: { ...run.run.spec, terminate: true } };
    run.wait(1000);
    expect(run.status).toMatchObject({
      phase: 'Inconclusive',
      message: 'Run Terminated before anything was measured',
      runSummary: { count: 1 },
    });
    expect(run.status?.runSummary).not.toHaveProperty('successful');
    expect(run.status?.metricResults?.map(({ phase }) => phase) ?? []).not.toContain('Successful');
    expect(verdictOf(run.run)).toBe('Inconclusive');
  });

  it('by a person counts a failure that is already at hand', () => {
    const run = begin([metric('web', { interval: '30s', count: 10 })]);
    run.run = { ...run.run, spec: { ...run.run.spec, terminate: true } };
    run.answer('web', 'Failed');
    expect(run.status?.phase).toBe('Failed');
  });

  it('stays what it is, whatever comes back', () => {
    const run = begin([metric('web', { ...everySecond, count: 2 })]);
    run.answers('web', 'Successful', 'Successful');
    const decision = run.decide([
      { kind: 'finished', metric: 'web', ordinal: 3, phase: 'Failed', startedAt: run.now, finishedAt: run.now },
    ]);
    expect(decision).toMatchObject({ statusUrgency: 'unchanged', tasks: [], events: [] });
    expect(decision.status).toBe(run.run.status);
  });

  it('cancels what is under way when the run is deleted', () => {
    const run = begin([metric('web')]);
    run.run = { ...run.run, metadata: { ...run.run.metadata, deletionTimestamp: '2026-01-01T12:00:01Z' } };
    expect(run.decide()).toMatchObject({
      statusUrgency: 'unchanged',
      tasks: [{ kind: 'cancel', metric: 'web', ordinal: 1 }],
    });
  });

  it('comes with a moment of deletion where a strategy asks for one', () => {
    const run = begin([metric('web')], { ttlStrategy: { secondsAfterCompletion: 60, secondsAfterSuccess: 10 } });
    run.answer('web', 'Successful');
    expect(run.decision).toMatchObject({ deleteAt: start + 11_000, wakeAt: start + 11_000 });
    const failed = begin([metric('web')], { ttlStrategy: { secondsAfterCompletion: 60, secondsAfterSuccess: 10 } });
    failed.answer('web', 'Failed');
    expect(failed.decision?.deleteAt).toBe(start + 61_000);
  });
});

describe('a dry run', () => {
  const dry = () =>
    begin([metric('real', { ...everySecond, count: 2 }), metric('trial', { ...everySecond, count: 2 })], {
      dryRun: [{ metricName: '^tri' }],
    });

  it('never decides, and says how it would have ended', () => {
    const run = dry();
    run.answer('trial', 'Failed');
    expect(run.status?.phase).toBe('Running');
    expect(run.result('trial')).toMatchObject({
      dryRun: true,
      phase: 'Failed',
      message: 'Metric assessed Failed due to failed (1) > failureLimit (0)',
    });
    run.answers('real', 'Successful', 'Successful');
    expect(run.status).toMatchObject({
      phase: 'Successful',
      runSummary: { count: 1, successful: 1 },
      dryRunSummary: { count: 1, failed: 1 },
    });
  });

  it('must end before the run does', () => {
    const run = dry();
    run.answers('real', 'Successful', 'Successful');
    expect(run.status?.phase).toBe('Running');
    run.answers('trial', 'Successful', 'Successful');
    expect(run.status?.phase).toBe('Successful');
  });
});

describe('a run that cannot be measured as it is written', () => {
  const message = (...given: Parameters<typeof analysisRun>): string | undefined => {
    const run = new Driver(analysisRun(...given));
    run.decide();
    expect(run.tasks).toEqual([]);
    expect(run.status?.phase).toBe('Error');
    expect(run.status).not.toHaveProperty('completedAt');
    return run.status?.message;
  };

  it.each([
    [[], {}, 'Analysis spec invalid: no metrics specified'],
    [[metric('a'), metric('a')], {}, "Analysis spec invalid: metrics[1]: duplicate name 'a'"],
    [[metric('a', { count: 2 })], {}, 'Analysis spec invalid: metrics[0]: interval must be specified when count > 1'],
    [[metric('a', { provider: {} })], {}, 'Analysis spec invalid: metrics[0]: no provider specified'],
    [
      [metric('a', { provider: { plugin: { 'x/y': {}, 'x/z': {} } } })],
      {},
      'Analysis spec invalid: metrics[0]: multiple providers specified',
    ],
    [
      [metric('a', { interval: '1x' })],
      {},
      'Analysis spec invalid: metrics[0]: invalid interval string: time: unknown unit "x" in duration "1x"',
    ],
    [
      [metric('a', { initialDelay: 'soon' })],
      {},
      'Analysis spec invalid: metrics[0]: invalid startDelay string: time: invalid duration "soon"',
    ],
    [
      [metric('a', { failureLimit: -1 })],
      {},
      'Analysis spec invalid: metrics[0]: failureLimit and consecutiveSuccessLimit cannot both be disabled',
    ],
    [
      [metric('a', { failureLimit: -2 })],
      {},
      'Analysis spec invalid: metrics[0]: failureLimit must be >= 0, or -1 to be disabled',
    ],
    [
      [metric('a', { interval: '1s', count: 3, failureLimit: 2, consecutiveSuccessLimit: 2 })],
      {},
      'Analysis spec invalid: metrics[0]: count (3) must be >= failureLimit + consecutiveSuccessLimit (2 + 2) if both >= 0',
    ],
    [
      [metric('a', { interval: '1s', count: 3, failureLimit: -1, consecutiveSuccessLimit: 4 })],
      {},
      'Analysis spec invalid: metrics[0]: count must be >= consecutiveSuccessLimit',
    ],
    [
      [metric('a', { inconclusiveLimit: 2, count: 1 })],
      {},
      'Analysis spec invalid: metrics[0]: count must be >= inconclusiveLimit',
    ],
    [
      [metric('a')],
      { dryRun: [{ metricName: 'b' }] },
      "Analysis spec invalid: dryRun[0]: Rule didn't match any metric name(s)",
    ],
    [
      [metric('a')],
      { measurementRetention: [{ metricName: '(', limit: 1 }] },
      "Analysis spec invalid: measurementRetention[0]: Rule didn't match any metric name(s)",
    ],
    [
      [metric('a', { successCondition: 'result < {{ args.most }}' })],
      {},
      'Unable to resolve metric arguments: failed to resolve {{ args.most }}',
    ],
    [[metric('a')], { args: [{ name: 'x' }] }, 'Unable to resolve metric arguments: argument "x" was not supplied'],
  ])('%#: says what is wrong', (metrics, spec, expected) => {
    expect(message(metrics, spec)).toBe(expected);
  });

  it('ends with a Secret that does not exist, and waits for one that cannot be seen', () => {
    const args = [{ name: 'token', valueFrom: { secretKeyRef: { name: 'tokens', key: 'web' } } }];
    const run = new Driver(analysisRun([metric('web', { ...everySecond, count: 3 })], { args }));
    run.secrets = { token: { kind: 'unknown' } };
    expect(run.decide().tasks).toEqual([]);
    run.secrets = { token: { kind: 'present' } };
    run.decide();
    run.answer('web', 'Successful');
    run.secrets = { token: { kind: 'missing', message: "key 'web' does not exist in secret 'tokens'" } };
    run.wait(1000);
    expect(run.status).toMatchObject({
      phase: 'Error',
      message: "Unable to resolve metric arguments: key 'web' does not exist in secret 'tokens'",
      metricResults: [{ count: 1 }],
    });
    expect(run.tasks).toEqual([]);
  });
});

describe('writes', () => {
  it('may wait for a success that follows others, and for nothing else', () => {
    const run = begin([metric('web', { ...everySecond, count: 9, failureLimit: 1 })]);
    expect(run.answer('web', 'Successful').statusUrgency).toBe('now');
    run.untilDue('web');
    expect(run.decide([run.outcome('web', 'Successful')], false).statusUrgency).toBe('soon');
    run.untilDue('web');
    expect(run.answer('web', 'Failed').statusUrgency).toBe('now');
    expect(run.result('web')).toMatchObject({ count: 3, successful: 2, failed: 1 });
  });

  it('are not needed for what nobody would read', () => {
    const run = begin([metric('web', { ...everySecond, count: 9 })]);
    run.answer('web', 'Successful');
    expect(run.decide().statusUrgency).toBe('unchanged');
    expect(run.decide().status).toBe(run.run.status);
  });

  it('of a handle do not wait: after a crash the measurement is polled, not started again', () => {
    const run = begin([metric('job')]);
    const decision = run.decide([
      {
        kind: 'pending',
        metric: 'job',
        ordinal: 1,
        startedAt: run.now,
        metadata: { id: '7' },
        resumeAt: run.now + 5000,
      },
    ]);
    expect(decision.statusUrgency).toBe('now');
    run.restart();
    expect(run.decide().tasks).toEqual([]);
    expect(run.wait(5000).tasks).toMatchObject([
      { kind: 'poll', metric: 'job', ordinal: 1, measurement: { metadata: { id: '7' } } },
    ]);
    run.answer('job', 'Successful');
    expect(run.result('job')).toMatchObject({ count: 1, measurements: [{ metadata: { id: '7' } }] });
  });
});
