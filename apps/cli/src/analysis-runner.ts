import type { TryTemplateRequest, TryTemplateResponse } from '@sluice/contracts';
import { createAnalysisPeer, isPeerError } from '@sluice/peers';
import type { PeerOptions } from '@sluice/peers';
import { oneToken } from '@sluice/service/identity';
import { CommandError, SilentFailure, UsageError } from './errors.ts';
import type { Session } from './session.ts';

// The one service that a command asks: what measures has the way to the metrics, and the secrets for it.

/** The environment variable that says where the analysis-runner is. */
export const addressVariable = 'SLUICE_ANALYSIS_RUNNER';

/** As charts/sluice names it. */
const service = { namespace: 'sluice-system', name: 'sluice-analysis-runner', port: 8095 };
const forward = `kubectl -n ${service.namespace} port-forward service/${service.name} ${service.port}`;

/**
 * `host:port` of the analysis-runner, by flag or environment.
 *
 * @throws CommandError that says what to type when neither names one
 */
export function analysisRunnerAddress(flag: string | undefined, env: Session['terminal']['env']): string {
  const address = flag ?? env[addressVariable] ?? '';
  if (address === '')
    throw new CommandError(
      `where is the analysis-runner? For the one in your cluster, type in another terminal: ${forward}; then add --analysis-runner 127.0.0.1:${service.port}, or set ${addressVariable} to it.`,
    );
  if (!/^[^\s/]+:\d{1,5}$/.test(address))
    throw new UsageError(
      `invalid ${flag === undefined ? `$${addressVariable}` : 'argument for --analysis-runner'} "${address}": expected HOST:PORT, such as 127.0.0.1:${service.port}`,
    );
  return address;
}

/** PEM files and a name, for an analysis-runner that is served with TLS. The words are those of the services' flags. */
export interface TlsFlags {
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsServerName?: string;
}

/**
 * By flags or environment (`SLUICE_TLS_CA` for `--tls-ca`); undefined without an authority. Through a tunnel the address is this machine's, while the certificate is for
 * the Service at its other end: that name counts then, unless another is given.
 *
 * @throws UsageError when they do not go together
 */
export function analysisRunnerTls(
  flags: TlsFlags,
  address: string,
  env: Session['terminal']['env'],
): PeerOptions['tls'] {
  const given = (flag: keyof TlsFlags, name: string): string | undefined => flags[flag] ?? (env[name] || undefined);
  const caFile = given('tlsCa', 'SLUICE_TLS_CA');
  const certFile = given('tlsCert', 'SLUICE_TLS_CERT');
  const keyFile = given('tlsKey', 'SLUICE_TLS_KEY');
  const serverName = given('tlsServerName', 'SLUICE_TLS_SERVER_NAME');
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new UsageError('--tls-cert and --tls-key go together: give both, or none');
  if (caFile === undefined && (certFile ?? serverName) !== undefined)
    throw new UsageError(
      '--tls-cert, --tls-key and --tls-server-name need --tls-ca: the authority of the analysis-runner',
    );
  if (caFile === undefined) return undefined;
  const isTunnel = /^(127\.|localhost:|\[::1\])/.test(address);
  const name = serverName ?? (isTunnel ? `${service.name}.${service.namespace}.svc` : undefined);
  return {
    caFile,
    ...(certFile !== undefined && keyFile !== undefined && { certFile, keyFile }),
    ...(name !== undefined && { serverName: name }),
  };
}

/** Measures templates once, until it is done or the person has had enough: then what is under way is ended there. */
export async function tryTemplate(
  session: Session,
  to: Pick<PeerOptions, 'address' | 'tls'>,
  request: TryTemplateRequest,
): Promise<TryTemplateResponse> {
  const { signal } = session.terminal;
  // The user's own token: the analysis-runner asks the API server what it allows.
  const tokens = oneToken(await (await session.client()).bearerToken());
  const peer = createAnalysisPeer({ ...to, identity: { tokens, audience: '' } });
  try {
    return await peer.tryTemplate(request, { signal });
  } catch (error) {
    if (signal.aborted) throw new SilentFailure();
    if (!isPeerError(error)) throw error;
    const hint =
      error.code === 'Unavailable' && error.message.endsWith('cannot be reached')
        ? `. Is it running? For the one in your cluster, type in another terminal: ${forward}`
        : '';
    throw new CommandError(`${error.message.replace(/\.$/, '')}${hint}`, { cause: error });
  } finally {
    peer.close();
  }
}
