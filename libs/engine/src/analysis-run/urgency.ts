import type { AnalysisRunStatus, MetricResult } from '@sluice/model';
import type { StatusUrgency } from '../decision.ts';
import { deepEqual } from '../same-status.ts';
import { unfinished } from './metric-phase.ts';

// How soon must a status be stored? Source: the rule that a changed verdict never waits.

/** A value without members that mean nothing: the API leaves them out, other clients may not. */
function meaning(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(meaning);
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .map(([key, member]) => [key, meaning(member)] as const)
      .filter(([, member]) => member !== undefined);
    return members.length === 0 ? undefined : Object.fromEntries(members);
  }
  return value === null || value === 0 || value === '' || value === false ? undefined : value;
}

export const isSameStatus = (a: AnalysisRunStatus | undefined, b: AnalysisRunStatus | undefined): boolean =>
  a === b || deepEqual(meaning(a), meaning(b));

/** Whether one metric has nothing new but successes or a later poll. */
function isFurtherSuccess(before: MetricResult | undefined, next: MetricResult): boolean {
  if (before === undefined) return next.phase === 'Running' && next.count === next.successful && !unfinished(next);
  const isBegun = unfinished(before) !== undefined;
  return (
    before.phase === next.phase &&
    (before.message ?? '') === (next.message ?? '') &&
    (before.failed ?? 0) === (next.failed ?? 0) &&
    (before.inconclusive ?? 0) === (next.inconclusive ?? 0) &&
    (before.error ?? 0) === (next.error ?? 0) &&
    isBegun === (unfinished(next) !== undefined)
  );
}

/** Against what is stored. */
export function urgencyOf(stored: AnalysisRunStatus | undefined, next: AnalysisRunStatus | undefined): StatusUrgency {
  if (next === undefined || isSameStatus(stored, next)) return 'unchanged';
  const results = stored?.metricResults ?? [];
  const isPaced =
    stored?.phase === next.phase &&
    next.phase === 'Running' &&
    (stored.message ?? '') === (next.message ?? '') &&
    (next.metricResults ?? []).every((result) =>
      isFurtherSuccess(
        results.find(({ name }) => name === result.name),
        result,
      ),
    );
  return isPaced ? 'soon' : 'now';
}
