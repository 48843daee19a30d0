export { decideRollout, needsPods } from './decide-rollout.ts';
export { missingCapability, routersOf } from './hold.ts';
export { runsTemplate } from './roles.ts';
export { selectedHash } from './canary-services.ts';
export { storedForm } from './same-status.ts';
export { noCapabilities } from './snapshot.ts';
export type * from './decision.ts';
export type * from './routed/intent.ts';
export type * from './snapshot.ts';
