import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { checkServerIdentity, connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { namesOf } from './callers.ts';
import type { ClientTls } from './credentials.ts';
import { readTlsFiles } from './files.ts';
import type { TlsMaterial } from './files.ts';

const patienceMs = 1_500;

/**
 * Why a server cannot be reached, as far as certificates are the reason: one sentence that says what, where and how to mend it. Undefined: something else is. gRPC tells
 * less, in words of its own; so this makes one connection, sends nothing over it, and closes it. `who` is how the server is called in the sentence.
 */
export async function whyUnreachable(
  who: string,
  address: string,
  tls: ClientTls | undefined,
): Promise<string | undefined> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  const target: Target = { who, host, port: Number(address.slice(colon + 1)), name: tls?.serverName ?? host, tls };
  if (tls === undefined) return (await tryHandshake(target, {})).kind === 'shown' ? speaksTls(target) : undefined;
  let material: TlsMaterial;
  try {
    material = readTlsFiles(tls);
  } catch (error) {
    return `${target.who} is not called, for lack of certificates: ${(error as Error).message}`;
  }
  return reasonOf(target, material, await tryHandshake(target, material));
}

interface Target {
  readonly who: string;
  readonly host: string;
  readonly port: number;
  /** The one that its certificate must be for. */
  readonly name: string;
  readonly tls: ClientTls | undefined;
}

type Handshake =
  | {
      readonly kind: 'shown';
      readonly certificate: X509Certificate;
      readonly distrust: string | undefined;
      readonly end: End;
    }
  | { readonly kind: 'no TLS' }
  | { readonly kind: 'nothing' };

/** What the server did after the handshake: it speaks, keeps silent, or has closed the connection (it wants another certificate of ours, or none at all). */
type End = 'speaks' | 'silent' | 'refused for none' | 'closed';

function tryHandshake({ host, port, name }: Target, { ca, identity }: TlsMaterial): Promise<Handshake> {
  const options: ConnectionOptions = {
    host,
    port,
    ...(isIP(name) === 0 && { servername: name }),
    ...(ca !== undefined && { ca }),
    ...(identity !== undefined && { cert: identity.certificate, key: identity.privateKey }),
    ALPNProtocols: ['h2'],
    // What is wrong is wanted, not protection: nothing is sent, and nothing that comes is used.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  };
  return new Promise((resolve) => {
    let shown: { readonly certificate: X509Certificate; readonly distrust: string | undefined } | undefined;
    const socket: TLSSocket = connect(options);
    const timer = setTimeout(() => done('silent'), patienceMs);
    function done(end: End, nothing: Handshake = { kind: 'nothing' }): void {
      clearTimeout(timer);
      socket.destroy();
      resolve(shown === undefined ? nothing : { kind: 'shown', ...shown, end });
    }
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      const distrust = socket.authorizationError as unknown as string | Error | null | undefined;
      if (certificate === undefined) return done('silent');
      shown = { certificate, distrust: distrust ? codeOf(distrust) : undefined };
    });
    // A server of HTTP/2 speaks first, once it takes the caller for somebody.
    socket.once('data', () => done('speaks'));
    socket.on('error', (error) => {
      const code = codeOf(error);
      if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
        return done('closed', { kind: 'no TLS' });
      done(code.includes('CERTIFICATE_REQUIRED') ? 'refused for none' : 'closed');
    });
    socket.once('close', () => done('closed'));
  });
}

function codeOf(error: string | Error): string {
  return typeof error === 'string' ? error : String((error as NodeJS.ErrnoException).code ?? error.message);
}

const speaksTls = ({ who }: Target): string =>
  `${who} is served with TLS only: name the authority of its certificate with --tls-ca, and a certificate for this side with --tls-cert and --tls-key`;

function reasonOf(target: Target, material: TlsMaterial, handshake: Handshake): string | undefined {
  const { who, name, tls } = target;
  if (handshake.kind === 'nothing') return undefined;
  if (handshake.kind === 'no TLS')
    return `${who} is served without TLS, and is not called so: start it with --tls-cert, --tls-key and --tls-client-ca`;
  const { certificate, distrust, end } = handshake;
  const issuer = oneLine(certificate.issuer);
  const now = Date.now();
  if (Date.parse(certificate.validTo) < now)
    return `the certificate of ${who} ended at ${certificate.validTo}: renew it there`;
  if (Date.parse(certificate.validFrom) > now)
    return `the certificate of ${who} counts only from ${certificate.validFrom} on: look at the clocks of both sides`;
  if (distrust !== undefined)
    return `the certificate of ${who} was signed by "${issuer}", which is not in ${tls?.caFile} (${distrust}): add that authority to --tls-ca, or give ${who} a certificate of one that is there`;
  const mismatch = checkServerIdentity(name, certificate.toLegacyObject());
  if (mismatch !== undefined)
    return `the certificate of ${who} is for ${namesOf(certificate.toLegacyObject()).join(', ') || 'no name'}, not for "${name}": call it by one of its names, or add this one to its certificate`;
  if (end === 'speaks') return undefined;
  return refusalOf(target, material, end);
}

function refusalOf({ who, tls }: Target, { identity }: TlsMaterial, end: End): string | undefined {
  if (identity === undefined && (end === 'refused for none' || end === 'closed'))
    return `${who} serves only callers that show a certificate: give this side one with --tls-cert and --tls-key`;
  if (end !== 'closed' || identity === undefined) return undefined;
  const own = new X509Certificate(identity.certificate);
  if (Date.parse(own.validTo) < Date.now())
    return `${who} refuses the certificate of this side: ${tls?.certFile} ended at ${own.validTo}, renew it`;
  return `${who} refuses the certificate of this side: ${tls?.certFile} was signed by "${oneLine(own.issuer)}", which must be in the --tls-client-ca of ${who}, and must be meant for clients`;
}

const oneLine = (name: string): string => name.replaceAll('\n', ', ');
