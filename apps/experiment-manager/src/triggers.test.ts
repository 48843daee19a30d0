import type { Informer, KubeObject, RawObject } from '@sluice/kube';
import { describe, expect, it } from 'vitest';
import type { Caches } from './assemble/caches.ts';
import { projectAnalysisRun, projectReplicaSet, projectService } from './assemble/projections.ts';
import { watchChanges } from './triggers.ts';

type Listener = (before: KubeObject | undefined, after: KubeObject | undefined) => void;

/** Caches that hold one Experiment, and report what the test says. */
function watched() {
  const listeners: Partial<Record<keyof Caches, Listener>> = {};
  const experiment = { metadata: { name: 'compare', namespace: 'team', uid: 'e1' } };
  const cacheOf = (name: keyof Caches) =>
    ({
      getByKey: (key: string) => (key === 'team/compare' ? experiment : undefined),
      onChange: (listener: Listener) => {
        listeners[name] = listener;
        return () => undefined;
      },
    }) as unknown as Informer<never>;
  const names = ['experiments', 'replicaSets', 'services', 'analysisRuns', 'analysisTemplates'] as const;
  const queued: string[] = [];
  const caches = Object.fromEntries(names.map((name) => [name, cacheOf(name)])) as unknown as Caches;
  watchChanges(caches, { enqueue: (key) => void queued.push(key) });
  return { listeners, queued };
}

const run = (owner: string | undefined, status: object, spec: object = { metrics: [] }): RawObject => ({
  metadata: {
    name: 'run',
    namespace: 'team',
    uid: 'r1',
    ...(owner !== undefined && {
      ownerReferences: [{ apiVersion: 'v1', kind: owner, name: 'compare', uid: 'e1', controller: true }],
    }),
  },
  spec,
  status,
});
const measured = (count: number) => ({ phase: 'Running', metricResults: [{ name: 'web', phase: 'Running', count }] });

describe('a change of an AnalysisRun', () => {
  it.each(['Rollout', undefined])('of owner %s concerns no Experiment, at each of its measurements', (owner) => {
    const { listeners, queued } = watched();
    const of = (status: object) => projectAnalysisRun(run(owner, status));
    listeners.analysisRuns?.(undefined, of({}));
    listeners.analysisRuns?.(of({}), of(measured(1)));
    listeners.analysisRuns?.(of(measured(1)), of(measured(2)));
    listeners.analysisRuns?.(of(measured(2)), undefined);
    expect(queued).toEqual([]);
  });

  it('of an Experiment concerns it when the run begins, first measures, is told to end, ends and is gone', () => {
    const { listeners, queued } = watched();
    const of = (status: object, spec?: object) => projectAnalysisRun(run('Experiment', status, spec));
    const ending = { metrics: [], terminate: true };
    const changes = [
      of({}),
      of({ phase: 'Running' }),
      of(measured(1)),
      of(measured(2)),
      of(measured(3), ending),
      of({ ...measured(3), phase: 'Successful' }, ending),
      undefined,
    ];
    let before: (typeof changes)[number];
    const counts = changes.map((after) => {
      const already = queued.length;
      listeners.analysisRuns?.(before, after);
      before = after;
      return queued.length - already;
    });
    expect(counts).toEqual([1, 1, 1, 0, 1, 1, 1]);
  });

  it('that an Experiment adopts, or releases, concerns it', () => {
    const { listeners, queued } = watched();
    const [own, other] = [projectAnalysisRun(run('Experiment', {})), projectAnalysisRun(run(undefined, {}))];
    listeners.analysisRuns?.(other, own);
    expect(queued).toEqual(['team/compare']);
  });
});

describe('a change of a ReplicaSet or Service of another owner', () => {
  it('concerns no Experiment', () => {
    const { listeners, queued } = watched();
    const other = run('Rollout', {});
    listeners.replicaSets?.(projectReplicaSet(other), projectReplicaSet(other));
    listeners.services?.(projectService(other), undefined);
    expect(queued).toEqual([]);
  });
});
