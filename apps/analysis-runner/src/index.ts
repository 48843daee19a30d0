export { createRunnerMetrics } from './metrics.ts';
export { assembled, createSchedulerParts, createWorkerParts } from './parts.ts';
export type { Role, SchedulerParts, SchedulerPartsOptions, WorkerPartsOptions } from './parts.ts';
