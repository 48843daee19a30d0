import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { errorCodeOf, errorCodeTrailer } from '@sluice/contracts';
import type { PluginErrorCode } from '@sluice/contracts';

/**
 * Thrown by every call. `code` as for plugins: Unavailable when the peer cannot be reached or does not answer in time, Invalid when it refuses the object, Conflict when
 * the name belongs to somebody else. The message is fit to be shown.
 */
export class PeerError extends Error {
  override readonly name = 'PeerError';
  readonly code: PluginErrorCode;

  constructor(code: PluginErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

export const isPeerError = (error: unknown, ...codes: readonly PluginErrorCode[]): error is PeerError =>
  error instanceof PeerError && (codes.length === 0 || codes.includes(error.code));

export function peerErrorOf(peer: string, address: string, error: ServiceError): PeerError {
  const trailer = error.metadata?.get(errorCodeTrailer)[0];
  if (error.code === status.ALREADY_EXISTS) return new PeerError('Conflict', error.details, error);
  if (typeof trailer === 'string') return new PeerError(errorCodeOf(error.code, trailer), error.details, error);
  const why = error.code === status.DEADLINE_EXCEEDED ? 'did not answer in time' : 'cannot be reached';
  const isAway = error.code === status.UNAVAILABLE || error.code === status.DEADLINE_EXCEEDED;
  return isAway
    ? new PeerError('Unavailable', `the ${peer} at ${address} ${why}`, error)
    : new PeerError(errorCodeOf(error.code, undefined), `the ${peer}: ${error.details || error.message}`, error);
}
