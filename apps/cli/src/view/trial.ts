import type { TriedMetric, TryTemplateResponse } from '@sluice/contracts';
import { type Paint, analysisIcon, iconColour } from './icons.ts';
import { oneLine, renderTable } from './table.ts';

// What came of trying analysis templates.

const header = ['METRIC', 'PROVIDER', 'VALUE', 'VERDICT', 'REASON'];
const longest = { value: 60, reason: 400 };

/** Whether all that was asked for was measured, and is Successful. */
export const isAllSuccessful = ({ metrics, problems }: TryTemplateResponse): boolean =>
  problems.length === 0 && metrics.length > 0 && metrics.every(({ phase }) => phase === 'Successful');

/** A row for each metric, and the sum. */
export function renderTrial({ metrics }: TryTemplateResponse, paint: Paint): string[] {
  const successful = metrics.filter(({ phase }) => phase === 'Successful').length;
  // Without a verdict although its provider is known: measuring it makes something.
  const leftOut = metrics.filter(({ phase, provider }) => phase === '' && provider !== '').map(({ name }) => name);
  return [
    ...renderTable([header, ...metrics.map((metric) => rowOf(metric, paint))]),
    '',
    `${successful} of ${metrics.length} ${metrics.length === 1 ? 'metric is' : 'metrics are'} Successful.`,
    ...(leftOut.length === 0 ? [] : [`To measure ${leftOut.join(', ')} as well: --run-jobs`]),
  ];
}

function rowOf({ name, provider, value, phase, reason, message }: TriedMetric, paint: Paint): string[] {
  const why = message === '' || reason.includes(message) ? reason : `${reason}: ${message}`;
  const icon = analysisIcon(phase);
  const verdict = phase === '' ? '-' : `${paint(icon, iconColour(icon))} ${phase}`;
  return [name, provider || '-', oneLine(value, longest.value) || '-', verdict, oneLine(why, longest.reason)];
}

/** For programs: all of it, uncut. */
export const trialJson = ({ metrics, problems }: TryTemplateResponse, namespace: string): string => {
  const tried = metrics.map(({ name, provider, value, phase, reason, message, tookMs, metadata }) => ({
    ...{ name, provider, value, verdict: phase, reason, message, tookMs, metadata },
  }));
  return `${JSON.stringify({ namespace, metrics: tried, problems }, null, 2)}\n`;
};
