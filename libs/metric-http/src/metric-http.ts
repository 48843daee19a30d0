import { createConnections, resolveAll } from './connect.ts';
import type { ResolveAll } from './connect.ts';
import { createDestinations } from './destinations.ts';
import type { DestinationRules } from './destinations.ts';
import { createExchange, isAbsoluteUrl } from './exchange.ts';
import type { HttpAnswer, HttpRequest } from './exchange.ts';
import { ExchangeError, whereOf } from './exchange-error.ts';
import { createTokens } from './oauth2.ts';
import type { ClientCredentials } from './oauth2.ts';

export interface MetricHttpOptions extends DestinationRules {
  /** `sluice-metric-web/0.1.0` */
  readonly userAgent: string;
  /** Authorities (PEM) that are trusted beside those of the system. */
  readonly ca?: string | undefined;
  /** Bytes of one answer, decompressed: 1 MiB. */
  readonly maxAnswerBytes?: number;
  /** 10 */
  readonly maxRedirects?: number;
  /** Connections to one origin at once: 256. */
  readonly connections?: number;
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are looked up: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How names become addresses: as the system does it. */
  readonly resolve?: ResolveAll;
}

export interface MetricRequest extends HttpRequest {
  /** Asks with a token that is given for these. */
  readonly oauth2?: ClientCredentials | undefined;
}

export interface MetricHttp {
  /** Throws ExchangeError. An answer with any status is an answer. */
  ask(request: MetricRequest): Promise<HttpAnswer>;
  close(): Promise<void>;
}

/** Throws an Error with a sentence when a rule about destinations cannot be read. */
export function createMetricHttp(options: MetricHttpOptions): MetricHttp {
  const connections = createConnections({
    destinations: createDestinations(options),
    ca: options.ca,
    connections: options.connections ?? 256,
    env: options.env ?? process.env,
    resolve: options.resolve ?? resolveAll,
  });
  const exchange = createExchange(connections, {
    userAgent: options.userAgent,
    maxAnswerBytes: options.maxAnswerBytes ?? 1_048_576,
    maxRedirects: options.maxRedirects ?? 10,
  });
  const tokens = createTokens(exchange);

  async function askWithToken(request: MetricRequest, credentials: ClientCredentials): Promise<HttpAnswer> {
    const began = performance.now();
    const insecure = request.insecure === true;
    const withinTime = () => ({
      ...request,
      insecure,
      timeoutMs: Math.max(0, request.timeoutMs - (performance.now() - began)),
    });
    const attempt = async () => {
      const token = await tokens.of(credentials, withinTime());
      const headers = [...(request.headers ?? []), { name: 'Authorization', value: `Bearer ${token}` }];
      const answer = await exchange({ ...withinTime(), headers });
      // A server may say what it was sent; the token is nobody's business, and no secret value that others know to mask.
      return { token, answer: { ...answer, text: answer.text.replaceAll(token, '*****') } };
    };
    const first = await attempt();
    if (first.answer.status !== 401) return first.answer;
    // It may have been taken back before its end.
    tokens.forget(credentials, first.token);
    const again = request.method === 'GET' || request.repeatable === true;
    return again ? (await attempt()).answer : first.answer;
  }

  return {
    async ask(request) {
      const { oauth2 } = request;
      if (oauth2 === undefined) return exchange(request);
      if (!isAbsoluteUrl(oauth2.tokenUrl))
        throw new ExchangeError('invalid', 'oauth2', 'tokenUrl is no URL: write it as https://host/path');
      try {
        return await askWithToken(request, oauth2);
      } catch (thrown) {
        // The author knows the metric's address; that it is its token that is missing comes after it.
        if (!(thrown instanceof ExchangeError) || !isAbout(thrown, oauth2)) throw thrown;
        const where = isAbsoluteUrl(request.url) ? whereOf(request.method, new URL(request.url)) : request.method;
        throw new ExchangeError(thrown.kind === 'timeout' ? 'timeout' : 'token', where, thrown.message, thrown);
      }
    },
    close: () => connections.close(),
  };
}

function isAbout({ where }: ExchangeError, { tokenUrl }: ClientCredentials): boolean {
  return where === whereOf('POST', new URL(tokenUrl));
}
