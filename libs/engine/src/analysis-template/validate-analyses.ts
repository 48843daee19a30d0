import type { AnalysisRun, FieldError, Metric, Rollout, RolloutAnalysis } from '@sluice/model';
import { effectiveCount } from '../analysis-run/limits.ts';
import { metricDurationError, metricNumberError } from '../analysis-run/numbers.ts';
import { buildRunOf } from './build.ts';
import { collectTemplates, resolveAnalysisTemplates } from './resolve.ts';
import type { TemplateLookup } from './resolve.ts';
import { rolloutArguments } from './rollout-arguments.ts';
import { argumentValues, secretPlaceholder } from './run-arguments.ts';
import { substituteArguments } from './substitute.ts';

// Can the analyses of a Rollout be run? Source: spec-analysis §3, at its end.

interface NamedAnalysis {
  readonly path: string;
  readonly analysis: RolloutAnalysis;
  /** It ends with the update, so that its metrics need no end of their own. */
  readonly isBackground: boolean;
}

const invalidAt = (path: string, badValue: unknown, detail: string): FieldError => ({
  type: 'Invalid value',
  path,
  badValue,
  detail,
});

/** In the order in which they are checked. */
export function analysesOf({ spec: { strategy } }: Rollout): readonly NamedAnalysis[] {
  const { blueGreen, canary } = strategy ?? {};
  const bounded = [
    { path: 'spec.strategy.blueGreen.prePromotionAnalysis', analysis: blueGreen?.prePromotionAnalysis },
    { path: 'spec.strategy.blueGreen.postPromotionAnalysis', analysis: blueGreen?.postPromotionAnalysis },
    ...(canary?.steps ?? []).map(({ analysis }, index) => ({
      path: `spec.strategy.canary.steps[${index}].analysis`,
      analysis,
    })),
  ];
  return [
    ...bounded.flatMap(({ path, analysis }) => (analysis ? [{ path, analysis, isBackground: false }] : [])),
    ...(canary?.analysis
      ? [{ path: 'spec.strategy.canary.analysis', analysis: canary.analysis, isBackground: true }]
      : []),
  ];
}

const templateNames = (analysis: RolloutAnalysis): string =>
  (analysis.templates ?? []).map(({ templateName }) => templateName ?? '').join(', ');

/** Hashes that stand for those of a real update. */
const dummyHashes = { podHash: 'dummy-hash', stableHash: 'dummy-hash' };

/** An argument that cannot be looked up yet (a status that is not written, say) is taken for empty text. */
const argumentsForNow = (rollout: Rollout, { args = [] }: RolloutAnalysis) =>
  args.map((arg) => {
    const value = rolloutArguments(rollout, [arg], dummyHashes);
    return value.ok ? (value.value[0] ?? { name: arg.name, value: '' }) : { name: arg.name, value: '' };
  });

function simulationError(rollout: Rollout, named: NamedAnalysis, lookup: TemplateLookup): FieldError | undefined {
  const { path, analysis } = named;
  const at = `${path}.templates`;
  const merged = resolveAnalysisTemplates(analysis.templates ?? [], lookup);
  if (!merged.ok) return invalidAt(at, templateNames(analysis), merged.error.message);
  if (named.isBackground) {
    const given = new Set((analysis.args ?? []).map(({ name }) => name));
    const missing = merged.value.args.some(
      ({ name, value, valueFrom }) => (value ?? undefined) === undefined && !valueFrom && !given.has(name),
    );
    if (missing) return invalidAt(at, templateNames(analysis), 'missing analysis arguments in rollout spec');
  }
  const run = buildRunOf(merged.value, {
    namespace: rollout.metadata.namespace ?? '',
    name: rollout.metadata.name,
    args: argumentsForNow(rollout, analysis),
    dryRun: analysis.dryRun ?? [],
    measurementRetention: analysis.measurementRetention ?? [],
  });
  if (!run.ok) return invalidAt(at, templateNames(analysis), run.error.message);
  const number = numberErrorOf(rollout, named, run.value);
  if (number !== undefined) return ownedError(named, lookup, number.metric, number.detail);
  return named.isBackground ? undefined : endlessError(named, lookup, metricsOf(run.value));
}

/** Metrics with their arguments put in; what cannot be put in is told by the run itself. */
function metricsOf({ spec }: AnalysisRun): readonly Metric[] {
  const values = argumentValues(spec.args ?? [], () => secretPlaceholder);
  return (spec.metrics ?? []).map((metric) => {
    const substituted = values.ok ? substituteArguments(metric, values.value) : undefined;
    return substituted?.ok ? substituted.value : metric;
  });
}

/** A metric that goes on for ever would hold the update for ever. */
function endlessError(
  named: NamedAnalysis,
  lookup: TemplateLookup,
  metrics: readonly Metric[],
): FieldError | undefined {
  const endless = metrics.find((metric) => effectiveCount(metric) === Infinity);
  if (endless === undefined) return undefined;
  const count = String(endless.count ?? '<nil>');
  const detail = `has metric ${endless.name} which runs indefinitely. Invalid value for count: ${count}`;
  return ownedError(named, lookup, endless.name, detail);
}

/** A complaint about a metric, with the template that it comes from. */
function ownedError({ path, analysis }: NamedAnalysis, lookup: TemplateLookup, metric: string, detail: string) {
  const templates = collectTemplates(analysis.templates ?? [], lookup);
  const owner = templates.ok
    ? templates.value.find(({ spec }) => spec.metrics?.some(({ name }) => name === metric))
    : undefined;
  const template = owner?.metadata.name ?? templateNames(analysis);
  return invalidAt(`${path}.templates`, template, `AnalysisTemplate ${template} ${detail}`);
}

/** A number of a metric that disables a guard. Arguments that cannot be looked up yet are left to the run itself. */
function numberErrorOf(rollout: Rollout, { analysis }: NamedAnalysis, run: AnalysisRun) {
  const unknown = (analysis.args ?? []).filter((arg) => !rolloutArguments(rollout, [arg], dummyHashes).ok);
  const usesUnknown = (metric: Metric | undefined): boolean => {
    const { provider: _, successCondition: _success, failureCondition: _failure, ...numbers } = metric ?? {};
    const text = JSON.stringify(numbers);
    return unknown.some(({ name }) => text.includes(`args.${name}`));
  };
  for (const [index, metric] of metricsOf(run).entries()) {
    const detail = usesUnknown(run.spec.metrics?.[index])
      ? undefined
      : (metricNumberError(metric) ?? metricDurationError(metric));
    const declared = run.spec.metrics?.[index]?.name ?? metric.name;
    if (detail !== undefined) return { metric: declared, detail: `is invalid: ${detail}` };
  }
  return undefined;
}

/** The first reason why an analysis of this Rollout could not run, or undefined. Templates must exist: ask that first. */
export function validateAnalyses(rollout: Rollout, lookup: TemplateLookup): FieldError | undefined {
  for (const named of analysesOf(rollout)) {
    const { path, analysis, isBackground } = named;
    const both = (analysis.args ?? []).findIndex(({ value, valueFrom }) => Boolean(value) && Boolean(valueFrom));
    const twice = analysis.args?.[both];
    if (twice && !isBackground)
      return invalidAt(`${path}.args[${both}]`, twice.name, `arg '${twice.name}' has both Value and ValueFrom fields`);
    const error = simulationError(rollout, named, lookup);
    if (error !== undefined) return error;
  }
  return undefined;
}
