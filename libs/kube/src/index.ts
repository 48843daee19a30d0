export { createAccessReviewer, describeAccess } from './access.ts';
export type { Access, AccessReviewer } from './access.ts';
export { createAuthority, foreignLeaseName } from './authority.ts';
export type { Authority, AuthorityDescription, AuthorityOptions, Standing } from './authority.ts';
export { backOffMs, patientBackOff } from './back-off.ts';
export type { BackOff } from './back-off.ts';
export { createClient, clientOver } from './client.ts';
export type {
  ClientOptions,
  KubeClient,
  ListOptions,
  ListPage,
  PatchOptions,
  PatchType,
  RemoveOptions,
  Selectors,
  WatchOptions,
  WriteOptions,
} from './client.ts';
export { connect } from './connection.ts';
export type { Connection, ConnectionOptions } from './connection.ts';
export { KubeError, isKubeError } from './errors.ts';
export type { KubeErrorCode, StatusDetails } from './errors.ts';
export { apiVersionOf, controllerOf, keyOf, parseKey, pathOf, resources } from './resources.ts';
export type { KubeObject, ObjectKey, ObjectMeta, OwnerReference, RawObject, ResourceRef } from './resources.ts';
export { compareResourceVersions } from './resource-version.ts';
export type { Answer, CallObservation, CallOptions, Request } from './transport.ts';
export type { WatchEvent } from './watch-stream.ts';
export { createInformer } from './informer.ts';
export type { ChangeHandler, Informer, InformerOptions } from './informer.ts';
export type { KubeLogger } from './logger.ts';
export { silentLogger } from './logger.ts';
export { mergeDiff, sameJson } from './merge-diff.ts';
export { withoutBookkeeping } from './projection.ts';
export type { ReflectorState, ReflectorTimings } from './reflector.ts';
export type { IndexFunction } from './store.ts';
export { createWorkQueue } from './work-queue.ts';
export type { Priority, WorkQueue, WorkQueueHooks, WorkQueueOptions, WorkResult } from './work-queue.ts';
export { createWrittenVersions } from './written-versions.ts';
export type { WrittenVersions } from './written-versions.ts';
export { createEventRecorder } from './event-recorder.ts';
export type { EventNote, EventRecorder, EventRecorderOptions } from './event-recorder.ts';
export { observeForeignLease } from './foreign-lease.ts';
export type { ForeignLease, ForeignLeaseOptions, ForeignLeaseState } from './foreign-lease.ts';
export { createLeaderElection, leaseName } from './leader-election.ts';
export type { LeaderElection, LeaderElectionOptions, Leadership } from './leader-election.ts';
export { shardOf } from './shard-of.ts';
export { createShards } from './shards.ts';
export type { ShardLease, ShardOptions, Shards } from './shards.ts';
export { createTokenRequests, publishedBy, serviceAccountOf } from './token-requests.ts';
export type { TokenRequests } from './token-requests.ts';
