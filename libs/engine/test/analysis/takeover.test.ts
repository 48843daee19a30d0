import { readFileSync, readdirSync } from 'node:fs';
import { parseTime } from '@sluice/model';
import type { AnalysisRun, AnalysisTemplate, KubeObject, Rollout } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import { analysisRunOf, decideAnalysisRun, placeRun, verdictOf } from '../../src/index.ts';
import type { AnalysisKind } from '../../src/index.ts';

const folder = new URL('../../../../tools/parity/takeover/', import.meta.url);

interface Moment {
  readonly file: string;
  readonly objects: readonly KubeObject[];
  readonly runs: readonly AnalysisRun[];
  /** The latest time that the objects speak of: about when they were saved. */
  readonly savedAt: number;
}

const moments: Moment[] = readdirSync(folder)
  .map((file) => {
    const text = readFileSync(new URL(file, folder), 'utf8');
    const objects = JSON.parse(text) as KubeObject[];
    const times = text.match(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g) ?? [];
    return {
      file,
      objects,
      runs: objects.filter(({ kind }) => kind === 'AnalysisRun') as AnalysisRun[],
      savedAt: Math.max(...times.map((time) => parseTime(time) ?? 0)),
    };
  })
  .filter(({ runs }) => runs.length > 0);

describe('a run of the reference is taken over', () => {
  it('at several moments', () => expect(moments.length).toBeGreaterThanOrEqual(3));

  it.each(moments)('$file: without a write, and without a measurement that was made', ({ runs, savedAt }) => {
    for (const run of runs) {
      const decision = decideAnalysisRun({ now: savedAt + 1000, run });
      expect(decision.status).toBe(run.status);
      expect(decision).toMatchObject({ statusUrgency: 'unchanged', tasks: [], events: [] });
    }
  });

  it.each(moments)('$file: and is known again as the run that the Rollout asks for', ({ objects, runs }) => {
    const rollout = objects.find(({ kind }) => kind === 'Rollout') as Rollout;
    for (const run of runs) {
      const labels = run.metadata.labels ?? {};
      const { canary } = rollout.spec.strategy ?? {};
      const analysis = labels['step-index']
        ? canary?.steps?.[Number(labels['step-index'])]?.analysis
        : canary?.analysis;
      const wanted = analysisRunOf(
        rollout,
        {
          kind: labels['rollout-type'] as AnalysisKind,
          stepIndex: Number(labels['step-index']),
          podHash: labels['rollouts-pod-template-hash'] ?? '',
          stableHash: rollout.status?.stableRS ?? '',
          revision: Number(run.metadata.annotations?.['rollout.argoproj.io/revision']),
        },
        analysis!,
        (name) =>
          objects.find(
            ({ kind, metadata }) => kind === 'AnalysisTemplate' && metadata.name === name,
          ) as AnalysisTemplate,
      );
      if (!wanted.ok) throw new Error(wanted.error.message);
      const existing = (name: string): AnalysisRun | undefined => runs.find(({ metadata }) => metadata.name === name);
      const placed = placeRun(wanted.value, existing);
      expect(placed.kind).toBe(run.status?.phase === 'Running' ? 'reuse' : 'create');
      expect(placed.run.metadata.name).toBe(`${run.metadata.name}${placed.kind === 'reuse' ? '' : '.1'}`);
    }
  });
});

describe('a run that the reference left in the middle', () => {
  const running = moments.find(({ file }) => file.startsWith('analysis-background-success--running'))!;
  const run = running.runs[0]!;

  it('is measured next when its interval is over', () => {
    const finishedAt = parseTime(run.status?.metricResults?.[0]?.measurements?.[0]?.finishedAt)!;
    const decision = decideAnalysisRun({ now: running.savedAt, run });
    expect(decision.wakeAt).toBe(finishedAt + 3_600_000);
    expect(decideAnalysisRun({ now: finishedAt + 3_600_000, run }).tasks).toMatchObject([
      { kind: 'start', metric: 'web', ordinal: 2 },
    ]);
  });

  it('is polled where a Job of it runs, not started again', () => {
    const measurement = {
      phase: 'Running' as const,
      startedAt: '2026-11-21T09:29:54Z',
      resumeAt: '2026-11-21T09:29:56Z',
      metadata: { 'job-name': 'uid.web.2', 'job-namespace': 'team' },
    };
    const [result] = run.status!.metricResults!;
    const measurements = [...result!.measurements!, measurement];
    const withJob = { ...run, status: { ...run.status!, metricResults: [{ ...result!, measurements }] } };
    const decision = decideAnalysisRun({ now: parseTime('2026-11-21T09:29:57Z')!, run: withJob });
    expect(decision.statusUrgency).toBe('unchanged');
    expect(decision.tasks).toMatchObject([{ kind: 'poll', metric: 'web', ordinal: 2, measurement }]);
  });

  it('says the same to a Rollout as it said before', () => {
    const verdicts = moments.flatMap(({ runs }) => runs.map((one) => `${one.status?.phase}: ${verdictOf(one)}`));
    expect(new Set(verdicts)).toEqual(new Set(['Running: Running', 'Failed: Failed', 'Successful: Terminated']));
  });
});
