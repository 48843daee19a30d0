import type { AnalysisRunStatus } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import { Driver } from './driver.ts';
import { recordedRuns } from './recordings.ts';
import type { RecordedRun } from './recordings.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- recordings are JSON of many shapes. */

/** A status as the recordings show it: without times and what providers add, results by name. */
const view = ({ phase, message, dryRunSummary, runSummary, metricResults }: AnalysisRunStatus): any =>
  JSON.parse(
    JSON.stringify({
      phase,
      message,
      dryRunSummary,
      runSummary,
      metricResults: (metricResults ?? [])
        .map(({ measurements, metadata: _, ...result }) => ({
          ...result,
          values: measurements?.map((one) => [one.phase, one.value ?? null, one.message ?? null]),
        }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    }),
  );

const terminated = 'Metric Terminated';

/** The run measured as it was then: the same answers in the same order. Earlier ones that were not kept are taken for successes. */
function replay({ run, recorded }: RecordedRun): Driver {
  const driver = new Driver({ ...run, metadata: { ...run.metadata, creationTimestamp: '2026-01-01T12:00:00Z' } });
  driver.decide();
  const results: any[] = recorded.status.metricResults ?? [];
  // Whichever ended the run was last.
  for (const result of results.toSorted(
    (a, b) => Number(a.phase !== 'Successful') - Number(b.phase !== 'Successful'),
  )) {
    const forgotten = (result.count ?? 0) + (result.error ?? 0) - result.values.length;
    const answers = [...Array(forgotten).fill(['Successful']), ...result.values];
    for (const [phase, value, message] of answers) {
      driver.untilDue(result.name);
      const rest = { ...(value && { value }), ...(message && { message }) };
      if (message !== terminated) driver.answer(result.name, phase, rest);
      else
        driver.decide([
          { kind: 'pending', metric: result.name, ordinal: 1, startedAt: driver.now, metadata: { 'job-name': 'j' } },
        ]);
    }
  }
  if (recorded.terminate) {
    driver.run = { ...driver.run, spec: { ...driver.run.spec, terminate: true } };
    driver.decide();
  }
  return driver;
}

const runs = await recordedRuns();

describe('the reference and we make the same of the same answers', () => {
  it('in many runs', () => expect(runs.length).toBeGreaterThan(60));

  it.each(runs.map((run) => [`${run.scenario}, ${run.checkpoint}: ${run.name}`, run] as const))('%s', (_, recorded) => {
    const driver = replay(recorded);
    expect(view(driver.run.status!)).toEqual(recorded.recorded.status);
    const events = driver.events.map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
    expect(events.toSorted()).toEqual(recorded.events.toSorted());
  });

  it.each(runs.map((run) => [`${run.scenario}, ${run.checkpoint}: ${run.name}`, run] as const))(
    '%s has the same name, labels, annotations, arguments and metrics',
    (_, { name, run, recorded }) => {
      expect(name.replace(/\.\d+$/, '')).toBe(run.metadata.name);
      expect(run.metadata.labels).toEqual(recorded.labels);
      expect(run.metadata.annotations ?? {}).toEqual(recorded.annotations);
      expect(run.spec.args).toEqual(recorded.args);
      expect(run.spec.metrics.map((metric) => metric.name)).toEqual(recorded.metrics);
    },
  );
});
