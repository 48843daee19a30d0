import type { MetricResult } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import { compareVersions, renderComparison, roundsOf, weightsOfExperiments } from '../src/view/comparison.ts';
import { ansi, plain } from '../src/view/icons.ts';
import type { AnalysisRunInfo, ExperimentInfo } from '../src/view/info.ts';

const pod = (ready: string, status = 'Running') => ({ objectMeta: {}, status, icon: '', ready, restarts: 0 });
const version = (template: string, hash: string, ...pods: ReturnType<typeof pod>[]) => ({
  objectMeta: { name: `compare-${template}`, labels: { 'rollouts-pod-template-hash': hash } },
  ...{ template, images: [`registry.example.com/shop/web:${template}`], pods },
});
const result = (name: string, phase: string, value: string | undefined, counts: Partial<MetricResult> = {}) => ({
  ...{ name, phase, ...counts },
  measurements: value === undefined ? [] : [{ phase, value }],
});
const run = (name: string, argument: string, ...metricResults: object[]): AnalysisRunInfo =>
  ({
    objectMeta: { name },
    metrics: [{ name: 'latency' }, { name: 'errors' }],
    specAndStatus: { spec: { args: [{ name: 'of', value: argument }] }, status: { metricResults } },
  }) as unknown as AnalysisRunInfo;
const experiment = (...analysisRuns: AnalysisRunInfo[]): ExperimentInfo =>
  ({
    objectMeta: { name: 'compare' },
    replicaSets: [version('a', 'one', pod('1/1')), version('b', 'two', pod('1/1'), pod('0/1', 'Terminating'))],
    analysisRuns,
  }) as unknown as ExperimentInfo;
const shown = (of: ExperimentInfo, weights: ReadonlyMap<string, number> = new Map()) =>
  renderComparison(compareVersions(of, weights), plain).map((line) => line.trimEnd());

const good = result('latency', 'Running', '[0.123456]', { successful: 3, count: 3 });
const bad = result('latency', 'Failed', '1.5', { successful: 1, failed: 2, count: 3 });

describe('the versions of an experiment stand side by side', () => {
  it('with the newest value of each metric, its verdict and what the measurements came to', () => {
    const errors = result('errors', 'Error', undefined, { error: 5 });
    expect(
      shown(experiment(run('compare-a', 'version="one"', errors, good), run('compare-b', 'compare-b', bad))),
    ).toEqual([
      'TEMPLATE  IMAGE  READY  latency          errors',
      'a         web:a  1/1    ◌ 0.123 (✔ 3)    ⚠ (⚠ 5)',
      'b         web:b  1/2    ✖ 1.5 (✔ 1,✖ 2)  -',
    ]);
  });

  it('with what a Rollout gives them of the traffic', () => {
    const weights = weightsOfExperiments({
      status: { canary: { weights: { additional: [{ podTemplateHash: 'two', weight: 15 }] } } },
    } as Parameters<typeof weightsOfExperiments>[0]);
    expect(shown(experiment(), weights)).toEqual([
      'TEMPLATE  IMAGE  READY  WEIGHT',
      'a         web:a  1/1',
      'b         web:b  1/2    15',
    ]);
    expect(shown(experiment())).toEqual([]);
  });

  it('and below them what was measured of several together, or of none in particular', () => {
    const both = run('compare-ratio', 'one/two', result('ratio', 'Successful', '{"a":1,\n"b":2}', { successful: 1 }));
    expect(shown(experiment(both, run('compare-idle', 'shop')))).toEqual([
      'TEMPLATE  IMAGE  READY  ratio',
      'a         web:a  1/1    -',
      'b         web:b  1/2    -',
      'α ratio                 ✔ {"a":1, "b":2} (✔ 1)',
    ]);
  });

  it('whose names may begin with one another', () => {
    const of = { ...experiment(run('compare-x', 'compare-a-b', good)) };
    const sets = [version('a', 'one'), version('a-b', 'two')] as unknown as ExperimentInfo['replicaSets'];
    expect(shown({ ...of, replicaSets: sets })[2]).toBe('a-b       web:a-b  0/0    ◌ 0.123 (✔ 3)');
  });

  it('measured anew when it was run again', () => {
    const [, a] = shown(experiment(run('compare-a', 'one', bad), run('compare-a.1', 'one', good)));
    expect(a).toBe('a         web:a  1/1    ◌ 0.123 (✔ 3)');
  });

  it('in colour on a screen, in the same columns', () => {
    const comparison = compareVersions(experiment(run('compare-b', 'two', bad)), new Map());
    const lines = renderComparison(comparison, ansi);
    expect(lines[2]).toContain('\x1b[31m✖\x1b[0m 1.5 (\x1b[32m✔\x1b[0m 1,\x1b[31m✖\x1b[0m 2)');
    expect(lines.map((line) => line.replaceAll(/\x1b\[\d+m/g, ''))).toEqual(renderComparison(comparison, plain));
  });
});

it('A round of measurements is over when each metric of each analysis was measured once more', () => {
  const errors = (count: number, error = 0) => result('errors', 'Running', '0', { count, error });
  expect(roundsOf(experiment())).toBe(0);
  expect(roundsOf(experiment(run('compare-a', 'one', good, errors(1, 1))))).toBe(2);
  expect(roundsOf(experiment(run('compare-a', 'one', good, errors(3)), run('compare-b', 'two', bad)))).toBe(0);
});
