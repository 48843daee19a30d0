import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { errorCodeOf, errorCodeTrailer, errorReasonTrailer } from '@sluice/contracts';
import type { PluginErrorCode } from '@sluice/contracts';

export interface PluginCallErrorInit {
  readonly code: PluginErrorCode;
  readonly message: string;
  readonly plugin: string;
  readonly method: string;
  readonly retryable: boolean;
  /** The plugin was reached and did not answer in time; as opposed to an answer that says no. */
  readonly outage?: boolean;
  /** There was no connection, or it broke before an answer came. */
  readonly unreached?: boolean;
  /** The plugin has not been asked: too many other callers wait for it. */
  readonly notSent?: boolean;
  /** Of the Event to record about it, where the plugin has named one. */
  readonly reason?: string;
  readonly cause?: unknown;
}

/**
 * Thrown by every call of a plugin's client. Branch on `code`.
 * - `retryable`: the same call may succeed later (Throttled, Unavailable, a Conflict with another writer). Not retryable: Invalid, NotFound, Unimplemented, Internal, and the
 *   Conflict that tells a controller that its lease epoch is old.
 * - The message is the plugin's own, fit to be shown.
 */
export class PluginCallError extends Error {
  override readonly name = 'PluginCallError';
  readonly code: PluginErrorCode;
  readonly plugin: string;
  /** As in the contract: `Apply`. */
  readonly method: string;
  readonly retryable: boolean;
  readonly outage: boolean;
  readonly unreached: boolean;
  readonly notSent: boolean;
  readonly reason: string | undefined;

  constructor(init: PluginCallErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.plugin = init.plugin;
    this.method = init.method;
    this.retryable = init.retryable;
    this.outage = init.outage ?? false;
    this.unreached = init.unreached ?? false;
    this.notSent = init.notSent ?? false;
    this.reason = init.reason;
  }
}

export function isPluginCallError(error: unknown, ...codes: readonly PluginErrorCode[]): error is PluginCallError {
  return error instanceof PluginCallError && (codes.length === 0 || codes.includes(error.code));
}

/** The same error in better words, where the plugin was not reached. */
export function unreachedFor(reason: string, error: unknown): unknown {
  if (!isPluginCallError(error) || !error.unreached) return error;
  const { code, plugin, method, retryable, unreached } = error;
  return new PluginCallError({ code, plugin, method, retryable, unreached, message: reason, cause: error });
}

/** As Kubernetes wants them: a machine reads it. */
const eventReason = /^[A-Za-z]{1,128}$/;

/** What a failed attempt means. */
export function errorOfAttempt(plugin: string, method: string, error: ServiceError): PluginCallError {
  const trailer = error.metadata?.get(errorCodeTrailer)[0];
  const named = typeof trailer === 'string';
  const reason = error.metadata?.get(errorReasonTrailer)[0];
  const code = errorCodeOf(error.code, named ? trailer : undefined);
  return new PluginCallError({
    code,
    plugin,
    method,
    message: named ? error.details : `plugin ${plugin} did not answer ${method}: ${error.details || error.message}`,
    retryable:
      code === 'Throttled' ||
      code === 'Unavailable' ||
      (code === 'Conflict' && error.code !== status.FAILED_PRECONDITION),
    // A plugin that says Unavailable about its own back end is well, and one that is not reached is waited for: what counts is a call that got no answer in
    // its time, whoever noticed first.
    outage: error.code === status.DEADLINE_EXCEEDED,
    unreached: !named && error.code === status.UNAVAILABLE,
    ...(typeof reason === 'string' && eventReason.test(reason) && { reason }),
    cause: error,
  });
}
