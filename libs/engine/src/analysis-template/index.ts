export { buildAnalysisRun, buildRunOf } from './build.ts';
export type { RunPlan } from './build.ts';
export { metricForUse } from './metric-for-use.ts';
export type { MetricForUse } from './metric-for-use.ts';
export { matchesPattern } from './pattern.ts';
export { isSameRun, placeRun } from './place-run.ts';
export type { Placement } from './place-run.ts';
export {
  collectTemplates,
  mergeArguments,
  mergeTemplates,
  resolveAnalysisTemplates,
  templateNotFoundMessage,
} from './resolve.ts';
export type { MergedTemplates, TemplateLookup } from './resolve.ts';
export * from './result.ts';
export { rolloutArguments, rolloutField } from './rollout-arguments.ts';
export type { VersionHashes } from './rollout-arguments.ts';
export { analysisRunOf, rolloutRunName } from './rollout-runs.ts';
export type { AnalysisKind, RolloutRun } from './rollout-runs.ts';
export {
  argumentValues,
  maskSecrets,
  missingSecretKeyMessage,
  secretArguments,
  secretPlaceholder,
} from './run-arguments.ts';
export type { SecretArgument } from './run-arguments.ts';
export { substituteArguments } from './substitute.ts';
export type { ArgumentValues } from './substitute.ts';
export { validateAnalyses } from './validate-analyses.ts';
