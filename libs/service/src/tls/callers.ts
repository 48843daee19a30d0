import { ServerInterceptingCall, status } from '@grpc/grpc-js';
import type { ServerInterceptor } from '@grpc/grpc-js';

/** Who may call: by the path of the method, `/sluice.control.v1.MeasurementService/Take`; undefined or empty: everyone who got a connection. */
export type AllowedCallers = (path: string) => readonly string[] | undefined;

/**
 * Refuses calls of those whose certificate is for none of the allowed names. An authority signs certificates for many: that it signed one says who somebody is, not what
 * they may do.
 */
export function onlyCallers(allowed: AllowedCallers): ServerInterceptor {
  return ({ path }, call) => {
    const names = allowed(path) ?? [];
    if (names.length === 0) return new ServerInterceptingCall(call);
    const shown = namesOf(call.getAuthContext().sslPeerCertificate);
    if (shown.some((name) => names.includes(name))) return new ServerInterceptingCall(call);
    const who = shown.length === 0 ? 'without a certificate' : `whose certificate is for ${shown.join(', ')}`;
    return new ServerInterceptingCall(call, {
      start: () =>
        call.sendStatus({
          code: status.PERMISSION_DENIED,
          details: `callers ${who} are not served here: add one of these names to its --tls-client-names (--tls-worker-names for workers), or use a certificate for ${names.join(' or ')}`,
        }),
    });
  };
}

interface ShownCertificate {
  readonly subject?: { readonly CN?: string | readonly string[] };
  readonly subjectaltname?: string;
}

/** DNS names, URIs (SPIFFE) and addresses of a certificate, and its common name where it has none of these. */
export function namesOf(certificate: ShownCertificate | undefined): readonly string[] {
  const alternatives = (certificate?.subjectaltname ?? '')
    .split(', ')
    .map((entry) => entry.slice(entry.indexOf(':') + 1))
    .filter((name) => name !== '');
  if (alternatives.length > 0) return alternatives;
  const common = certificate?.subject?.CN;
  return common === undefined ? [] : [common].flat();
}
