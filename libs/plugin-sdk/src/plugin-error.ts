import { Metadata, status } from '@grpc/grpc-js';
import type { StatusObject } from '@grpc/grpc-js';
import { errorCodeTrailer, errorReasonTrailer, statusOf } from '@sluice/contracts';
import type { PluginErrorCode } from '@sluice/contracts';
import { isKubeError } from '@sluice/kube';
import type { KubeErrorCode } from '@sluice/kube';

/** Thrown by a plugin's own functions: the caller branches on `code` and shows `message` to people. */
export class PluginError extends Error {
  override readonly name = 'PluginError';
  readonly code: PluginErrorCode;
  /** Path inside the configuration that is wrong, for `Invalid`. */
  readonly path: string | undefined;
  /** Reason of the Event that people know this by, in CamelCase; the caller records one under it. */
  readonly reason: string | undefined;

  constructor(
    code: PluginErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly path?: string; readonly reason?: string } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.path = options.path;
    this.reason = options.reason;
  }
}

/** Why a call was given up before its function had ended. */
export class GivenUp extends PluginError {
  readonly grpcStatus: status;

  constructor(code: PluginErrorCode, grpcStatus: status, message: string) {
    super(code, message);
    this.grpcStatus = grpcStatus;
  }
}

const kubeCodes: Partial<Record<KubeErrorCode, PluginErrorCode>> = {
  NotFound: 'NotFound',
  AlreadyExists: 'Conflict',
  Conflict: 'Conflict',
  Expired: 'Conflict',
  Invalid: 'Invalid',
  TooLarge: 'Invalid',
  TooManyRequests: 'Throttled',
  // A missing role or an expired token is mended outside, while the rollout waits.
  Unauthorized: 'Unavailable',
  Forbidden: 'Unavailable',
  Unavailable: 'Unavailable',
  Timeout: 'Unavailable',
  Aborted: 'Unavailable',
  Network: 'Unavailable',
};

/** Anything that was thrown, as the error of the call: errors of the Kubernetes client keep their meaning, all others are defects. */
export function asPluginError(error: unknown): PluginError {
  if (error instanceof PluginError) return error;
  if (isKubeError(error)) return new PluginError(kubeCodes[error.code] ?? 'Internal', error.message, { cause: error });
  return new PluginError('Internal', error instanceof Error ? error.message : String(error), { cause: error });
}

/** What travels: the gRPC status, the message, and the code as trailer. */
export function asStatus(error: PluginError): StatusObject {
  const metadata = new Metadata();
  metadata.set(errorCodeTrailer, error.code);
  if (error.reason !== undefined) metadata.set(errorReasonTrailer, error.reason);
  return { code: error instanceof GivenUp ? error.grpcStatus : statusOf(error.code), details: error.message, metadata };
}
