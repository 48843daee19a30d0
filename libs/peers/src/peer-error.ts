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

/** `whyUnreachable` is asked where there was no connection. */
export async function peerErrorOf(
  peer: string,
  address: string,
  error: ServiceError,
  whyUnreachable: () => Promise<string | undefined>,
): Promise<PeerError> {
  const trailer = error.metadata?.get(errorCodeTrailer)[0];
  if (error.code === status.ALREADY_EXISTS) return new PeerError('Conflict', error.details, error);
  if (typeof trailer === 'string') return new PeerError(errorCodeOf(error.code, trailer), error.details, error);
  if (error.code === status.DEADLINE_EXCEEDED)
    return new PeerError('Unavailable', `the ${peer} at ${address} did not answer in time`, error);
  if (error.code === status.UNAVAILABLE)
    return new PeerError(
      'Unavailable',
      (await whyUnreachable()) ?? `the ${peer} at ${address} cannot be reached`,
      error,
    );
  return new PeerError(errorCodeOf(error.code, undefined), `the ${peer}: ${error.details || error.message}`, error);
}
