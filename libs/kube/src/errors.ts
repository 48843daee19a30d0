/**
 * What went wrong, as something to branch on.
 * - From the server: NotFound, AlreadyExists, Conflict (stale resourceVersion: assemble again), Expired (410: list again), Invalid (422 or 400),
 *   Unauthorized, Forbidden, MethodNotAllowed, TooManyRequests, Unavailable (500 to 504), TooLarge, Unexpected (any other status).
 * - From here: Timeout (deadline or silent watch), Aborted (the caller's signal), Network (no connection or lost), Protocol (not JSON, not Kubernetes),
 *   Config (kubeconfig cannot be used), Usage (call without a namespace, or without a name that an object can have).
 */
export type KubeErrorCode =
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Expired'
  | 'Invalid'
  | 'Unauthorized'
  | 'Forbidden'
  | 'MethodNotAllowed'
  | 'TooManyRequests'
  | 'Unavailable'
  | 'TooLarge'
  | 'Unexpected'
  | 'Timeout'
  | 'Aborted'
  | 'Network'
  | 'Protocol'
  | 'Config'
  | 'Usage';

/** `details` of a Status: the object concerned and, for Invalid, one cause for each field. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly retryAfterSeconds?: number;
  readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
}

/** The Status object with which an API server answers a failed call. */
export interface StatusBody {
  readonly kind?: string;
  readonly status?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: StatusDetails;
}

export interface KubeErrorInit {
  readonly code: KubeErrorCode;
  readonly message: string;
  readonly status?: number;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

const retryableCodes: ReadonlySet<KubeErrorCode> = new Set(['TooManyRequests', 'Unavailable', 'Timeout', 'Network']);

/** Thrown by every call of the client. `serverMessage` is the server's own text, fit to be shown; `message` adds which call failed. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly code: KubeErrorCode;
  /** The HTTP status, when there was an answer. */
  readonly status: number | undefined;
  /** The server's reason, e.g. `AlreadyExists`. */
  readonly reason: string | undefined;
  readonly details: StatusDetails | undefined;
  readonly serverMessage: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** True when the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;

  constructor(init: KubeErrorInit & { readonly serverMessage?: string }) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.status = init.status;
    this.reason = init.reason;
    this.details = init.details;
    this.serverMessage = init.serverMessage;
    this.retryAfterMs = init.retryAfterMs;
    this.retryable = retryableCodes.has(init.code);
  }
}

export function isKubeError(error: unknown, ...codes: readonly KubeErrorCode[]): error is KubeError {
  return error instanceof KubeError && (codes.length === 0 || codes.includes(error.code));
}

const codeOfReason: Readonly<Record<string, KubeErrorCode>> = {
  NotFound: 'NotFound',
  AlreadyExists: 'AlreadyExists',
  Conflict: 'Conflict',
  Gone: 'Expired',
  Expired: 'Expired',
  Invalid: 'Invalid',
  BadRequest: 'Invalid',
  Unauthorized: 'Unauthorized',
  Forbidden: 'Forbidden',
  MethodNotAllowed: 'MethodNotAllowed',
  TooManyRequests: 'TooManyRequests',
  RequestEntityTooLarge: 'TooLarge',
  ServerTimeout: 'Unavailable',
  Timeout: 'Unavailable',
  ServiceUnavailable: 'Unavailable',
  InternalError: 'Unavailable',
};

function codeOfStatus(status: number): KubeErrorCode {
  switch (status) {
    case 400:
    case 422:
      return 'Invalid';
    case 401:
      return 'Unauthorized';
    case 403:
      return 'Forbidden';
    case 404:
      return 'NotFound';
    case 405:
      return 'MethodNotAllowed';
    case 409:
      return 'Conflict';
    case 410:
      return 'Expired';
    case 413:
      return 'TooLarge';
    case 429:
      return 'TooManyRequests';
    default:
      return status >= 500 ? 'Unavailable' : 'Unexpected';
  }
}

/** The error for an answer that says no. `call` names the call (`PATCH /apis/…`); `retryAfter` is the header of that name, in seconds. */
export function errorOfAnswer(call: string, status: number, body: unknown, retryAfter?: string): KubeError {
  const answer = typeof body === 'object' && body !== null ? (body as StatusBody) : {};
  const text =
    answer.message ?? (typeof body === 'string' && body !== '' ? body.slice(0, 400).trim() : `status ${status}`);
  const seconds = Number(retryAfter ?? answer.details?.retryAfterSeconds ?? Number.NaN);
  return new KubeError({
    code: codeOfReason[answer.reason ?? ''] ?? codeOfStatus(status),
    message: `${call}: ${text}`,
    serverMessage: text,
    status,
    ...(answer.reason === undefined ? {} : { reason: answer.reason }),
    ...(answer.details === undefined ? {} : { details: answer.details }),
    ...(Number.isFinite(seconds) && seconds >= 0 ? { retryAfterMs: seconds * 1000 } : {}),
  });
}
