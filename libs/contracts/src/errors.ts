import { status } from '@grpc/grpc-js';

/**
 * What went wrong, for programs to branch on. The trailer `sluice-error-code` of a failed call holds one of these words.
 *
 * - `Invalid`: the configuration or the request is wrong; asking again does not help.
 * - `NotFound`: something that the configuration names does not exist.
 * - `Conflict`: somebody else writes the same thing, or the caller is out of date.
 * - `Throttled`: asked too often.
 * - `Unavailable`: a back end does not answer.
 * - `Unimplemented`: this plugin cannot do that.
 * - `Internal`: a defect of the plugin.
 */
export const pluginErrorCodes = [
  'Invalid',
  'NotFound',
  'Conflict',
  'Throttled',
  'Unavailable',
  'Unimplemented',
  'Internal',
] as const;
export type PluginErrorCode = (typeof pluginErrorCodes)[number];

export const errorCodeTrailer = 'sluice-error-code';
/** Reason of the Event that people know this trouble by, where it has one of its own: `VirtualServiceNotFound`. */
export const errorReasonTrailer = 'sluice-error-reason';

/** The version of the contract that this code was generated from: `protocol_version` in Describe. */
export const protocolVersion = 1;

const statuses: Readonly<Record<PluginErrorCode, status>> = {
  Invalid: status.INVALID_ARGUMENT,
  NotFound: status.NOT_FOUND,
  Conflict: status.ABORTED,
  Throttled: status.RESOURCE_EXHAUSTED,
  Unavailable: status.UNAVAILABLE,
  Unimplemented: status.UNIMPLEMENTED,
  Internal: status.INTERNAL,
};

/** The gRPC status that a code travels under. */
export function statusOf(code: PluginErrorCode): status {
  return statuses[code];
}

/** The code of a failed call: from its trailer where there is one, else from its gRPC status (servers that do not use the SDK, proxies, lost connections). */
export function errorCodeOf(grpcStatus: status, trailer?: string): PluginErrorCode {
  const named = pluginErrorCodes.find((code) => code === trailer);
  if (named !== undefined) return named;
  switch (grpcStatus) {
    case status.INVALID_ARGUMENT:
    case status.OUT_OF_RANGE:
      return 'Invalid';
    case status.NOT_FOUND:
      return 'NotFound';
    case status.ABORTED:
    case status.FAILED_PRECONDITION:
    case status.ALREADY_EXISTS:
      return 'Conflict';
    case status.RESOURCE_EXHAUSTED:
      return 'Throttled';
    case status.UNAVAILABLE:
    case status.DEADLINE_EXCEEDED:
    case status.CANCELLED:
      return 'Unavailable';
    case status.UNIMPLEMENTED:
      return 'Unimplemented';
    default:
      return 'Internal';
  }
}
