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
export { apiVersionOf, keyOf, parseKey, pathOf, resources } from './resources.ts';
export type { KubeObject, ObjectKey, ObjectMeta, OwnerReference, RawObject, ResourceRef } from './resources.ts';
export { compareResourceVersions } from './resource-version.ts';
export type { Answer, CallObservation, CallOptions, Request } from './transport.ts';
export type { WatchEvent } from './watch-stream.ts';
