import { servePlugin } from '@sluice/plugin-sdk';
import type { MetricAnswer, MetricQuery, MetricUnderWay, ServedPlugin } from '@sluice/plugin-sdk';

export const fakeProviderName = 'test/fake';

type Answer = (query: MetricQuery, signal: AbortSignal) => MetricAnswer | Promise<MetricAnswer>;

/** A metric provider of the test, over real gRPC: what a metric's configuration calls `answer` says what it answers. */
export interface FakeProvider {
  readonly address: string;
  /** By the word in `answer`; one that is not there answers 1. */
  readonly answers: Map<string, Answer>;
  poll: (query: MetricUnderWay) => MetricAnswer;
  /** Ids of measurements, in the order in which they were begun. */
  readonly started: string[];
  readonly cancelled: string[];
  readonly collected: string[];
  /** Configurations as they came. */
  readonly configs: Record<string, unknown>[];
  stop(): Promise<void>;
}

/** `pending`: it says of itself that measurements may take longer than one call. */
export async function startFakeProvider(options: { readonly sideEffects?: boolean } = {}): Promise<FakeProvider> {
  const answers = new Map<string, Answer>();
  const provider = {
    answers,
    poll: (): MetricAnswer => ({ verdict: 'Successful' }),
    started: [] as string[],
    cancelled: [] as string[],
    collected: [] as string[],
    configs: [] as Record<string, unknown>[],
  } as unknown as Omit<FakeProvider, 'address' | 'stop'>;
  const served: ServedPlugin = await servePlugin({
    name: fakeProviderName,
    version: '1.0.0',
    capabilities: ['pending', ...(options.sideEffects === true ? ['side-effects'] : [])],
    metric: {
      async start(query, call) {
        provider.started.push(query.id);
        provider.configs.push(query.config);
        const word = String((query.config as { answer?: unknown }).answer ?? '');
        const answer = answers.get(word);
        return answer === undefined ? { result: 1 } : await answer(query, call.signal);
      },
      poll: async (query) => provider.poll(query),
      cancel: async (query) => void provider.cancelled.push(query.id),
      async collect({ run, metricName, keep }) {
        provider.collected.push(`${run.name}/${metricName ?? ''}/${keep}`);
        return 0;
      },
    },
  });
  return Object.assign(provider, { address: served.address, stop: () => served.stop(100) });
}
