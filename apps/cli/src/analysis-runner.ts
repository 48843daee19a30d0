import type { TryTemplateRequest, TryTemplateResponse } from '@sluice/contracts';
import { createAnalysisPeer, isPeerError } from '@sluice/peers';
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

/** Measures templates once, until it is done or the person has had enough: then what is under way is ended there. */
export async function tryTemplate(
  session: Session,
  address: string,
  request: TryTemplateRequest,
): Promise<TryTemplateResponse> {
  const { signal } = session.terminal;
  const peer = createAnalysisPeer({ address });
  try {
    return await peer.tryTemplate(request, { signal });
  } catch (error) {
    if (signal.aborted) throw new SilentFailure();
    if (!isPeerError(error)) throw error;
    const hint =
      error.code === 'Unavailable'
        ? `. Is it running? For the one in your cluster, type in another terminal: ${forward}`
        : '';
    throw new CommandError(`${error.message.replace(/\.$/, '')}${hint}`, { cause: error });
  } finally {
    peer.close();
  }
}
