import type { AnalysisPhase, MetricResult, RunSummary } from '@sluice/model';
import { excessOf, hasEvidence, isCompleted } from './metric-phase.ts';
import type { ResolvedMetric } from './resolved-run.ts';

// What do the metrics together say? Source: spec-analysis §6.2 and §6.3.

export const runTerminatedMessage = 'Run Terminated';
export const nothingMeasuredMessage = 'Run Terminated before anything was measured';

const severity: Readonly<Record<AnalysisPhase, number>> = {
  Successful: 0,
  Running: 1,
  Pending: 2,
  Inconclusive: 3,
  Error: 4,
  Failed: 5,
};

/** A metric with what was measured of it; `result` is undefined before its first measurement. */
export interface MeasuredMetric {
  readonly resolved: ResolvedMetric;
  readonly result: MetricResult | undefined;
}

/** `due to …`, with the last error that the metric met; undefined when no limit was exceeded. */
export function assessment({ resolved, result }: MeasuredMetric): string | undefined {
  const excess = result && excessOf(result, resolved.limits);
  if (result === undefined || excess === undefined) return undefined;
  const last = result.message ? `: "Error Message: ${result.message}"` : '';
  return `assessed ${result.phase} due to ${excess.reason}${last}`;
}

/** One bad metric ends the run; a dry run never does. */
export const isEndedBy = ({ resolved, result }: MeasuredMetric): boolean =>
  !resolved.dryRun && result !== undefined && isCompleted(result.phase) && result.phase !== 'Successful';

export interface RunPhase {
  readonly phase: AnalysisPhase;
  readonly message: string;
}

/** The worst of what is complete, with the reason of the first metric that is as bad as that. */
export function runPhase(
  metrics: readonly MeasuredMetric[],
  isTerminating: boolean,
  terminateRequested: boolean,
): RunPhase {
  const isAllCompleted = metrics.every(({ result }) => isCompleted(result?.phase));
  if (!isAllCompleted && !isTerminating) return { phase: 'Running', message: '' };
  const base = terminateRequested ? runTerminatedMessage : '';
  let worst: RunPhase = { phase: 'Successful', message: base };
  for (const metric of metrics) {
    const { resolved, result } = metric;
    if (resolved.dryRun || result === undefined || !isCompleted(result.phase)) continue;
    const reason = assessment(metric);
    // A metric that was stopped before it measured anything gives no reason: one that has a reason says more.
    const saysMore = result.phase === worst.phase && worst.message === base && reason !== undefined;
    if (severity[result.phase] <= severity[worst.phase] && !saysMore) continue;
    worst = { phase: result.phase, message: reason === undefined ? base : `Metric "${resolved.name}" ${reason}` };
  }
  const deciding = metrics.filter(({ resolved }) => !resolved.dryRun);
  const asked = deciding.length > 0 ? deciding : metrics;
  const isUnmeasured = terminateRequested && !asked.some(({ result }) => hasEvidence(result));
  const isOpen = worst.phase === 'Successful' || (worst.phase === 'Inconclusive' && worst.message === base);
  return isUnmeasured && isOpen ? { phase: 'Inconclusive', message: nothingMeasuredMessage } : worst;
}

/**
 * How many metrics ended how; those that run are in `count` alone. Only exceeded limits count as bad here: a metric that did not reach its
 * successes in a row is among the successful, as the API has always told it.
 */
export function summaryOf(metrics: readonly MeasuredMetric[]): RunSummary {
  const summary: Record<string, number> = {};
  const add = (bucket: keyof RunSummary): void => {
    summary[bucket] = (summary[bucket] ?? 0) + 1;
  };
  for (const { resolved, result } of metrics) {
    add('count');
    if (result === undefined || !isCompleted(result.phase)) continue;
    switch (excessOf(result, resolved.limits)?.phase) {
      case 'Error':
        add('error');
        break;
      case 'Inconclusive':
        add('inconclusive');
        break;
      case 'Failed':
        add('failed');
        break;
      default:
        add(hasEvidence(result) ? 'successful' : 'inconclusive');
    }
  }
  return summary;
}
