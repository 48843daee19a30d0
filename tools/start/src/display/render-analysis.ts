import type { RolloutInfo } from '@sluice/cli';

type RunInfo = RolloutInfo['analysisRuns'][number];
type MetricResult = NonNullable<NonNullable<RunInfo['specAndStatus']['status']>['metricResults']>[number];

const GOOD = 'Successful';

/** What is measured of the newest version, one text for each metric; `detail` also counts what went well. */
export function renderAnalyses({ analysisRuns }: RolloutInfo, detail: 'all' | 'trouble'): string[] {
  const newest = Math.max(...analysisRuns.map(({ revision }) => revision));
  return analysisRuns
    .filter(({ revision }) => revision === newest)
    .flatMap(({ specAndStatus }) => specAndStatus.status?.metricResults ?? [])
    .map((metric) => renderMetric(metric, detail));
}

function renderMetric(metric: MetricResult, detail: 'all' | 'trouble'): string {
  const { name, phase, successful = 0, failed = 0, inconclusive = 0, error = 0, measurements = [] } = metric;
  const counts = [
    ...(detail === 'all' && successful > 0 ? [`✔ ${successful}`] : []),
    ...(failed > 0 ? [`✖ ${failed}`] : []),
    ...(inconclusive > 0 ? [`? ${inconclusive}`] : []),
    ...(error > 0 ? [`⚠ ${error}`] : []),
  ];
  const last = measurements.at(-1);
  const isTold = detail === 'all' || last?.phase !== GOOD;
  const value = isTold && last?.value ? `last ${shortened(last.value)}` : '';
  return [`${name} ${phase}`, ...counts, value].filter(Boolean).join('  ');
}

/** Whoever looks on wants to see a number, not all of its digits. */
function shortened(value: string): string {
  const text = value.replaceAll(/\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2))));
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}
