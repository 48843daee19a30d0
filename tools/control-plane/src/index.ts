export { countWrites, tallyWrites, watchWrites } from './audit-log.ts';
export type { Write, WriteCounts } from './audit-log.ts';
export { buildControlPlane, buildHelmTemplate } from './build.ts';
export { startControlPlane } from './control-plane.ts';
export type { ControlPlane } from './control-plane.ts';
