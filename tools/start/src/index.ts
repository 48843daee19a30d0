// What other tools of the repository start things with.
export { readAnnouncement } from './announcement.ts';
export type { Announcement } from './announcement.ts';
export { createChildren } from './children.ts';
export type { Child, Children, ChildSpec, Logs } from './children.ts';
export { installCustomResources, sluiceCrds } from './custom-resources.ts';
export { startLocalCluster } from './local-cluster.ts';
export type { StartedCluster } from './local-cluster.ts';
export { applyManifests, readManifests } from './manifests.ts';
export { freePorts } from './ports.ts';
export { checkRedis, findOrStartRedis } from './redis.ts';
export { services, startServices, startServicesOn } from './services.ts';
export type { Service, Surroundings } from './services.ts';
export { runSession } from './session.ts';
export type { LogsOf, Session } from './session.ts';
export { lastWords } from './last-words.ts';
export { Failure, failWith } from '../first-stage/failure.mjs';
export { findTool } from '../first-stage/tools.mjs';
export { root } from '../first-stage/workspace.mjs';
