import { complaintsAbout, matchesPattern, providersOf } from '@sluice/engine';
import { durationMs, type Metric } from '@sluice/model';
import { error, note, warning, type Complaint, type Path } from './finding.ts';
import { checkExpressions } from './expressions.ts';
import { hasPlaceholder, withKnownValues, type KnownValues } from './placeholders.ts';
import { checkProvider } from './providers.ts';

// Metrics of templates and runs: limits that cannot be kept or cannot matter, providers, conditions.

/** Which field a complaint of the controller's own validation is about. */
const fieldOfComplaint = (text: string): string => {
  if (/^(?:interval must be specified|count)/.test(text)) return 'count';
  if (text.startsWith('invalid interval')) return 'interval';
  if (text.startsWith('invalid startDelay')) return 'initialDelay';
  if (/provider/.test(text)) return 'provider';
  return /^\w+/.exec(text)?.[0] ?? 'name';
};

const hints: Readonly<Record<string, string>> = {
  'no provider specified': 'no provider specified: give one, such as prometheus, web or job',
  'multiple providers specified': 'multiple providers specified: a metric has exactly one, make a metric of each',
};

/** What cannot be known before the arguments are is left out, so that it is not judged. */
const withoutUnknown = (metric: Metric): Metric => {
  const known = Object.entries(metric).filter(([, value]) => !hasPlaceholder(value));
  const interval = hasPlaceholder(metric.interval) ? { interval: '1s' } : {};
  return { ...Object.fromEntries(known), ...interval } as Metric;
};

const checkValidity = (metric: Metric, path: Path): Complaint[] =>
  complaintsAbout(metric).map((text) => {
    const field = fieldOfComplaint(text);
    return error([...path, field], hints[text] ?? text, { atKey: field === 'provider' });
  });

const whole = (value: Metric['count']): number | undefined => (value === undefined ? undefined : Number(value));

/** Limits that are kept to the letter, and yet can never be reached. */
const checkUseless = (metric: Metric, path: Path): Complaint[] => {
  const [count, failures, inconclusive] = [metric.count, metric.failureLimit, metric.inconclusiveLimit].map(whole);
  if (count === undefined || !(count > 0)) return [];
  const useless = (field: string, limit: number): Complaint =>
    warning(
      [...path, field],
      `of ${count} measurements never more than ${limit} can be so: the limit is never exceeded`,
    );
  return [
    ...(failures !== undefined && failures >= count ? [useless('failureLimit', failures)] : []),
    ...(inconclusive !== undefined && inconclusive >= count ? [useless('inconclusiveLimit', inconclusive)] : []),
  ];
};

const checkInterval = ({ interval }: Metric, path: Path): Complaint[] => {
  const pause = interval ? durationMs(interval) : undefined;
  return pause === 0 ? [warning([...path, 'interval'], 'measures without a pause: give an interval above 0')] : [];
};

/** Metrics that no count ends. */
export const checkEnds = (metrics: readonly Metric[], path: Path): Complaint[] =>
  metrics.flatMap(({ interval, count }, i) =>
    interval && (count === undefined || Number(count) === 0)
      ? [
          note(
            [...path, i, 'interval'],
            'an interval without count goes on until the analysis is ended: for background analysis only',
          ),
        ]
      : [],
  );

const checkConditions = (metric: Metric, path: Path): Complaint[] => {
  const { provider, successCondition, failureCondition } = metric;
  const decidesItself = Boolean(provider?.job) || Boolean(provider?.plugin) || Boolean(provider?.kayenta);
  return decidesItself || successCondition || failureCondition || providersOf(provider).length === 0
    ? []
    : [
        warning(
          [...path, 'name'],
          'neither successCondition nor failureCondition: whatever is measured counts as success',
        ),
      ];
};

/** What is wrong with one metric. */
const checkMetric = (original: Metric, path: Path, known: KnownValues): Complaint[] => {
  const metric = withKnownValues(original, known);
  const judged = withoutUnknown(metric);
  const validity = checkValidity(judged, path);
  return [
    ...validity,
    ...(validity.length === 0 ? checkUseless(judged, path) : []),
    ...checkInterval(metric, path),
    ...checkConditions(metric, path),
    ...checkExpressions(original, path, known),
    ...checkProvider(metric, path),
  ];
};

export interface Rules {
  readonly dryRun?: readonly { readonly metricName: string }[];
  readonly measurementRetention?: readonly { readonly metricName: string; readonly limit?: number }[];
}

/** Rules that apply to no metric. */
export const checkRules = (rules: Rules, names: readonly string[], path: Path): Complaint[] =>
  (['dryRun', 'measurementRetention'] as const).flatMap((list) =>
    (rules[list] ?? []).flatMap(({ metricName = '' }, i) =>
      hasPlaceholder(metricName) || names.some((name) => hasPlaceholder(name) || matchesPattern(metricName, name))
        ? []
        : [
            error(
              [...path, list, i, 'metricName'],
              `matches no metric: there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ') || 'none'}`,
            ),
          ],
    ),
  );

/** What is wrong with the metrics of a template or run. */
export const checkMetrics = (metrics: readonly Metric[], path: Path, known: KnownValues): Complaint[] =>
  metrics.flatMap((metric, i) => {
    const at = [...path, i];
    if (!metric?.name) return [error(at, 'a metric needs a name')];
    const first = metrics.findIndex(({ name }) => name === metric.name);
    const twice = first < i ? [error([...at, 'name'], `two metrics have the same name '${metric.name}'`)] : [];
    return [...twice, ...checkMetric(metric, at, known)];
  });
