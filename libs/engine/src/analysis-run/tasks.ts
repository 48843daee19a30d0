import { parseTime } from '@sluice/model';
import type { AnalysisRunStatus } from '@sluice/model';
import type { EpochMs } from '../snapshot.ts';
import { wasGivenUp } from './given-up.ts';
import type { MeasurementTask } from './decision.ts';
import { lastFinish, nextDueAt } from './due.ts';
import { isCompleted, nextOrdinal, unfinished } from './metric-phase.ts';
import type { MeasuredMetric } from './run-phase.ts';
import type { AnalysisRunSnapshot, MeasurementIdentity } from './snapshot.ts';

// What should be under way at the providers, and what no longer?

export interface Agenda {
  readonly tasks: readonly MeasurementTask[];
  readonly wakeAt?: EpochMs;
}

const isSame = (a: MeasurementIdentity, b: MeasurementIdentity): boolean =>
  a.metric === b.metric && a.ordinal === b.ordinal;

/** Measurements of a run that goes on. Without `mayMeasure` only what has begun is polled. */
export function agendaOf(
  metrics: readonly MeasuredMetric[],
  snapshot: AnalysisRunSnapshot,
  startedAt: EpochMs | undefined,
  lastFinishedAt: Readonly<Record<string, EpochMs>>,
  mayMeasure: boolean,
): Agenda {
  const { now, inFlight = [] } = snapshot;
  const tasks: MeasurementTask[] = [];
  const wanted: MeasurementIdentity[] = [];
  let wakeAt = Infinity;
  for (const { resolved, result } of metrics) {
    const dueAt = nextDueAt(result, resolved.limits, {
      now,
      startedAt,
      lastFinishedAt: lastFinish(lastFinishedAt, resolved.name),
    });
    if (dueAt === undefined) continue;
    const identity = { metric: resolved.name, ordinal: nextOrdinal(result) };
    wanted.push(identity);
    if (inFlight.some((one) => isSame(one, identity))) continue;
    const measurement = unfinished(result);
    if (dueAt > now) wakeAt = Math.min(wakeAt, dueAt);
    else if (measurement !== undefined && mayMeasure) tasks.push({ ...identity, kind: 'poll', dueAt, measurement });
    else if (mayMeasure) tasks.push({ ...identity, kind: 'start', dueAt });
  }
  const cancels = inFlight
    .filter((one) => !wanted.some((identity) => isSame(one, identity)))
    .map(({ metric, ordinal }): MeasurementTask => ({ kind: 'cancel', metric, ordinal }));
  return { tasks: [...tasks, ...cancels], ...(wakeAt < Infinity && { wakeAt }) };
}

/** How long after its end a run is asked to stop what it left at its providers: long enough for a restart in between. */
const cancelForMs = 10 * 60_000;

/** What a run that is over may still have at its providers. */
export function cancelTasks(status: AnalysisRunStatus | undefined, snapshot: AnalysisRunSnapshot): MeasurementTask[] {
  const { now, inFlight = [], run } = snapshot;
  const endedAt = parseTime(status?.completedAt ?? run.metadata.deletionTimestamp) ?? now;
  const left = (status?.metricResults ?? []).flatMap((result): MeasurementTask[] => {
    const measurement = result.measurements?.at(-1);
    if (measurement === undefined) return [];
    if (!isCompleted(measurement.phase))
      return [{ kind: 'cancel', metric: result.name, ordinal: nextOrdinal(result), measurement }];
    const mayGoOn = wasGivenUp(measurement) && measurement.metadata !== undefined;
    return mayGoOn && now < endedAt + cancelForMs
      ? [{ kind: 'cancel', metric: result.name, ordinal: nextOrdinal(result) - 1, measurement }]
      : [];
  });
  const withoutHandle = inFlight
    .filter((one) => !left.some((task) => isSame(one, task)))
    .map(({ metric, ordinal }): MeasurementTask => ({ kind: 'cancel', metric, ordinal }));
  return [...left, ...withoutHandle];
}
