// Experiments with known ends run, alone and as steps of Rollouts that clients use, while everything that runs them is killed.
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, resources } from '@sluice/kube';
import type { KubeClient, KubeObject } from '@sluice/kube';
import { runLoad, startLocalCluster } from '@sluice/local-cluster';
import type { LocalCluster, Totals } from '@sluice/local-cluster';
import { experimentTemplateNameAnnotation } from '@sluice/model';
import type { AnalysisRun, Experiment, Pod, ReplicaSet, Rollout, Service } from '@sluice/model';
import { installCustomResources, routerCrds, sluiceCrds } from '@sluice/tools-start';
import type { Session } from '@sluice/tools-start';
import { createRedis, createRunners } from './analysis-parts.ts';
import { kinds } from './apps.ts';
import { createExperimentParts } from './experiment-parts.ts';
import { NAMESPACE, providerName, startKnownProvider } from './known-answers.ts';
import { analysisTemplates, imagePatch, knownExperiment, knownStep, notAtItsEnd } from './known-experiments.ts';
import type { Deed, KnownExperiment } from './known-experiments.ts';
import type { Part } from './part.ts';
import { createRandom } from './random.ts';
import type { Random } from './random.ts';

export interface ExperimentChaosOptions {
  readonly experiments: number;
  readonly atOnce: number;
  readonly seed: number;
  /** Requests of clients a second, to all Rollouts together. */
  readonly rate: number;
  /** How long one may take. */
  readonly patienceMs: number;
  readonly folder: string;
  readonly say: (line: string) => void;
}

export interface ExperimentChaosResult {
  readonly seconds: number;
  readonly cases: Readonly<Record<string, number>>;
  readonly done: Readonly<Record<string, number>>;
  readonly totals: Totals;
  /** Ends that were not the known ones, what was left behind, and requests that a right order would have answered. */
  readonly mistakes: readonly string[];
}

interface World {
  readonly cluster: LocalCluster;
  readonly client: KubeClient;
  /** Each may be killed at any time. */
  readonly parts: readonly Part[];
}

export async function runExperimentChaos(
  session: Session,
  options: ExperimentChaosOptions,
): Promise<ExperimentChaosResult> {
  const random = createRandom(options.seed);
  const { cluster, client, parts } = await openWorld(session, options, random);
  const plane = cluster.dataPlane!;
  const [over, calm] = [new AbortController(), new AbortController()];
  session.atEnd(() => [over, calm].forEach((each) => each.abort()));
  const visited = new Set<string>();
  const targets = () => [...visited].flatMap((name) => plane.entrances(`${NAMESPACE}/${name}`));
  const load = { url: plane.url, targets, ratePerSecond: options.rate, durationMs: 3_600_000, signal: over.signal };
  const sending = runLoad(load);
  const startedAt = performance.now();
  const done: Record<string, number> = {};
  const killing = harm({ cluster, parts, random: createRandom(options.seed + 1), done, signal: calm.signal });
  const known = Array.from({ length: options.experiments }, (_none, i) =>
    random.chance(0.5) ? knownExperiment(`x-${i}`, random) : knownStep(`r-${i}`, random),
  );
  const mistakes: string[] = [];
  const queue = [...known];
  const play = async (): Promise<void> => {
    for (let next; (next = queue.shift()) !== undefined;) {
      const mistake = await playOne(client, next, visited, options);
      if (mistake !== undefined) mistakes.push(mistake);
      options.say(mistake ?? `${next.name} (${next.case}): ${next.end.phase}`);
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, play));
  calm.abort();
  await killing;
  over.abort();
  await sending;
  const { totals, failures } = plane.report();
  const avoidable = failures.avoidableRequests.map((failed) => `avoidable: ${JSON.stringify(failed)}`);
  const cases: Record<string, number> = {};
  for (const { case: which } of known) cases[which] = (cases[which] ?? 0) + 1;
  const seconds = (performance.now() - startedAt) / 1_000;
  return { seconds, cases, done, totals, mistakes: [...mistakes, ...avoidable] };
}

