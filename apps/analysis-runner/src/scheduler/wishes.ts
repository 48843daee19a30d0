import { isCompleted, secretArguments, secretPlaceholder } from '@sluice/engine';
import type { AnalysisRun } from '@sluice/model';
import type { Wish } from '../dispatch/flight.ts';
import { prepareMetric } from './prepared-metric.ts';
import type { RunState } from './run-state.ts';

/** What the dispatcher is asked for; undefined where the metric cannot be read, and so nobody can be asked. */
export function wishOf(
  state: RunState,
  id: string,
  { metric, ordinal }: { readonly metric: string; readonly ordinal: number },
  work: Wish['work'],
  dueAt: number,
): Wish | undefined {
  // With a placeholder for what is secret: it decides whose turn it is, and nothing else.
  const prepared = prepareMetric(state.run, metric, placeholdersOf(state.run));
  if (!prepared.ok) return undefined;
  const { target, deadlineMs } = prepared.value;
  const namespace = state.run.metadata.namespace ?? '';
  return { id, uid: state.uid, namespace, metric, ordinal, work, target, dueAt, deadlineMs };
}

function placeholdersOf(run: AnalysisRun): Readonly<Record<string, string>> {
  return Object.fromEntries(secretArguments(run).map(({ argument }) => [argument, secretPlaceholder]));
}

/** The provider that a wish goes to. */
export function providerOf({ target }: Wish): string {
  return target.slice(0, target.indexOf(' '));
}

/** Over, with nothing left to do for it: not worth a memory. */
export const isAtRest = (run: AnalysisRun): boolean =>
  isCompleted(run.status?.phase) && !run.spec.ttlStrategy && !mayHaveLeftSomething(run);

function mayHaveLeftSomething(run: AnalysisRun): boolean {
  return (run.status?.metricResults ?? []).some(({ measurements }) => {
    const last = measurements?.at(-1);
    return last !== undefined && (last.metadata !== undefined || !isCompleted(last.phase));
  });
}
