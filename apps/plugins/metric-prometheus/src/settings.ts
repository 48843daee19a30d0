import {
  basic,
  flagOf,
  headersOf,
  invalid,
  isAbsoluteUrl,
  numberOf,
  oauth2Of,
  objectOf,
  textOf,
} from '@sluice/metric-http';
import type { ClientCredentials, Header } from '@sluice/metric-http';
import type { JsonObject } from '@sluice/plugin-sdk';

/** `provider.prometheus`, as it stands in a manifest, read. */
export interface PrometheusSettings {
  /** At least one; they serve the same data. */
  readonly addresses: readonly URL[];
  readonly query: string;
  /** Texts as written: times are expressions, relative to the moment of the measurement. */
  readonly range: { readonly start: string; readonly end: string; readonly step: string } | undefined;
  readonly timeoutMs: number;
  readonly insecure: boolean;
  readonly headers: readonly Header[];
  readonly oauth2: ClientCredentials | undefined;
}

const standardTimeoutSeconds = 30;

/** `addresses` are asked where a metric names none. Throws PluginError `Invalid`. */
export function readPrometheusSettings(raw: JsonObject, addresses: readonly string[]): PrometheusSettings {
  const timeoutSeconds = numberOf(raw, 'timeout') ?? standardTimeoutSeconds;
  if (timeoutSeconds < 0) throw invalid('timeout', 'prometheus timeout should not be negative');
  const parsed = addressesOf(raw, addresses);
  refuseSignatures(raw, parsed);
  return {
    addresses: parsed,
    query: textOf(raw, 'query') ?? '',
    range: rangeOf(raw),
    timeoutMs: timeoutSeconds * 1_000,
    insecure: flagOf(raw, 'insecure'),
    headers: [...headersOf(raw), ...basicAuthOf(raw)],
    oauth2: oauth2Of(raw),
  };
}

/** Several, with commas between them, are replicas: the next one is asked where one does not answer. */
export function addressList(text: string): readonly string[] {
  return text
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');
}

function addressesOf(raw: JsonObject, standard: readonly string[]): readonly URL[] {
  const own = addressList(textOf(raw, 'address') ?? '');
  const used = own.length > 0 ? own : standard;
  if (used.length === 0) throw invalid('address', 'prometheus address is not configured');
  return used.map((address) => {
    if (!isAbsoluteUrl(address)) throw invalid('address', 'prometheus address is not is url format');
    return new URL(address);
  });
}

function rangeOf(raw: JsonObject): PrometheusSettings['range'] {
  if (raw['rangeQuery'] === undefined || raw['rangeQuery'] === null) return undefined;
  const range = objectOf(raw, 'rangeQuery');
  const part = (name: string): string => textOf(range, name, `rangeQuery.${name}`) ?? '';
  return { start: part('start'), end: part('end'), step: part('step') };
}

function basicAuthOf(raw: JsonObject): readonly Header[] {
  const basicAuth = objectOf(objectOf(raw, 'authentication'), 'basicAuth', 'authentication.basicAuth');
  const at = 'authentication.basicAuth';
  const username = textOf(basicAuth, 'username', `${at}.username`) ?? '';
  const password = textOf(basicAuth, 'password', `${at}.password`) ?? '';
  if (username === '' && password === '') return [];
  if (username === '' || password === '')
    throw invalid(
      at,
      `missing mandatory parameter in metric for basic auth setup: ${username === '' ? 'username' : 'password'}`,
    );
  return [{ name: 'Authorization', value: basic(username, password) }];
}

/** Only workspaces of AWS want signed requests; for every other address the section is meaningless and passed over. */
function refuseSignatures(raw: JsonObject, addresses: readonly URL[]): void {
  const sigv4 = objectOf(objectOf(raw, 'authentication'), 'sigv4', 'authentication.sigv4');
  const wanted = Object.values(sigv4).some((value) => value !== '' && value !== null);
  if (wanted && addresses.some(({ href }) => href.includes('aps-workspaces')))
    throw invalid(
      'authentication.sigv4',
      'requests are not signed for AWS here: put a signing proxy (aws-sigv4-proxy) before the workspace and name its address',
    );
}
