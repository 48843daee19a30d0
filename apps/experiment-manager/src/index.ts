export { createExperimentManager } from './parts.ts';
export type { ExperimentManager, ExperimentManagerOptions } from './parts.ts';
export { explainExperiment } from './explain.ts';
export type { ExperimentReport } from './explain.ts';
