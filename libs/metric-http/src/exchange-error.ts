import { PluginError } from '@sluice/plugin-sdk';
import type { PluginErrorCode } from '@sluice/plugin-sdk';

export type ExchangeErrorKind =
  /** The request itself cannot be sent: its URL, its headers. */
  | 'invalid'
  | 'denied'
  | 'timeout'
  /** No connection, or it broke. */
  | 'unreachable'
  /** The certificate is not to be trusted. */
  | 'tls'
  | 'too-large'
  | 'redirect'
  /** The credentials for OAuth2 were not taken, or their server does not answer. */
  | 'token'
  /** The caller gave up. */
  | 'aborted';

const codes: Readonly<Record<ExchangeErrorKind, PluginErrorCode>> = {
  invalid: 'Invalid',
  denied: 'Invalid',
  'too-large': 'Invalid',
  redirect: 'Invalid',
  timeout: 'Unavailable',
  unreachable: 'Unavailable',
  tls: 'Unavailable',
  token: 'Unavailable',
  aborted: 'Unavailable',
};

/** Thrown when there is no answer. `message` is `where: detail`; neither holds a header, a body or the password of a URL. */
export class ExchangeError extends PluginError {
  readonly kind: ExchangeErrorKind;
  /** `Get "http://x/y"` */
  readonly where: string;
  readonly detail: string;

  constructor(kind: ExchangeErrorKind, where: string, detail: string, cause?: unknown) {
    super(codes[kind], `${where}: ${detail}`, { cause });
    this.kind = kind;
    this.where = where;
    this.detail = detail;
  }
}

/** A destination that nothing is sent to. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** `Get "http://x/y"`, as templates' authors know it from Go; the password of a URL is hidden. */
export function whereOf(method: string, url: URL): string {
  const shown = new URL(url);
  if (shown.password !== '') shown.password = '***';
  return `${method.slice(0, 1)}${method.slice(1).toLowerCase()} "${shown.href}"`;
}

interface NetworkError extends Error {
  readonly code?: string;
  readonly address?: string;
  readonly port?: number;
  readonly hostname?: string;
  readonly errors?: readonly NetworkError[];
}

const refusals: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'connect: connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'i/o timeout',
};

const broken: Readonly<Record<string, string>> = {
  ECONNRESET: 'connection reset by peer',
  EPIPE: 'broken pipe',
  UND_ERR_SOCKET: 'EOF',
};

/** What went wrong on the way, in words and as a kind. */
export function networkFailure(
  thrown: unknown,
  url: URL,
): { readonly kind: ExchangeErrorKind; readonly detail: string } {
  const error = thrown as NetworkError;
  if (thrown instanceof Refused || error.cause instanceof Refused)
    return { kind: 'denied', detail: (thrown instanceof Refused ? thrown : (error.cause as Error)).message };
  const first = error.errors?.[0] ?? error;
  const code = first.code ?? '';
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const refusal = refusals[code];
  if (refusal !== undefined)
    return { kind: 'unreachable', detail: `dial tcp ${dialled(first.address ?? url.hostname)}:${port}: ${refusal}` };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'ENODATA') {
    const why = code === 'EAI_AGAIN' ? 'temporary failure in name resolution' : 'no such host';
    return { kind: 'unreachable', detail: `dial tcp: lookup ${first.hostname ?? url.hostname}: ${why}` };
  }
  if (broken[code] !== undefined) return { kind: 'unreachable', detail: broken[code] };
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return { kind: 'tls', detail: `tls: the server does not speak TLS on this port (${first.message}): write http://` };
  if (isTlsCode(code))
    return { kind: 'tls', detail: `tls: failed to verify certificate: ${first.message}; ${tlsAdvice}` };
  if (code === 'UND_ERR_INVALID_ARG') return { kind: 'invalid', detail: first.message };
  return { kind: 'unreachable', detail: first.message || code || 'no answer' };
}

const tlsAdvice =
  'start the plugin with the authority that signed it (--ca-file), or set `insecure: true` in the metric to skip the check';

/** Whether the connection broke, which a request that changes nothing may try once more. */
export function isBroken(thrown: unknown): boolean {
  return broken[(thrown as NetworkError).code ?? ''] !== undefined;
}

function dialled(address: string): string {
  return address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
}

function isTlsCode(code: string): boolean {
  return /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH)/.test(code);
}
