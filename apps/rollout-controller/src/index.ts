export { assembleFromApi } from './assemble/api-sources.ts';
export type { ApiSnapshotOptions } from './assemble/api-sources.ts';
export { assembleSnapshot, isIncomplete } from './assemble/snapshot.ts';
export type { Known, SnapshotOptions } from './assemble/snapshot.ts';
export type { Sources } from './assemble/sources.ts';
export { createRolloutController } from './parts.ts';
export type { RolloutController, RolloutControllerOptions } from './parts.ts';
