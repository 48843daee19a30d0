export { countWrites, watchWrites } from './audit-log.ts';
export type { WriteCounts } from './audit-log.ts';
export { buildControlPlane } from './build.ts';
export { startControlPlane } from './control-plane.ts';
export type { ControlPlane } from './control-plane.ts';
