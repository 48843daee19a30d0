import { PluginError } from '@sluice/plugin-sdk';
import type { Call, MetricAnswer, MetricProvider, MetricQuery, MetricUnderWay } from '@sluice/plugin-sdk';
import type { MetricWorld } from '../metric-world.ts';

/** Whom the reference provider asks, and who works for it; outlives the provider. */
export interface BackEnd {
  asked: number;
  /** Questions that it has taken and not answered. */
  hanging: number;
  /** By the id of the measurement. */
  readonly works: Map<string, Work>;
  /** The measurement is not answered; rejects when the asker gives up. */
  hang(signal: AbortSignal): Promise<never>;
}

export interface Work {
  readonly runUid: string;
  readonly ordinal: number;
  state: 'running' | 'done';
  /** Done when it is looked at the next time. */
  readonly ends: boolean;
}

export interface MemoryMetricConfig {
  readonly ask: 'value' | 'nothing' | 'failure' | 'hang' | 'echo' | 'work';
  readonly token?: string;
  readonly ends?: boolean;
}

export function createBackEnd(): BackEnd {
  const backEnd: BackEnd = {
    asked: 0,
    hanging: 0,
    works: new Map(),
    hang(signal) {
      backEnd.hanging += 1;
      return new Promise((_resolve, reject) => {
        const giveUp = (): void => {
          backEnd.hanging -= 1;
          reject(signal.reason as Error);
        };
        if (signal.aborted) giveUp();
        else signal.addEventListener('abort', giveUp, { once: true });
      });
    },
  };
  return backEnd;
}

/** A provider that keeps the contract: it asks, or has work done that is named after the measurement and found again by that name. */
export function createMemoryMetric(backEnd: BackEnd): MetricProvider<MemoryMetricConfig> {
  function stateOf(id: string): MetricAnswer {
    const work = backEnd.works.get(id);
    if (work === undefined) throw new PluginError('NotFound', `there is no work ${id}`);
    return work.state === 'done' ? { verdict: 'Successful' } : { pending: { pollAfterMs: 10 }, metadata: { work: id } };
  }

  async function start(query: MetricQuery<MemoryMetricConfig>, { signal, logger }: Call): Promise<MetricAnswer> {
    const { id, run, ordinal, config } = query;
    logger.debug({ config }, 'measuring');
    if (config.ask === 'work' && backEnd.works.has(id)) return stateOf(id);
    backEnd.asked += 1;
    switch (config.ask) {
      case 'value':
        return { result: [0.5, NaN], metricMetadata: { resolved: 'all' } };
      case 'nothing':
        return { result: [] };
      case 'failure':
        throw new PluginError('Unavailable', 'the back end has refused');
      case 'hang':
        return backEnd.hang(signal);
      case 'echo':
        return { result: config.token, message: `with ${config.token}`, metadata: { url: `/?token=${config.token}` } };
      case 'work':
        backEnd.works.set(id, { runUid: run.uid, ordinal, state: 'running', ends: config.ends === true });
        return stateOf(id);
    }
  }

  return {
    start,
    async poll({ id }) {
      const work = backEnd.works.get(id);
      if (work?.ends === true) work.state = 'done';
      return stateOf(id);
    },
    async cancel({ id }: MetricUnderWay<MemoryMetricConfig>) {
      if (backEnd.works.get(id)?.state === 'running') backEnd.works.delete(id);
    },
    async collect({ run, keep }) {
      const finished = [...backEnd.works]
        .filter(([, { runUid, state }]) => runUid === run.uid && state === 'done')
        .toSorted(([, a], [, b]) => b.ordinal - a.ordinal)
        .slice(keep);
      for (const [id] of finished) backEnd.works.delete(id);
      return finished.length;
    },
  };
}

export function createMetricWorld(backEnd: BackEnd, logged: () => string): MetricWorld {
  const works = (): Work[] => [...backEnd.works.values()];
  return {
    samples: {
      value: { ask: 'value' },
      noData: { ask: 'nothing' },
      failing: { ask: 'failure' },
      hanging: { ask: 'hang' },
      secret: { text: 's3cret-value', config: { ask: 'echo', token: 's3cret-value' } },
      ending: { ask: 'work', ends: true },
      endless: { ask: 'work' },
    },
    asked: async () => backEnd.asked,
    running: async () => backEnd.hanging + works().filter(({ state }) => state === 'running').length,
    leftBehind: async (run) =>
      works()
        .filter(({ runUid }) => runUid === run.uid)
        .map(({ ordinal }) => ordinal),
    logged,
  };
}
