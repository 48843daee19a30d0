import { access, constants } from 'node:fs/promises';
import { ServerCredentials, experimental } from '@grpc/grpc-js';

/** Certificates as PEM files. They are read again when they change: renewed certificates need no restart. */
export interface ServerTls {
  readonly certFile: string;
  readonly keyFile: string;
  /** Callers must show a certificate that one of these authorities signed. Without it any caller is served. */
  readonly clientCaFile?: string;
  /** How often the files are looked at: 30 s. */
  readonly refreshMs?: number;
}

/** Throws what reading a file threw when one cannot be read: later, while they are renewed, that only delays callers. */
export async function serverCredentials(tls: ServerTls | undefined): Promise<ServerCredentials> {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const paths = [tls.certFile, tls.keyFile, ...(tls.clientCaFile === undefined ? [] : [tls.clientCaFile])];
  await Promise.all(paths.map((path) => access(path, constants.R_OK)));
  const files = new experimental.FileWatcherCertificateProvider({
    certificateFile: tls.certFile,
    privateKeyFile: tls.keyFile,
    caCertificateFile: tls.clientCaFile,
    refreshIntervalMs: tls.refreshMs ?? 30_000,
  });
  const requireClient = tls.clientCaFile !== undefined;
  // Identity first, whatever the parameters are called in the types of this version.
  return experimental.createCertificateProviderServerCredentials(files, requireClient ? files : null, requireClient);
}
