import { credentials, experimental } from '@grpc/grpc-js';
import type { ChannelCredentials } from '@grpc/grpc-js';

/** Certificates as PEM files. They are read again when they change. */
export interface ClientTls {
  /** Authorities that may have signed the plugin's certificate. */
  readonly caFile: string;
  /** What this side shows, where plugins ask for it. */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** The name that the plugin's certificate must be for; otherwise the host in its address. */
  readonly serverName?: string;
  /** How often the files are looked at: 30 s. */
  readonly refreshMs?: number;
}

export function channelCredentials(tls: ClientTls | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const { caFile, certFile, keyFile } = tls;
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new TypeError('a certificate for plugins needs both its certFile and its keyFile');
  const files = new experimental.FileWatcherCertificateProvider({
    caCertificateFile: caFile,
    certificateFile: certFile,
    privateKeyFile: keyFile,
    refreshIntervalMs: tls.refreshMs ?? 30_000,
  });
  return experimental.createCertificateProviderChannelCredentials(files, certFile === undefined ? null : files);
}
