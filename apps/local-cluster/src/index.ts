export * from './clock.ts';
export * from './storage/store.ts';
export { StatusError } from './storage/status-error.ts';
export type { LocalCluster, LocalClusterOptions } from './cluster.ts';
export { kubeconfigText, startLocalCluster } from './cluster.ts';
export type { ActiveFault, Fault, FaultAnswer, Faults, WatchFaultKind } from './api/faults.ts';
export type { Audit, WriteCount, WriteRecord } from './api/audit.ts';
export type { RestartOptions } from './api/control.ts';
export type { WorkloadOptions, Workloads } from './workloads/start.ts';
