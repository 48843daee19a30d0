import type { AnalysisRun, AnalysisRunSpec, Metric } from '@sluice/model';
import { matchesPattern } from '../analysis-template/pattern.ts';
import { argumentValues, secretPlaceholder } from '../analysis-template/run-arguments.ts';
import { substituteArguments } from '../analysis-template/substitute.ts';
import { limitsOf } from './limits.ts';
import type { MetricLimits } from './limits.ts';
import { lifetimeError } from './numbers.ts';
import { validateMetrics, validateRules } from './validate.ts';

/** One metric as it is scheduled and judged: its arguments are put in, with a placeholder for what is secret. */
export interface ResolvedMetric {
  readonly name: string;
  readonly metric: Metric;
  readonly limits: MetricLimits;
  /** It is measured, but never decides. */
  readonly dryRun: boolean;
  /** How many measurements are kept. */
  readonly keep: number;
}

export type ResolvedRun =
  | { readonly ok: true; readonly metrics: readonly ResolvedMetric[] }
  /** The message that the run ends with, as phase Error. */
  | { readonly ok: false; readonly message: string };

export const argumentsErrorPrefix = 'Unable to resolve metric arguments: ';
export const invalidSpecPrefix = 'Analysis spec invalid: ';

const defaultRetention = 10;

const retentionOf = (spec: AnalysisRunSpec, name: string): number =>
  (spec.measurementRetention ?? []).reduce(
    (keep, rule) => (rule.limit > 0 && matchesPattern(rule.metricName, name) ? rule.limit : keep),
    defaultRetention,
  );

function resolve(spec: AnalysisRunSpec): ResolvedRun {
  const values = argumentValues(spec.args ?? [], () => secretPlaceholder);
  if (!values.ok) return { ok: false, message: argumentsErrorPrefix + values.error.message };
  const substituted = substituteArguments(spec.metrics ?? [], values.value);
  if (!substituted.ok) return { ok: false, message: argumentsErrorPrefix + substituted.error.message };
  const metrics = substituted.value;
  const complaint = validateMetrics(metrics) ?? validateRules({ ...spec, metrics }) ?? lifetimeError(spec);
  if (complaint !== undefined) return { ok: false, message: invalidSpecPrefix + complaint };
  return {
    ok: true,
    metrics: metrics.map((metric) => ({
      name: metric.name,
      metric,
      limits: limitsOf(metric),
      dryRun: (spec.dryRun ?? []).some(({ metricName }) => matchesPattern(metricName, metric.name)),
      keep: retentionOf(spec, metric.name),
    })),
  };
}

/** A spec is the same object until it is read anew, and a run is decided on many times. */
const known = new WeakMap<AnalysisRunSpec, ResolvedRun>();

export function resolveRun({ spec }: Pick<AnalysisRun, 'spec'>): ResolvedRun {
  const before = known.get(spec);
  if (before !== undefined) return before;
  const result = resolve(spec);
  known.set(spec, result);
  return result;
}

/** The first mistake in a run, in the words of spec-analysis §3 and without a prefix; undefined for a valid one. */
export function validateAnalysisRun(run: AnalysisRun): string | undefined {
  const result = resolveRun(run);
  return result.ok ? undefined : result.message.replace(argumentsErrorPrefix, '').replace(invalidSpecPrefix, '');
}
