// Runs with known answers are measured while everything that measures them is killed.
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, resources } from '@sluice/kube';
import type { KubeClient } from '@sluice/kube';
import type { AnalysisRun } from '@sluice/model';
import { installCustomResources, startLocalCluster } from '@sluice/tools-start';
import type { Session } from '@sluice/tools-start';
import { createRedis, createRunners } from './analysis-parts.ts';
import type { Part } from './part.ts';
import {
  NAMESPACE,
  expectedOf,
  knownRun,
  manifestOf,
  mistakeIn,
  providerName,
  startKnownProvider,
} from './known-answers.ts';
import type { KnownRun } from './known-answers.ts';
import { createRandom } from './random.ts';
import type { Random } from './random.ts';

export interface AnalysisChaosOptions {
  readonly runs: number;
  readonly seed: number;
  /** How long all runs together may take. */
  readonly patienceMs: number;
  readonly folder: string;
  readonly say: (line: string) => void;
}

export interface AnalysisChaosResult {
  readonly seconds: number;
  readonly done: Readonly<Record<string, number>>;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly measurements: number;
  /** How often the provider was asked; more than `measurements` where a worker or scheduler was killed in between. */
  readonly asked: number;
  readonly mistakes: readonly string[];
}

const AT_ONCE = 20;

export async function runAnalysisChaos(session: Session, options: AnalysisChaosOptions): Promise<AnalysisChaosResult> {
  const random = createRandom(options.seed);
  const { kubeconfig } = await startLocalCluster(session);
  const client = await createClient({ kubeconfig, userAgent: 'sluice-chaos' });
  session.atEnd(() => client.close());
  await installCustomResources(client);
  for (const name of ['sluice-system', NAMESPACE]) await client.create(resources.namespaces, { metadata: { name } });
  const provider = await startKnownProvider(random);
  const redis = await createRedis(options.folder);
  const plan = {
    kubeconfig,
    redisUrl: redis.url,
    plugins: `metric:${providerName}=${provider.address}`,
    folder: options.folder,
  };
  const { schedulers, workers } = await createRunners({ ...plan, schedulers: 2, workers: 2 });
  session.atEnd(async () => {
    await Promise.all([...schedulers, ...workers, redis].map((part) => part.kill()));
    await provider.stop();
  });
  await redis.start();
  for (const part of [...schedulers, ...workers]) await part.start();

  const known = Array.from({ length: options.runs }, (_none, index) => knownRun(`run-${index}`, random));
  const startedAt = performance.now();
  const stopper = new AbortController();
  const done: Record<string, number> = {};
  const killing = harm({ schedulers, workers, redis, provider, random, done, signal: stopper.signal });
  for (let from = 0; from < known.length; from += AT_ONCE)
    await Promise.all(
      known.slice(from, from + AT_ONCE).map((run) => client.create(resources.analysisRuns, manifestOf(run))),
    );
  await untilEnded(client, known, options);
  stopper.abort();
  await killing;
  const ended = await endedRuns(client);
  const verdicts: Record<string, number> = {};
  for (const run of known) verdicts[expectedOf(run).phase] = (verdicts[expectedOf(run).phase] ?? 0) + 1;
  return {
    seconds: (performance.now() - startedAt) / 1_000,
    done,
    verdicts,
    measurements: known.reduce((sum, run) => sum + expectedOf(run).measurements, 0),
    asked: provider.asked,
    mistakes: known.flatMap((run) => mistakeIn(run, ended.get(run.name)) ?? []),
  };
}

async function endedRuns(client: KubeClient): Promise<ReadonlyMap<string, AnalysisRun>> {
  const { items } = await client.list<AnalysisRun>(resources.analysisRuns, { namespace: NAMESPACE });
  return new Map(items.map((run) => [run.metadata.name ?? '', run]));
}

async function untilEnded(
  client: KubeClient,
  known: readonly KnownRun[],
  { patienceMs, say }: AnalysisChaosOptions,
): Promise<void> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const runs = await endedRuns(client);
    const open = known.filter(({ name }) => runs.get(name)?.status?.completedAt === undefined).length;
    say(`${known.length - open} of ${known.length} runs have ended`);
    if (open === 0 || performance.now() > until) return;
    await sleep(5_000);
  }
}

interface Harmed {
  readonly schedulers: readonly Part[];
  readonly workers: readonly Part[];
  readonly redis: Part & { flush(): Promise<void> };
  readonly provider: { hangFor(ms: number): void };
  readonly random: Random;
  readonly done: Record<string, number>;
  readonly signal: AbortSignal;
}

/** One thing at a time, until the signal; everything runs again when this resolves. */
async function harm({ schedulers, workers, redis, provider, random, done, signal }: Harmed): Promise<void> {
  const rest = (ms: number): Promise<void> => sleep(ms, undefined, { signal }).catch(() => undefined);
  const killed = async (what: string, part: Part): Promise<void> => {
    done[what] = (done[what] ?? 0) + 1;
    await part.kill();
    await rest(random.whole(0, 3_000));
    await part.start();
  };
  const harms: readonly (() => Promise<void>)[] = [
    () => killed('worker killed', random.one(workers)),
    () => killed('worker killed', random.one(workers)),
    () => killed('scheduler killed', random.one(schedulers)),
    () => killed('Redis killed', redis),
    async () => {
      done['Redis emptied'] = (done['Redis emptied'] ?? 0) + 1;
      await redis.flush();
    },
    async () => {
      done['provider hung'] = (done['provider hung'] ?? 0) + 1;
      provider.hangFor(random.whole(500, 6_000));
    },
  ];
  while (!signal.aborted) {
    await rest(random.whole(500, 3_000));
    if (!signal.aborted) await random.one(harms)();
  }
}
