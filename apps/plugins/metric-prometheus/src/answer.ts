import type { HttpAnswer } from '@sluice/metric-http';
import { PluginError } from '@sluice/plugin-sdk';
import type { PluginErrorCode } from '@sluice/plugin-sdk';

/** What the query API says beside its data. */
export interface QueryAnswer {
  readonly data: unknown;
  readonly warnings: readonly string[];
}

interface Envelope {
  readonly status?: unknown;
  readonly data?: unknown;
  readonly errorType?: unknown;
  readonly error?: unknown;
  readonly warnings?: unknown;
}

/** The server did not get as far as the query: another one of the same data may. */
export class ServerFailure extends PluginError {}

/** The query API answers its own errors with these. */
const apiErrors = new Set([400, 422]);

/** Throws PluginError with `<type>: <message>`; ServerFailure where another server may answer. */
export function readAnswer({ status, text }: HttpAnswer): QueryAnswer {
  const fine = status >= 200 && status <= 299;
  if (!fine && !apiErrors.has(status)) throw statusFailure(status);
  const envelope = status === 204 ? {} : envelopeOf(text);
  if (!fine) {
    if (envelope.status !== 'error')
      throw failure('Unavailable', 'bad_response', 'inconsistent body for response code');
    const type = String(envelope.errorType ?? 'bad_data');
    // A query that takes too long or was called off may do better the next time; one that cannot be read never will.
    throw failure(status === 422 ? 'Unavailable' : 'Invalid', type, String(envelope.error ?? ''));
  }
  if (envelope.status === 'error') throw failure('Unavailable', 'bad_response', 'inconsistent body for response code');
  const { warnings } = envelope;
  return { data: envelope.data, warnings: Array.isArray(warnings) ? warnings.map(String) : [] };
}

function statusFailure(status: number): PluginError {
  if (status >= 500) return new ServerFailure('Unavailable', `server_error: server error: ${status}`);
  if (status === 429) return new PluginError('Throttled', `client_error: client error: ${status}`);
  if (status >= 400) return new PluginError('Unavailable', `client_error: client error: ${status}`);
  return new PluginError('Unavailable', `bad_response: bad response code ${status}`);
}

function envelopeOf(text: string): Envelope {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PluginError('Unavailable', 'bad_response: the answer is not JSON', { cause });
  }
  if (typeof value === 'object' && value !== null) return value;
  throw failure('Unavailable', 'bad_response', 'the answer is not a JSON object');
}

function failure(code: PluginErrorCode, type: string, message: string): PluginError {
  return new PluginError(code, `${type}: ${message}`);
}