async function openWorld(session: Session, { folder }: ExperimentChaosOptions, random: Random): Promise<World> {
  const workloads = { readyAfterMs: 200, recordEvents: false, runCommands: false };
  const cluster = await startLocalCluster({ dataPlane: true, workloads });
  session.atEnd(() => cluster.stop());
  const kubeconfig = path.join(folder, 'kubeconfig');
  cluster.writeKubeconfig(kubeconfig, 'sluice');
  const client = await createClient({ kubeconfig, userAgent: 'sluice-chaos' });
  session.atEnd(() => client.close());
  await installCustomResources(client, [sluiceCrds, routerCrds]);
  for (const name of ['sluice-system', NAMESPACE]) await client.create(resources.namespaces, { metadata: { name } });
  for (const template of analysisTemplates) await client.create(resources.analysisTemplates, template);
  const provider = await startKnownProvider(random);
  const redis = await createRedis(folder);
  const plan = { kubeconfig, folder, plugins: `metric:${providerName}=${provider.address}`, redisUrl: redis.url };
  const runners = await createRunners({ ...plan, schedulers: 1, workers: 1 });
  const own = await createExperimentParts({ kubeconfig, folder, analysisRunner: runners.addresses[0] ?? '' });
  const parts = [...runners.schedulers, ...runners.workers, own.manager, own.controller, own.router];
  session.atEnd(async () => {
    await Promise.all([...parts, redis].map((part) => part.kill()));
    await provider.stop();
  });
  await redis.start();
  for (const part of parts) await part.start();
  return { cluster, client, parts };
}

interface Harmed {
  readonly cluster: LocalCluster;
  readonly parts: readonly Part[];
  readonly random: Random;
  readonly done: Record<string, number>;
  readonly signal: AbortSignal;
}

/** One thing at a time, until the signal; everything runs again when this resolves. */
async function harm({ cluster, parts, random, done, signal }: Harmed): Promise<void> {
  const rest = (ms: number): Promise<void> => sleep(ms, undefined, { signal }).catch(() => undefined);
  const count = (what: string): void => void (done[what] = (done[what] ?? 0) + 1);
  while (!signal.aborted) {
    await rest(random.whole(200, 2_500));
    if (signal.aborted) return;
    if (random.chance(0.15)) {
      count('watches dropped');
      cluster.faults.dropWatches();
      continue;
    }
    const part = random.one(parts);
    count(`${part.name} killed`);
    await part.kill();
    await rest(random.whole(0, 3_000));
    await part.start();
  }
}

/** What is wrong with how it has ended; undefined when nothing is. */
async function playOne(
  client: KubeClient,
  known: KnownExperiment,
  visited: Set<string>,
  { patienceMs }: ExperimentChaosOptions,
): Promise<string | undefined> {
  const { name, kind, objects, deeds } = known;
  const key = { namespace: NAMESPACE, name };
  const ref = kind === 'Rollout' ? resources.rollouts : resources.experiments;
  const find = () => client.find<Experiment | Rollout>(ref, key);
  for (const object of objects) await client.create(kinds[object.kind ?? ''] ?? resources.experiments, object);
  if (kind === 'Rollout') {
    const isUp = async () => ((await find())?.status?.phase === 'Healthy' ? undefined : `${name} did not come up`);
    const trouble = await patiently(isUp, patienceMs);
    if (trouble !== undefined) return trouble;
    visited.add(name);
    await client.patch(ref, key, 'merge', imagePatch('shop:2'));
  }
  for (const { do: deed, afterMs } of deeds) {
    await sleep(afterMs);
    await act(client, known, deed);
  }
  const wrong = async () => notAtItsEnd(known, await find()) ?? (await leftBehind(client, known));
  const mistake = await patiently(wrong, patienceMs);
  visited.delete(name);
  return mistake;
}

