import { type Experiment, type Rollout, durationMs, parseTime } from '@sluice/model';
import { shortDuration, age } from './duration.ts';
import { experimentPhase } from './experiment.ts';
import { rolloutPhase } from './phase.ts';
import { setWeight, stepsOf } from './weights.ts';

export interface ListColumns {
  readonly allNamespaces: boolean;
  /** Prepends the time of the row, RFC3339. */
  readonly timestamps: boolean;
}

export function rolloutListHeader({ allNamespaces, timestamps }: ListColumns): string[] {
  return [
    ...(timestamps ? ['TIMESTAMP'] : []),
    ...(allNamespaces ? ['NAMESPACE'] : []),
    ...['NAME', 'STRATEGY', 'STATUS', 'STEP', 'SET-WEIGHT', 'READY', 'DESIRED', 'UP-TO-DATE', 'AVAILABLE'],
  ];
}

/** Minimum widths, so that rows printed one by one while watching stay below their header. */
export function rolloutListWidths({ allNamespaces, timestamps }: ListColumns): number[] {
  return [...(timestamps ? [20] : []), ...(allNamespaces ? [9] : []), ...[4, 10, 12, 4, 10, 5, 7, 10, 9]];
}

/** What a row says, without the time: rows that say the same are shown once while watching. */
export function rolloutListRow(rollout: Rollout, { allNamespaces }: ListColumns): string[] {
  const status = rollout.status ?? {};
  const isCanary = rollout.spec?.strategy?.canary !== undefined;
  const steps = stepsOf(rollout);
  return [
    ...(allNamespaces ? [rollout.metadata?.namespace ?? ''] : []),
    rollout.metadata?.name ?? '',
    isCanary ? 'Canary' : rollout.spec?.strategy?.blueGreen !== undefined ? 'BlueGreen' : 'unknown',
    rolloutPhase(rollout).phase,
    isCanary && steps.length > 0 ? `${status.currentStepIndex ?? 0}/${steps.length}` : '-',
    isCanary ? String(setWeight(rollout)) : '-',
    `${status.readyReplicas ?? 0}/${status.replicas ?? 0}`,
    String(rollout.spec?.replicas ?? 1),
    String(status.updatedReplicas ?? 0),
    String(status.availableReplicas ?? 0),
  ];
}

export function experimentListHeader(allNamespaces: boolean): string[] {
  return [...(allNamespaces ? ['NAMESPACE'] : []), ...['NAME', 'STATUS', 'DURATION', 'REMAINING', 'AGE']];
}

export function experimentListRow(experiment: Experiment, allNamespaces: boolean, nowMs: number): string[] {
  const lengthMs = durationMs(experiment.spec.duration ?? '');
  return [
    ...(allNamespaces ? [experiment.metadata?.namespace ?? ''] : []),
    experiment.metadata?.name ?? '',
    experimentPhase(experiment),
    lengthMs === undefined ? '-' : shortDuration(lengthMs),
    remaining(experiment, lengthMs, nowMs),
    age(experiment.metadata?.creationTimestamp, nowMs),
  ];
}

const COMPLETED = new Set(['Successful', 'Failed', 'Error', 'Inconclusive']);

/** The time left, which runs from when all templates were available until the experiment has ended. */
function remaining(experiment: Experiment, lengthMs: number | undefined, nowMs: number): string {
  const startMs = parseTime(experiment.status?.availableAt);
  if (lengthMs === undefined || startMs === undefined || COMPLETED.has(experimentPhase(experiment))) return '-';
  return shortDuration(Math.max(0, startMs + lengthMs - nowMs));
}
