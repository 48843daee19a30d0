export { runCli } from './cli.ts';
export type { Terminal } from './session.ts';
export { analysisRunInfo } from './view/analysis-run.ts';
export { compareVersions, renderComparison, roundsOf, shortened, weightsOfExperiments } from './view/comparison.ts';
export type { ComparedRow, Comparison, Weights } from './view/comparison.ts';
export { age, shortDuration } from './view/duration.ts';
export { experimentInfo } from './view/experiment.ts';
export { plain } from './view/icons.ts';
export type {
  AnalysisRunInfo,
  ContainerInfo,
  ExperimentInfo,
  JobInfo,
  MetricInfo,
  NonJobInfo,
  PodInfo,
  ReplicaSetInfo,
  RolloutInfo,
  ShownMeta,
} from './view/info.ts';
export { isControlledBy, revisionOf } from './view/objects.ts';
export type { OwnedObjects, Workload } from './view/objects.ts';
export { rolloutPhase } from './view/phase.ts';
export { rolloutInfo } from './view/rollout.ts';
export { withImage } from './patches/image.ts';
export {
  abortPatch,
  pausePatch,
  restartPatch,
  retryExperimentPatch,
  retryRolloutPatch,
  terminatePatch,
} from './patches/lifecycle.ts';
export { promotePatches } from './patches/promote.ts';
export type { PromoteMode, RolloutPatches } from './patches/promote.ts';
export { targetOfUndo, templateToRestore } from './patches/undo.ts';