async function act(client: KubeClient, { name, end }: KnownExperiment, deed: Deed['do']): Promise<void> {
  const key = { namespace: NAMESPACE, name };
  const experiment = (body: object) => client.patch(resources.experiments, key, 'merge', body);
  const rollout = (body: object, options = {}) => client.patch(resources.rollouts, key, 'merge', body, options);
  switch (deed) {
    case 'terminate':
      return void (await experiment({ spec: { terminate: true } }));
    case 'run again':
      return void (await experiment({ status: null }));
    case 'abort':
      return void (await rollout({ status: { abort: true } }, { subresource: 'status' }));
    case 'retry':
      return void (await rollout({ status: { abort: false } }, { subresource: 'status' }));
    case 'supersede':
      return void (await rollout(imagePatch(end.image ?? 'shop:3')));
    default:
      deed satisfies never;
  }
}

async function patiently(wrong: () => Promise<string | undefined>, patienceMs: number): Promise<string | undefined> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const trouble = await wrong().catch((error: Error) => error.message);
    if (trouble === undefined || performance.now() > until) return trouble;
    await sleep(250);
  }
}

const isOwnedBy = ({ metadata }: KubeObject, owners: readonly KubeObject[]): boolean =>
  metadata.ownerReferences?.some(({ uid }) => owners.some((owner) => owner.metadata.uid === uid)) ?? false;

/** What its experiments have made and not taken away. */
async function leftBehind(client: KubeClient, { name, kind }: KnownExperiment): Promise<string | undefined> {
  const all = async <T extends KubeObject>(ref: Parameters<KubeClient['list']>[0]): Promise<readonly T[]> =>
    (await client.list<T>(ref, { namespace: NAMESPACE })).items;
  const [experiments, sets, pods, services, runs] = await Promise.all([
    all<Experiment>(resources.experiments),
    all<ReplicaSet>(resources.replicaSets),
    all<Pod>(resources.pods),
    all<Service>(resources.services),
    all<AnalysisRun>(resources.analysisRuns),
  ]);
  const own = experiments.filter(({ metadata }) => metadata.name === name || metadata.name.startsWith(`${name}-`));
  const ofExperiments = sets.filter((set) => isOwnedBy(set, own));
  const left = [
    ...pods.filter((pod) => isOwnedBy(pod, ofExperiments)),
    ...services.filter(
      (service) =>
        service.metadata.annotations?.[experimentTemplateNameAnnotation] !== undefined && isOwnedBy(service, own),
    ),
    ...runs.filter((run) => isOwnedBy(run, own) && !isOver(run.status?.phase)),
    ...own.filter(({ status }) => !isOver(status?.phase)),
  ].map((object) => object.metadata.name);
  if (left.length > 0) return `${name} has left behind ${left.join(', ')}`;
  return kind === 'Rollout' ? await routedStill(client, name) : undefined;
}

const isOver = (phase: string | undefined): boolean =>
  ['Successful', 'Failed', 'Error', 'Inconclusive'].includes(phase ?? '');

async function routedStill(client: KubeClient, name: string): Promise<string | undefined> {
  const key = { namespace: NAMESPACE, name };
  const route = await client.find<KubeObject & { spec?: { http?: { route?: { destination: { host: string } }[] }[] } }>(
    kinds['VirtualService'] ?? resources.services,
    key,
  );
  const hosts = (route?.spec?.http?.[0]?.route ?? []).map(({ destination }) => destination.host);
  if (hosts.length !== 2) return `${name} is routed to ${hosts.join(', ')}`;
  const rollout = await client.find<Rollout>(resources.rollouts, key);
  const weights = rollout?.status?.canary?.weights?.additional ?? [];
  return weights.length > 0 ? `${name} gives weights still: ${JSON.stringify(weights)}` : undefined;
}
