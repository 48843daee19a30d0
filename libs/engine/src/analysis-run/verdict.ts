import { parseTime } from '@sluice/model';
import type { ObservedRun } from '../observed.ts';
import { wasGivenUp } from './given-up.ts';
import { hasCount, hasSuccessesInARow, isCompleted } from './metric-phase.ts';
import { resolveRun } from './resolved-run.ts';
import type { ResolvedMetric } from './resolved-run.ts';

/**
 * What a run says to those who act on it. `Terminated`: its phase is Successful, as the API has it for a run that was stopped, but its
 * metrics had not been measured as often as they ask for. Being stopped is no evidence, so whoever waits for success must not go on.
 */
export type AnalysisVerdict = 'Running' | 'Successful' | 'Failed' | 'Error' | 'Inconclusive' | 'Terminated';

/** Whether a run that is over has been under way for some time, as far as whole seconds show it: who follows it could have seen it so. */
export const tookTime = ({ status }: ObservedRun): boolean =>
  isCompleted(status?.phase) && (parseTime(status?.completedAt) ?? 0) > (parseTime(status?.startedAt) ?? Infinity);

/** Whether the metric got as far as it asks for by itself. */
function isEarned({ name, limits }: ResolvedMetric, { status }: ObservedRun): boolean {
  const result = (status?.metricResults ?? []).find((one) => one.name === name);
  if (result === undefined || !isCompleted(result.phase)) return false;
  if (result.phase !== 'Successful' || hasSuccessesInARow(result, limits)) return true;
  // A measurement that was given up counts, but its provider never said anything.
  const count = (result.count ?? 0) - (wasGivenUp(result.measurements?.at(-1)) ? 1 : 0);
  return hasCount({ ...result, count }, limits);
}

export function verdictOf(run: ObservedRun): AnalysisVerdict {
  switch (run.status?.phase) {
    case 'Failed':
    case 'Error':
    case 'Inconclusive':
      return run.status.phase;
    case 'Successful':
      break;
    default:
      return 'Running';
  }
  const resolved = resolveRun(run);
  if (!resolved.ok) return 'Terminated';
  const deciding = resolved.metrics.filter(({ dryRun }) => !dryRun);
  const asked = deciding.length > 0 ? deciding : resolved.metrics;
  return asked.every((metric) => isEarned(metric, run)) ? 'Successful' : 'Terminated';
}
