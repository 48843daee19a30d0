import { ExchangeError } from '@sluice/metric-http';
import type { HttpAnswer, MetricHttp } from '@sluice/metric-http';
import { PluginError } from '@sluice/plugin-sdk';
import { ServerFailure, readAnswer } from './answer.ts';
import type { QueryAnswer } from './answer.ts';
import type { Question } from './query.ts';
import type { PrometheusSettings } from './settings.ts';

/** The servers behind metrics, and what is remembered of them: which one answered last, and which take no POST. */
export interface Servers {
  /** Throws PluginError. */
  ask(question: Question, settings: PrometheusSettings, signal: AbortSignal): Promise<QueryAnswer>;
}

/** More would be an address for each metric: then nothing remembered is of use. */
const mostRemembered = 1_000;

export function createServers(http: MetricHttp, now: () => number = () => performance.now()): Servers {
  const answeredLast = new Map<string, string>();
  const onlyGet = new Set<string>();

  async function askOne(address: URL, question: Question, settings: PrometheusSettings, signal: AbortSignal) {
    const began = now();
    const { headers, insecure, oauth2, timeoutMs } = settings;
    const at = urlOf(address, question);
    const request = (method: 'GET' | 'POST'): Promise<HttpAnswer> =>
      http.ask({
        method,
        url: method === 'POST' ? at.href : withForm(at, question.form).href,
        headers: method === 'POST' ? [formType, ...headers] : headers,
        ...(method === 'POST' ? { body: question.form.toString() } : {}),
        timeoutMs: Math.max(0, timeoutMs - (now() - began)),
        // A query changes nothing, whatever its method.
        repeatable: true,
        insecure,
        oauth2,
        signal,
      });
    const first = onlyGet.has(at.href) ? 'GET' : 'POST';
    let answer = await request(first);
    if (first === 'POST' && (answer.status === 405 || answer.status === 501)) {
      if (onlyGet.size >= mostRemembered) onlyGet.clear();
      onlyGet.add(at.href);
      answer = await request('GET');
    }
    return readAnswer(answer);
  }

  return {
    async ask(question, settings, signal) {
      const key = settings.addresses.map(({ href }) => href).join(',');
      const ordered = inOrder(settings.addresses, answeredLast.get(key));
      const failures: string[] = [];
      const began = now();
      for (const [index, address] of ordered.entries()) {
        // What is left is shared by those that are left, so that one that hangs leaves time for the next.
        const timeoutMs = (settings.timeoutMs - (now() - began)) / (ordered.length - index);
        try {
          const answer = await askOne(address, question, { ...settings, timeoutMs }, signal);
          if (ordered.length > 1) remember(answeredLast, key, address.href);
          return answer;
        } catch (thrown) {
          const error = inPrometheusWords(thrown);
          if (!mayAnswerElsewhere(thrown) || ordered.length === 1) throw error;
          failures.push(error.message);
        }
      }
      throw new PluginError('Unavailable', `no address answered: ${failures.join('; ')}`);
    },
  };
}

const formType = { name: 'Content-Type', value: 'application/x-www-form-urlencoded' };

function urlOf(address: URL, { path }: Question): URL {
  const url = new URL(address);
  url.pathname = url.pathname.replace(/\/+$/, '') + path;
  return url;
}

function withForm(at: URL, form: URLSearchParams): URL {
  const url = new URL(at);
  for (const [name, value] of form) url.searchParams.set(name, value);
  return url;
}

function inOrder(addresses: readonly URL[], first: string | undefined): readonly URL[] {
  if (first === undefined) return addresses;
  return [...addresses.filter(({ href }) => href === first), ...addresses.filter(({ href }) => href !== first)];
}

function remember(map: Map<string, string>, key: string, value: string): void {
  if (map.size >= mostRemembered && !map.has(key)) map.clear();
  map.set(key, value);
}

/** Whether it was this server's failure, and not the query's. */
function mayAnswerElsewhere(thrown: unknown): boolean {
  if (thrown instanceof ServerFailure) return true;
  return thrown instanceof ExchangeError && ['timeout', 'unreachable', 'tls', 'token'].includes(thrown.kind);
}

function inPrometheusWords(thrown: unknown): PluginError {
  if (thrown instanceof ExchangeError && thrown.kind === 'timeout')
    return new PluginError('Unavailable', `${thrown.where}: context deadline exceeded`, { cause: thrown });
  if (thrown instanceof PluginError) return thrown;
  throw thrown;
}
