import { ServerCredentials, credentials, experimental } from '@grpc/grpc-js';
import type { ChannelCredentials, ChannelOptions } from '@grpc/grpc-js';
import { readTlsFiles, watchTlsFiles } from './files.ts';
import type { TlsLogger } from './files.ts';

/** What a caller needs to reach servers with TLS. The PEM files are read again when they change. */
export interface ClientTls {
  /** Authorities that may have signed the server's certificate. */
  readonly caFile: string;
  /** What this side shows, where servers ask for it. */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** The name that the server's certificate must be for; otherwise the host in its address. */
  readonly serverName?: string;
  /** How often the files are looked at: 30 s. */
  readonly refreshMs?: number;
}

/** What a server with TLS needs. The PEM files are read again when they change: renewed certificates need no restart. */
export interface ServerTls {
  readonly certFile: string;
  readonly keyFile: string;
  /** Callers must show a certificate that one of these authorities signed. Without it any caller is served. */
  readonly clientCaFile?: string;
  /** Callers whose certificates are for one of these names are served; all with a certificate of the authority when absent or empty. */
  readonly clientNames?: readonly string[];
  /** How often the files are looked at: 30 s. */
  readonly refreshMs?: number;
  /** Told when files cannot be used, and of certificates that run out. */
  readonly logger?: TlsLogger;
}

/** Throws TypeError when a certificate comes without its key. What is wrong with the files shows when a connection is made: `whyUnreachable`. */
export function channelCredentials(tls: ClientTls | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined))
    throw new TypeError('a certificate needs both its certFile and its keyFile');
  const files = watchTlsFiles(tls);
  return experimental.createCertificateProviderChannelCredentials(files, tls.certFile === undefined ? null : files);
}

/** What goes with `channelCredentials` into the options of a channel. */
export function channelTlsOptions(tls: ClientTls | undefined): ChannelOptions {
  if (tls?.serverName === undefined) return {};
  return { 'grpc.ssl_target_name_override': tls.serverName, 'grpc.default_authority': tls.serverName };
}

/** Throws TlsFileError when the files cannot be used now; later, while they are renewed, those from before count. */
export function serverCredentials(tls: ServerTls | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { certFile, keyFile, clientCaFile, refreshMs, logger } = tls;
  const paths = { certFile, keyFile, caFile: clientCaFile };
  readTlsFiles(paths);
  const files = watchTlsFiles({ ...paths, refreshMs, logger });
  const requireClient = clientCaFile !== undefined;
  // Identity first, whatever the parameters are called in the types of this version.
  return experimental.createCertificateProviderServerCredentials(files, requireClient ? files : null, requireClient);
}
