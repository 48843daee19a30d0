import { type MetricResult, type Rollout, podTemplateHashLabel } from '@sluice/model';
import { BAD, OK, type Paint, UNKNOWN, WARNING, analysisIcon, iconColour } from './icons.ts';
import type { AnalysisRunInfo, ExperimentInfo, ReplicaSetInfo } from './info.ts';
import { oneLine, renderTable } from './table.ts';

// An experiment's versions side by side, with what was measured of each.

/** The share of the traffic that routers give to versions of experiments, by pod template hash, as the Rollout's status says. */
export type Weights = ReadonlyMap<string, number>;

export const weightsOfExperiments = ({ status }: Pick<Rollout, 'status'>): Weights =>
  new Map(
    (status?.canary?.weights?.additional ?? []).map(({ podTemplateHash = '', weight }) => [podTemplateHash, weight]),
  );

export interface Comparison {
  /** In the order in which the analyses name them. */
  readonly metrics: readonly string[];
  /** A row for each template; then one for each analysis that is about none of them in particular. */
  readonly rows: readonly ComparedRow[];
}

export interface ComparedRow {
  /** The template, or `α` and the analysis. */
  readonly name: string;
  readonly images: readonly string[];
  /** Pods; undefined in the row of an analysis. */
  readonly pods?: { readonly ready: number; readonly all: number };
  readonly weight?: number | undefined;
  readonly results: readonly MetricResult[];
}

/**
 * What is measured of which version is told by the arguments: an analysis that is given the hash or the ReplicaSet of one template alone is about that one.
 * Of an analysis that was run again only the newest run counts.
 */
export function compareVersions(experiment: ExperimentInfo, weights: Weights): Comparison {
  const { replicaSets } = experiment;
  const measured = newestRuns(experiment).map((run) => ({ run, of: versionOf(run, replicaSets) }));
  const versions = replicaSets.map((set): ComparedRow => {
    const hash = hashOf(set);
    return {
      name: set.template,
      images: set.images.map((image) => image.slice(image.lastIndexOf('/') + 1)),
      pods: { ready: set.pods.filter(isReady).length, all: set.pods.length },
      weight: hash === undefined ? undefined : weights.get(hash),
      results: measured.filter(({ of }) => of === set).flatMap(({ run }) => resultsOf(run)),
    };
  });
  const others = measured
    .filter(({ of }) => of === undefined)
    .map(({ run }): ComparedRow => ({ name: `α ${analysisOf(experiment, run)}`, images: [], results: resultsOf(run) }));
  const rows = [...versions, ...others.filter(({ results }) => results.length > 0)];
  return { rows, metrics: [...new Set(rows.flatMap(({ results }) => results.map(({ name }) => name)))] };
}

/** No lines when there is nothing to compare yet: nothing was measured and no traffic was given. */
export function renderComparison({ metrics, rows }: Comparison, paint: Paint): string[] {
  const isWeighted = rows.some(({ weight }) => weight !== undefined);
  if (metrics.length === 0 && !isWeighted) return [];
  const header = ['TEMPLATE', 'IMAGE', 'READY', ...(isWeighted ? ['WEIGHT'] : []), ...metrics];
  const cells = rows.map(({ name, images, pods, weight, results }) => [
    name,
    images.join(' '),
    pods === undefined ? '' : `${pods.ready}/${pods.all}`,
    ...(isWeighted ? [weight === undefined ? '' : String(weight)] : []),
    ...metrics.map((metric) => cellOf(results, metric, paint)),
  ]);
  return renderTable([header, ...cells]);
}

/** How often each metric was measured, at least: a round of measurements is over when this has grown. */
export function roundsOf(experiment: ExperimentInfo): number {
  const counts = newestRuns(experiment).flatMap(({ metrics, specAndStatus }) =>
    metrics.map((_, at) => specAndStatus.status?.metricResults?.[at]).map((r) => (r?.count ?? 0) + (r?.error ?? 0)),
  );
  return counts.length === 0 ? 0 : Math.min(...counts);
}

