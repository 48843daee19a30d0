import { podTemplateHashLabel } from '@sluice/model';
import type { AnalysisPhase, KubeObject } from '@sluice/model';
import { targetOf } from '../plan.ts';
import type { Plan } from '../plan.ts';
import type { Situation } from '../situation.ts';
import type { RunEntries } from './entries.ts';
import { isCompleted } from '../analysis-run/metric-phase.ts';

const DEFAULT_LIMIT = 5;

export interface Remembered extends KubeObject {
  readonly status?: { readonly phase?: AnalysisPhase } | null;
}

/** Forgets the runs of versions that are gone, and the oldest of the rest beyond the limits. Source: spec-analysis §8. */
export function planRunHistory(s: Situation, plan: Plan, current: RunEntries): void {
  const names = new Set(Object.values(current).map(({ name }) => name));
  const runs = (s.snapshot.analysisRuns ?? []).filter((run) => !names.has(run.metadata.name));
  for (const run of forgotten(s, runs)) plan.later({ kind: 'DeleteAnalysisRun', target: targetOf(run), events: [] });
}

/** Of AnalysisRuns or Experiments that belong to the rollout and that nothing in its status names. */
export function forgotten<T extends Remembered>(s: Situation, all: readonly T[]): readonly T[] {
  const live = all.filter(({ metadata }) => !metadata.deletionTimestamp);
  const isOrphan = ({ metadata }: T): boolean => {
    const hash = metadata.labels?.[podTemplateHashLabel];
    if (!hash) return true;
    const set = s.roles.all.find((each) => each.hash === hash);
    return set === undefined || !!set.stored?.metadata.deletionTimestamp;
  };
  const orphans = live.filter(isOrphan);
  const newestFirst = live
    .filter((each) => !isOrphan(each) && isCompleted(each.status?.phase))
    .toSorted((a, b) => (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''));
  const { successfulRunHistoryLimit, unsuccessfulRunHistoryLimit } = s.spec.analysis ?? {};
  const good = newestFirst.filter(({ status }) => status?.phase === 'Successful');
  const bad = newestFirst.filter(({ status }) => status?.phase !== 'Successful');
  return [
    ...orphans,
    ...good.slice(successfulRunHistoryLimit ?? DEFAULT_LIMIT),
    ...bad.slice(unsuccessfulRunHistoryLimit ?? DEFAULT_LIMIT),
  ];
}
