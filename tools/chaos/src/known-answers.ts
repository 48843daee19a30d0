// Runs whose every measurement is known before it is taken, and a provider that gives these answers, now and then late.
import type { RawObject } from '@sluice/kube';
import type { AnalysisRun } from '@sluice/model';
import { servePlugin } from '@sluice/plugin-sdk';
import type { ServedPlugin } from '@sluice/plugin-sdk';
import type { Random } from './random.ts';

export const NAMESPACE = 'chaos';
export const providerName = 'chaos/known';

/** What a run will come to. */
export interface KnownRun {
  readonly name: string;
  /** The answer to each measurement, from the first on. */
  readonly answers: readonly ('good' | 'bad' | 'unclear')[];
  readonly count: number;
  readonly failureLimit: number;
  readonly inconclusiveLimit: number;
}

export function knownRun(name: string, random: Random): KnownRun {
  const count = random.whole(8, 20);
  const good = random.chance(0.5);
  const answers = Array.from({ length: count }, () =>
    random.chance(good ? 1 : 0.85) ? 'good' : random.chance(0.7) ? 'bad' : 'unclear',
  );
  // A run that is good has to stay it, whatever is killed.
  return { name, answers, count, failureLimit: random.whole(0, 2), inconclusiveLimit: random.whole(0, 2) };
}

export interface Expected {
  readonly phase: 'Successful' | 'Failed' | 'Inconclusive';
  readonly measurements: number;
}

export function expectedOf({ answers, failureLimit, inconclusiveLimit }: KnownRun): Expected {
  let [bad, unclear] = [0, 0];
  for (const [index, answer] of answers.entries()) {
    if (answer === 'bad') bad += 1;
    if (answer === 'unclear') unclear += 1;
    if (unclear > inconclusiveLimit) return { phase: 'Inconclusive', measurements: index + 1 };
    if (bad > failureLimit) return { phase: 'Failed', measurements: index + 1 };
  }
  return { phase: 'Successful', measurements: answers.length };
}

export function manifestOf({ name, answers, ...limits }: KnownRun): RawObject {
  const metric = {
    name: 'known',
    interval: '1s',
    ...limits,
    successCondition: 'result == 1',
    failureCondition: 'result == 2',
    provider: { plugin: { [providerName]: { answers } } },
  };
  return {
    metadata: { name, namespace: NAMESPACE },
    spec: { metrics: [metric], measurementRetention: [{ metricName: 'known', limit: 100 }] },
  };
}

/** What is wrong with a run that should have ended; undefined when nothing is. */
export function mistakeIn(known: KnownRun, run: AnalysisRun | undefined): string | undefined {
  const { phase, measurements } = expectedOf(known);
  const result = run?.status?.metricResults?.[0];
  if (run?.status?.phase !== phase)
    return `${known.name}: ${run?.status?.phase ?? 'without a phase'} instead of ${phase} (${JSON.stringify(result)})`;
  const wanted = Array.from({ length: measurements }, (_none, index) => String(index + 1)).join();
  const seen = (result?.measurements ?? []).map(({ value }) => value).join();
  if (seen !== wanted) return `${known.name}: counted measurements ${seen} instead of ${wanted}`;
  if ((result?.error ?? 0) > 0)
    return `${known.name}: ${result?.error} errors, where nothing was wrong with the provider`;
  return undefined;
}

export interface KnownProvider {
  readonly address: string;
  /** For so long it answers nothing; then all at once. */
  hangFor(ms: number): void;
  /** Measurements that were begun, those included that had to be begun again. */
  readonly asked: number;
  stop(): Promise<void>;
}

const results = { good: 1, bad: 2, unclear: 3 } as const;

export async function startKnownProvider(random: Random): Promise<KnownProvider> {
  let hangsUntil = 0;
  let asked = 0;
  const served: ServedPlugin = await servePlugin({
    name: providerName,
    version: '1.0.0',
    metric: {
      async start({ ordinal, config }) {
        asked += 1;
        const answers = config['answers'] as unknown as KnownRun['answers'];
        const waitMs = Math.max(hangsUntil - performance.now(), random.whole(1, 40));
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        return { result: results[answers[ordinal - 1] ?? 'unclear'], value: String(ordinal) };
      },
    },
  });
  return {
    address: served.address,
    hangFor: (ms) => void (hangsUntil = performance.now() + ms),
    get asked() {
      return asked;
    },
    stop: () => served.stop(100),
  };
}
