import { StartError } from '../lifecycle.ts';
import { isLoopback } from '../loopback.ts';
import { list, text } from '../option-types.ts';
import type { ClientTls, ServerTls } from './credentials.ts';
import { readTlsFiles } from './files.ts';
import type { TlsFiles, TlsLogger } from './files.ts';

function identityOptions() {
  return {
    tlsCert: text(
      'Certificate (PEM file) to show to callers and to what is called; read again when it changes. Without it calls are not encrypted.',
    ),
    tlsKey: text('Its private key (PEM file).'),
  };
}

/** For what answers calls. The same words for services and plugins. */
export function serverTlsOptions() {
  return {
    ...identityOptions(),
    tlsClientCa: text('Serve only callers with a certificate of this authority (PEM file).'),
    tlsClientNames: list(
      'Of those serve only callers whose certificate is for one of these names; all of them when empty.',
    ),
  };
}

/** For what calls other services or plugins. */
export function clientTlsOptions() {
  return {
    ...identityOptions(),
    tlsCa: text(
      'Authority (PEM file) of the services and plugins that are called; read again when it changes. Without it they are called without TLS.',
    ),
  };
}

export interface TlsSettings {
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly tlsCa?: string | undefined;
  readonly tlsClientCa?: string | undefined;
  readonly tlsClientNames?: readonly string[] | undefined;
}

/**
 * How to call others. Throws StartError when flags do not go together or their files cannot be used.
 */
export function clientTlsOf(settings: TlsSettings): ClientTls | undefined {
  const { tlsCert, tlsKey, tlsCa } = checked(settings);
  if (tlsCa === undefined) {
    if (tlsCert !== undefined && settings.tlsClientCa === undefined)
      throw new StartError(
        '--tls-cert without --tls-ca: say which authority the services and plugins that are called must be of.',
      );
    return undefined;
  }
  const tls = {
    caFile: tlsCa,
    ...(tlsCert !== undefined && tlsKey !== undefined && { certFile: tlsCert, keyFile: tlsKey }),
  };
  usable(tls, { caFile: '--tls-ca' });
  return tls;
}

/**
 * How to serve. `callers: 'known'` is for services: with a certificate they serve only callers that show one, of --tls-client-ca or else of --tls-ca. Throws StartError
 * when flags do not go together or their files cannot be used.
 */
export function serverTlsOf(
  settings: TlsSettings,
  { callers, logger }: { readonly callers: 'known' | 'anyone'; readonly logger?: TlsLogger },
): ServerTls | undefined {
  const { tlsCert, tlsKey, tlsCa, tlsClientCa, tlsClientNames = [] } = checked(settings);
  if (tlsCert === undefined || tlsKey === undefined) {
    if (tlsClientCa !== undefined || tlsClientNames.length > 0)
      throw new StartError(
        '--tls-client-ca and --tls-client-names take a certificate of this side: give --tls-cert and --tls-key.',
      );
    if (tlsCa !== undefined && callers === 'known')
      throw new StartError(
        'with --tls-ca this service is to call with TLS, but it has no certificate to serve with: give --tls-cert and --tls-key as well.',
      );
    return undefined;
  }
  const clientCaFile = tlsClientCa ?? (callers === 'known' ? tlsCa : undefined);
  if (clientCaFile === undefined && callers === 'known')
    throw new StartError('--tls-cert without --tls-ca or --tls-client-ca: say whose callers are served.');
  if (clientCaFile === undefined && tlsClientNames.length > 0)
    throw new StartError(
      '--tls-client-names without --tls-client-ca: names count only where an authority vouches for them.',
    );
  const caFlag = tlsClientCa === undefined ? '--tls-ca' : '--tls-client-ca';
  usable({ certFile: tlsCert, keyFile: tlsKey, caFile: clientCaFile }, { caFile: caFlag });
  return {
    certFile: tlsCert,
    keyFile: tlsKey,
    ...(clientCaFile !== undefined && { clientCaFile }),
    ...(tlsClientNames.length > 0 && { clientNames: tlsClientNames }),
    ...(logger !== undefined && { logger }),
  };
}

function checked(settings: TlsSettings): TlsSettings {
  if ((settings.tlsCert === undefined) !== (settings.tlsKey === undefined))
    throw new StartError('--tls-cert and --tls-key go together: give both, or none of the --tls flags.');
  return settings;
}

function usable(files: TlsFiles, { caFile }: { readonly caFile: string }): void {
  try {
    readTlsFiles(files);
  } catch (cause) {
    throw new StartError(`${(cause as Error).message}. Look at --tls-cert, --tls-key and ${caFile}.`, cause);
  }
}

/** Says once, where calls can come from other machines, that they are not protected. */
export function warnOfPlaintext(
  tls: ServerTls | undefined,
  { host, holds, logger }: { readonly host: string; readonly holds: string; readonly logger: TlsLogger },
): void {
  if (tls !== undefined || isLoopback(host)) return;
  logger.warn(
    { host },
    `calls are served without encryption: ${holds}. Give --tls-cert, --tls-key and --tls-client-ca, or serve on 127.0.0.1`,
  );
}
