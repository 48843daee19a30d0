import type { Metric, PrometheusMetric, WebMetric } from '@sluice/model';
import { error, note, type Complaint, type Path } from './finding.ts';
import { hasPlaceholder } from './placeholders.ts';

// Configurations that a provider refuses each time (spec-analysis §11, §12).

type Authentication = NonNullable<WebMetric['authentication']>;

const checkOAuth = (oauth2: Authentication['oauth2'], path: Path): Complaint[] => {
  if (!oauth2?.tokenUrl) return [];
  const missing = (['clientId', 'clientSecret'] as const).filter((field) => !oauth2[field]);
  return missing.map((field) => error(path, `oauth2 needs ${field}`, { atKey: true }));
};

const isUrl = (text: string): boolean => hasPlaceholder(text) || /^https?:\/\/[^/\s]/i.test(text);

const checkPrometheus = (prometheus: PrometheusMetric, path: Path): Complaint[] => {
  const { address, query, timeout, authentication } = prometheus;
  const { username, password } = authentication?.basicAuth ?? {};
  return [
    ...(query ? [] : [error(path, 'prometheus needs a query', { atKey: true })]),
    ...(address ? [] : [note(path, 'no address: it has to come from the environment of the provider')]),
    ...(address && !isUrl(address)
      ? [error([...path, 'address'], 'prometheus address is not is url format: write http://HOST:PORT')]
      : []),
    ...(timeout !== undefined && timeout < 0
      ? [error([...path, 'timeout'], 'prometheus timeout should not be negative')]
      : []),
    ...(Boolean(username) !== Boolean(password)
      ? [error([...path, 'authentication', 'basicAuth'], 'basicAuth needs both username and password', { atKey: true })]
      : []),
    ...checkOAuth(authentication?.oauth2, [...path, 'authentication', 'oauth2']),
  ];
};

const methods = ['GET', 'POST', 'PUT'];

const checkWeb = ({ url, method, body, jsonBody, authentication }: WebMetric, path: Path): Complaint[] => {
  const hasBody = Boolean(body) || (jsonBody !== undefined && jsonBody !== null);
  const isGet = !method || method === 'GET';
  return [
    ...(url ? [] : [error(path, 'web needs a url', { atKey: true })]),
    ...(url && !isUrl(url) ? [error([...path, 'url'], 'the url has to begin with http:// or https://')] : []),
    ...(method && !hasPlaceholder(method) && !methods.includes(method)
      ? [error([...path, 'method'], `unknown method ${method}: it is one of ${methods.join(', ')}`)]
      : []),
    ...(hasBody && isGet
      ? [
          error([...path, body ? 'body' : 'jsonBody'], 'a body can only be sent with method POST or PUT', {
            atKey: true,
          }),
        ]
      : []),
    ...(body && jsonBody !== undefined && jsonBody !== null
      ? [error([...path, 'jsonBody'], 'use either body or jsonBody', { atKey: true })]
      : []),
    ...checkOAuth(authentication?.oauth2, [...path, 'authentication', 'oauth2']),
  ];
};

/** What a provider would refuse in its configuration. */
export const checkProvider = ({ provider }: Metric, path: Path): Complaint[] => [
  ...(provider?.prometheus ? checkPrometheus(provider.prometheus, [...path, 'provider', 'prometheus']) : []),
  ...(provider?.web ? checkWeb(provider.web, [...path, 'provider', 'web']) : []),
];
