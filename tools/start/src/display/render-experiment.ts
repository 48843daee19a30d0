import { compareVersions, plain, renderComparison, roundsOf } from '@sluice/cli';
import type { ExperimentInfo, RolloutInfo, Weights } from '@sluice/cli';

/** The experiment of the newest version that was begun last; undefined where it has none. */
export function newestExperiment({ experiments, replicaSets }: RolloutInfo): ExperimentInfo | undefined {
  const newest = Math.max(...[...replicaSets, ...experiments].map(({ revision }) => revision));
  const createdAt = ({ objectMeta }: ExperimentInfo): string => objectMeta.creationTimestamp ?? '';
  return experiments
    .filter(({ revision }) => revision === newest)
    .toSorted((a, b) => createdAt(a).localeCompare(createdAt(b)))
    .at(-1);
}

/** Its versions side by side, below a line that says how it stands. */
export function renderExperiment(experiment: ExperimentInfo, weights: Weights): string[] {
  const { icon, status, message, objectMeta } = experiment;
  const table = renderComparison(compareVersions(experiment, weights), plain);
  return [
    `${icon} experiment ${objectMeta.name}  ${status}${message ? `: ${message}` : ''}`,
    ...table.map((line) => `  ${line}`),
  ];
}

/** Grows with each round of measurements and differs with each phase: then the comparison is worth a look. */
export const momentOf = (experiment: ExperimentInfo): string =>
  `${experiment.objectMeta.name} ${experiment.status} ${roundsOf(experiment)}`;
