import { countOf, parseDuration } from '@sluice/model';
import type { AnalysisRunSpec, Metric, MetricProvider } from '@sluice/model';
import { matchesPattern } from '../analysis-template/pattern.ts';
import { metricNumberError, metricNumberErrors } from './numbers.ts';

// What makes a run invalid, in the order and the words of spec-analysis §3. Metrics have their arguments put in.

/** A check of one metric: the text of its complaint, or undefined. */
type Check = (metric: Metric) => string | undefined;

const limit = (value: Metric['count']): number => countOf(value ?? 0);

const checkLimits: Check = (metric) => {
  const success = limit(metric.consecutiveSuccessLimit);
  const failure = limit(metric.failureLimit);
  if (success < 0) return 'consecutiveSuccessLimit must be >= 0';
  if (failure < -1) return 'failureLimit must be >= 0, or -1 to be disabled';
  if (failure === -1 && success === 0) return 'failureLimit and consecutiveSuccessLimit cannot both be disabled';
  if (limit(metric.inconclusiveLimit) < 0) return 'inconclusiveLimit must be >= 0';
  return limit(metric.consecutiveErrorLimit) < 0 ? 'consecutiveErrorLimit must be >= 0' : undefined;
};

const checkCount: Check = (metric) => {
  const count = limit(metric.count);
  if (count <= 0) return undefined;
  const success = limit(metric.consecutiveSuccessLimit);
  const failure = limit(metric.failureLimit);
  if (failure >= 0 && count < failure + success)
    return `count (${count}) must be >= failureLimit + consecutiveSuccessLimit (${failure} + ${success}) if both >= 0`;
  if (failure === -1 && count < success) return 'count must be >= consecutiveSuccessLimit';
  if (count < limit(metric.inconclusiveLimit)) return 'count must be >= inconclusiveLimit';
  return count > 1 && !metric.interval ? 'interval must be specified when count > 1' : undefined;
};

const checkDurations: Check = ({ interval, initialDelay }) => {
  const parsedInterval = interval ? parseDuration(interval) : undefined;
  if (parsedInterval?.ok === false) return `invalid interval string: ${parsedInterval.error}`;
  const parsedDelay = initialDelay ? parseDuration(initialDelay) : undefined;
  return parsedDelay?.ok === false ? `invalid startDelay string: ${parsedDelay.error}` : undefined;
};

/** The providers that are given; each plugin counts. */
export function providersOf(provider: MetricProvider | undefined): readonly { name: string; config: unknown }[] {
  const { plugin, ...builtIn } = provider ?? {};
  return [
    ...Object.entries(builtIn).filter(([, config]) => config !== undefined && config !== null),
    ...Object.entries(plugin ?? {}),
  ].map(([name, config]) => ({ name, config }));
}

const checkProvider: Check = ({ provider }) => {
  const { length } = providersOf(provider);
  if (length === 0) return 'no provider specified';
  return length > 1 ? 'multiple providers specified' : undefined;
};

const checks: readonly Check[] = [checkLimits, checkCount, checkDurations, metricNumberError, checkProvider];

/** All complaints about one metric: of each rule the first, and every number that disables a guard. */
export const complaintsAbout = (metric: Metric): readonly string[] => {
  const others = checks.flatMap((check) => check(metric) ?? []);
  return [...new Set([...others, ...metricNumberErrors(metric)])];
};

/** The first complaint about metrics, or undefined. `metrics[i]: ` says which one. */
export function validateMetrics(metrics: readonly Metric[]): string | undefined {
  if (metrics.length === 0) return 'no metrics specified';
  const seen = new Set<string>();
  for (const [index, metric] of metrics.entries()) {
    // The API server refuses a status that names no metric; an argument may leave the name empty.
    if (!metric.name)
      return `metrics[${index}]: name is empty: give the metric a name, or the arguments in its name a value`;
    if (seen.has(metric.name)) return `metrics[${index}]: duplicate name '${metric.name}'`;
    seen.add(metric.name);
    for (const check of checks) {
      const complaint = check(metric);
      if (complaint !== undefined) return `metrics[${index}]: ${complaint}`;
    }
  }
  return undefined;
}

/** Rules that apply to no metric are mistakes: whoever wrote them believes that they do. */
export function validateRules({ metrics, dryRun, measurementRetention }: AnalysisRunSpec): string | undefined {
  const lists = { dryRun: dryRun ?? [], measurementRetention: measurementRetention ?? [] };
  for (const [list, rules] of Object.entries(lists)) {
    const index = rules.findIndex(({ metricName }) => !metrics.some(({ name }) => matchesPattern(metricName, name)));
    if (index >= 0) return `${list}[${index}]: Rule didn't match any metric name(s)`;
  }
  return undefined;
}
