import type { AnalysisRun } from '@sluice/model';
import type { RunState } from './run-state.ts';
import type { WriteUrgency } from './status-writer.ts';

/** How soon the status that is held has to be stored. That a run has begun is no verdict, although its phase changes. */
export function urgencyOf({ held, run, urgency }: RunState): WriteUrgency {
  if (urgency === 'soon') return 'patient';
  const isBeginning = run.status?.phase === undefined && held?.phase === 'Running';
  return !isBeginning && phases(held) !== phases(run.status) ? 'verdict' : 'prompt';
}

function phases(status: AnalysisRun['status']): string {
  return `${status?.phase ?? ''} ${(status?.metricResults ?? []).map(({ name, phase }) => `${name}=${phase}`).join()}`;
}
