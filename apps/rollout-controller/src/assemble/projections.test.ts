import { verdictOf } from '@sluice/engine';
import type { RawObject } from '@sluice/kube';
import { describe, expect, it } from 'vitest';
import { projectAnalysisRun, projectExperiment } from './projections.ts';

const run = (count: number, status: object = { phase: 'Successful' }): RawObject => ({
  metadata: { name: 'run', namespace: 'team' },
  spec: {
    terminate: true,
    metrics: [{ name: 'web', interval: '1s', count: 2, provider: { web: { url: 'http://x' } } }],
  },
  status: {
    startedAt: '2026-01-01T00:00:00Z',
    completedAt: '2026-01-01T00:00:05Z',
    metricResults: [
      {
        name: 'web',
        phase: 'Successful',
        count,
        successful: count,
        measurements: [
          { phase: 'Successful', value: '1', startedAt: '2026-01-01T00:00:00Z' },
          { phase: 'Successful', value: '2', startedAt: '2026-01-01T00:00:02Z' },
        ],
      },
    ],
    ...status,
  },
});

describe('an AnalysisRun as it is cached', () => {
  it('shows whether a success was earned before somebody terminated it', () => {
    expect(verdictOf(projectAnalysisRun(run(2)))).toBe('Successful');
    expect(verdictOf(projectAnalysisRun(run(1)))).toBe('Terminated');
  });

  it('keeps its times, and no measured value', () => {
    const { status } = projectAnalysisRun(run(2));
    expect(status).toMatchObject({ startedAt: '2026-01-01T00:00:00Z', completedAt: '2026-01-01T00:00:05Z' });
    expect(JSON.stringify(status)).not.toContain('value');
    expect(status?.metricResults?.[0]?.measurements).toHaveLength(1);
  });

  it('has no results while it runs, so that a measurement changes nothing in it', () => {
    const running = (count: number) => projectAnalysisRun(run(count, { phase: 'Running', completedAt: undefined }));
    expect(running(1)).toEqual(running(2));
  });
});

describe('an Experiment as it is cached', () => {
  it('keeps what the Rollout reads', () => {
    const status = {
      phase: 'Running',
      message: 'm',
      templateStatuses: [{ name: 'a' }],
      analysisRuns: [],
      availableAt: 'x',
    };
    expect(projectExperiment({ metadata: { name: 'e' }, spec: {}, status }).status).toEqual({
      phase: 'Running',
      message: 'm',
      templateStatuses: [{ name: 'a' }],
    });
  });
});