function cellOf(results: readonly MetricResult[], metric: string, paint: Paint): string {
  const shown = results.filter(({ name }) => name === metric).map((result) => renderResult(result, paint));
  return shown.join('; ') || '-';
}

function renderResult(result: MetricResult, paint: Paint): string {
  const { phase, successful = 0, failed = 0, inconclusive = 0, error = 0, measurements = [] } = result;
  const counts = ([OK, BAD, UNKNOWN, WARNING] as const)
    .map((icon, at) => ({ icon, count: [successful, failed, inconclusive, error][at] ?? 0 }))
    .filter(({ count }) => count > 0)
    .map(({ icon, count }) => `${paint(icon, iconColour(icon))} ${count}`);
  const value = measurements.findLast((measurement) => measurement.value)?.value;
  const verdict = analysisIcon(phase);
  return [
    paint(verdict, iconColour(verdict)),
    ...(value === undefined ? [] : [shortened(value)]),
    ...(counts.length === 0 ? [] : [`(${counts.join(',')})`]),
  ].join(' ');
}

/** Who looks on wants to see a number, not all of its digits, and a list of one as that one. */
export function shortened(value: string): string {
  const single = /^\[([^[\],]*)\]$/.exec(value)?.[1] ?? value;
  const text = single.replaceAll(/\d+\.\d+(?:e[-+]?\d+)?/g, (number) => String(Number(Number(number).toPrecision(3))));
  return oneLine(text, 24);
}

const hashOf = ({ objectMeta }: ReplicaSetInfo): string | undefined => objectMeta.labels?.[podTemplateHashLabel];

const isReady = ({ ready, status }: ReplicaSetInfo['pods'][number]): boolean => {
  const [running, all] = ready.split('/');
  return running === all && status === 'Running';
};

function versionOf({ specAndStatus }: AnalysisRunInfo, sets: readonly ReplicaSetInfo[]): ReplicaSetInfo | undefined {
  const given = (specAndStatus.spec?.args ?? []).map(({ value }) => value ?? '');
  const isGiven = (word: string | undefined) => word && given.some((value) => hasWord(value, word));
  const about = sets.filter((set) => isGiven(hashOf(set)) || isGiven(set.objectMeta.name));
  return about.length === 1 ? about[0] : undefined;
}

/** `exp-a` is no word of `exp-ab`, nor of `exp-a-b`. */
const hasWord = (text: string, word: string): boolean =>
  new RegExp(`(?<![\\w-])${word.replaceAll('.', '\\.')}(?![\\w-])`).test(text);

/** A run that could not have its name, because one of an earlier time has it, is called `NAME.1`. */
const withoutSuffix = (name: string): string => name.replace(/\.\d+$/, '');
const nameOf = ({ objectMeta }: AnalysisRunInfo): string => objectMeta.name ?? '';

function newestRuns({ analysisRuns }: ExperimentInfo): AnalysisRunInfo[] {
  return [...new Map(analysisRuns.map((run) => [withoutSuffix(nameOf(run)), run])).values()];
}

function analysisOf({ objectMeta }: ExperimentInfo, run: AnalysisRunInfo): string {
  const name = withoutSuffix(nameOf(run));
  return name.startsWith(`${objectMeta.name}-`) ? name.slice(`${objectMeta.name}-`.length) : name;
}

/** In the order of the spec: in the status they stand as they came. */
function resultsOf({ specAndStatus, metrics }: AnalysisRunInfo): readonly MetricResult[] {
  const order = metrics.map(({ name }) => name);
  const place = ({ name }: MetricResult): number => (order.includes(name) ? order.indexOf(name) : order.length);
  return (specAndStatus.status?.metricResults ?? []).toSorted((a, b) => place(a) - place(b));
}
