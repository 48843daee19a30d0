import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createClient, resources, silentLogger } from '@sluice/kube';
import type { KubeClient, RawObject } from '@sluice/kube';
import { startLocalCluster } from '@sluice/local-cluster';
import type { LocalCluster, WriteRecord } from '@sluice/local-cluster';
import { waitUntil } from '@sluice/local-cluster/testing';
import type { AnalysisRun, AnalysisRunSpec, Metric } from '@sluice/model';
import { createPluginHost } from '@sluice/plugin-host';
import type { Assembly } from '@sluice/service';
import type { ClientTls } from '@sluice/service/tls';
import { parseAllDocuments } from 'yaml';
import { createSchedulerParts, createWorkerParts } from '../src/index.ts';
import type { SchedulerParts, SchedulerPartsOptions, WorkerPartsOptions } from '../src/index.ts';
import type { RedisPlace } from '../src/redis.ts';
import { fakeProviderName, startFakeProvider } from './fake-provider.ts';
import type { FakeProvider } from './fake-provider.ts';
import { startRedis } from './redis-server.ts';
import type { RedisServer } from './redis-server.ts';

const crds = path.resolve(import.meta.dirname, '../../../charts/sluice/crds');
// Generous: what is tried here is that things happen, not how fast.
const patienceMs = 60_000;
let serial = 0;

export interface RunningScheduler extends SchedulerParts {
  readonly identity: string;
  stop(): Promise<void>;
}

export interface RunningWorker extends Assembly {
  stop(): Promise<void>;
}

/** A local cluster with our CRDs, a real Redis, a provider, and as many schedulers and workers as a test starts. */
export class MeasuringWorld {
  readonly namespace = 'shop';
  readonly cluster: LocalCluster;
  readonly redis: RedisServer;
  readonly provider: FakeProvider;
  /** As a person: not counted as ours. */
  readonly person: KubeClient;
  readonly #directory: string;
  #stops: (() => Promise<void> | void)[] = [];

  private constructor(
    cluster: LocalCluster,
    redis: RedisServer,
    provider: FakeProvider,
    person: KubeClient,
    directory: string,
  ) {
    this.cluster = cluster;
    this.redis = redis;
    this.provider = provider;
    this.person = person;
    this.#directory = directory;
  }

  static async open(): Promise<MeasuringWorld> {
    const [cluster, redis, provider] = await Promise.all([
      startLocalCluster({ workloads: { readyAfterMs: 20, recordEvents: false } }),
      startRedis(),
      startFakeProvider(),
    ]);
    const directory = mkdtempSync(path.join(tmpdir(), 'sluice-analysis-runner-'));
    const kubeconfig = path.join(directory, 'person');
    cluster.writeKubeconfig(kubeconfig, 'person');
    const person = await createClient({ kubeconfig, userAgent: 'person' });
    const world = new MeasuringWorld(cluster, redis, provider, person, directory);
    for (const file of readdirSync(crds))
      for (const document of parseAllDocuments(readFileSync(path.join(crds, file), 'utf8')))
        await person.create(resources.customResourceDefinitions, document.toJS() as RawObject);
    for (const name of ['sluice-system', world.namespace, 'other'])
      await person.create(resources.namespaces, { metadata: { name } });
    return world;
  }

  /** Stops what the test has started and removes its runs, for the next one. */
  async tidy(): Promise<void> {
    this.cluster.faults.clear();
    const stops = this.#stops.toReversed();
    this.#stops = [];
    for (const stop of stops) await stop();
    for (const namespace of [this.namespace, 'other'])
      for (const { metadata } of (await this.person.list(resources.analysisRuns, { namespace })).items)
        await this.person.remove(resources.analysisRuns, metadata).catch(() => undefined);
    this.provider.answers.clear();
    for (const list of [this.provider.started, this.provider.cancelled, this.provider.collected]) list.length = 0;
    this.provider.configs.length = 0;
  }

  async close(): Promise<void> {
    await this.tidy();
    this.person.close();
    await Promise.all([this.cluster.stop(), this.redis.kill(), this.provider.stop()]);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  kubeconfig(user: string): string {
    const kubeconfig = path.join(this.#directory, `${user}-${serial++}`);
    this.cluster.writeKubeconfig(kubeconfig, user);
    return kubeconfig;
  }

  place(url = this.redis.url): RedisPlace {
    return { url, prefix: 'sluice' };
  }

  #plugins() {
    return createPluginHost({
      configured: [{ type: 'metric', name: fakeProviderName, address: this.provider.address }],
      callsAtOnce: 1_000,
    });
  }

  /** Without Lease and without other controllers unless a test asks for them. Stopped with the test. */
  async startScheduler(options: Partial<SchedulerPartsOptions> = {}): Promise<RunningScheduler> {
    const identity = `scheduler-${serial++}`;
    const client =
      options.client ?? (await createClient({ kubeconfig: this.kubeconfig('sluice'), userAgent: 'sluice' }));
    const plugins = this.#plugins();
    const assembly = createSchedulerParts({
      client,
      plugins,
      logger: silentLogger,
      redis: this.place(),
      systemNamespace: 'sluice-system',
      identity,
      leaderElect: false,
      foreignNamespaces: [],
      grpc: { host: '127.0.0.1', port: 0 },
      secretsKeptMs: 50,
      reofferMs: 500,
      ...options,
    });
    await plugins.start();
    for (const part of assembly.parts) await part.start();
    let stopped: Promise<void> | undefined;
    const stop = (): Promise<void> =>
      (stopped ??= (async () => {
        for (const part of assembly.parts.toReversed()) await part.stop?.();
        await plugins.stop();
        client.close();
      })());
    this.#stops.push(stop);
    return { ...assembly, identity, stop };
  }

  startWorker(...schedulers: readonly RunningScheduler[]): Promise<RunningWorker> {
    return this.#startWorker(schedulers, {});
  }

  startWorkerWith(options: Partial<WorkerPartsOptions>, ...schedulers: readonly RunningScheduler[]) {
    return this.#startWorker(schedulers, options);
  }

  /** With certificates, or none. What it logs as a warning's reason goes to `said`. */
  startSecureWorker(
    tls: ClientTls | undefined,
    scheduler: RunningScheduler,
    said: string[] = [],
  ): Promise<{ stop(): Promise<void> }> {
    const warn = (fields: object): void => void said.push(String((fields as { why?: unknown }).why));
    return this.#startWorker([scheduler], { tls, logger: { ...silentLogger, warn } });
  }

  async #startWorker(
    schedulers: readonly RunningScheduler[],
    options: Partial<WorkerPartsOptions>,
  ): Promise<RunningWorker> {
    const plugins = this.#plugins();
    await plugins.start();
    const assembly = createWorkerParts({
      redis: this.place(),
      identity: `worker-${serial++}`,
      plugins,
      logger: silentLogger,
      graceMs: 200,
      schedulers: () => schedulers.map((scheduler) => scheduler.address()),
      ...options,
    });
    for (const part of assembly.parts) await part.start();
    let stopped: Promise<void> | undefined;
    const stop = (): Promise<void> =>
      (stopped ??= (async () => {
        for (const part of assembly.parts.toReversed()) await part.stop?.();
        await plugins.stop();
      })());
    this.#stops.push(stop);
    return { ...assembly, stop };
  }

  async startBoth(options: Partial<SchedulerPartsOptions> = {}): Promise<RunningScheduler> {
    const scheduler = await this.startScheduler(options);
    await this.startWorker(scheduler);
    return scheduler;
  }

  // What a person does.

  async createRun(name: string, spec: Partial<AnalysisRunSpec>, namespace = this.namespace): Promise<AnalysisRun> {
    const run = { metadata: { name, namespace }, spec: { metrics: [metric()], ...spec } };
    return (await this.person.create(resources.analysisRuns, run as RawObject)) as unknown as AnalysisRun;
  }
  patchRun(name: string, body: object): Promise<RawObject> {
    return this.person.patch(resources.analysisRuns, { namespace: this.namespace, name }, 'merge', body);
  }
  async putSecret(name: string, data: Readonly<Record<string, string>>): Promise<void> {
    const encoded = Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    );
    const key = { namespace: this.namespace, name };
    if (await this.person.find(resources.secrets, key))
      await this.person.patch(resources.secrets, key, 'merge', { data: encoded });
    else await this.person.create(resources.secrets, { metadata: key, data: encoded } as RawObject);
  }

  // What can be seen.

  run(name: string, namespace = this.namespace): Promise<AnalysisRun> {
    return this.person.get<AnalysisRun>(resources.analysisRuns, { namespace, name });
  }
  async eventReasons(name: string): Promise<readonly string[]> {
    const { items } = await this.person.list<RawObject>(resources.events, { namespace: this.namespace });
    return items
      .filter((event) => event['involvedObject'].name === name)
      .map((event) => event['reason'] as string)
      .sort();
  }
  /** Writes of ours that the server carried out, Leases and Events aside. */
  writes(): readonly WriteRecord[] {
    return this.cluster.audit
      .writes()
      .filter(
        ({ user, code, resource }) => user === 'sluice' && code < 300 && resource !== 'leases' && resource !== 'events',
      );
  }

  // Waiting.

  until(what: string, test: () => Promise<boolean> | boolean): Promise<void> {
    return waitUntil(what, test, { patienceMs });
  }
  async phase(name: string, phase: string, namespace = this.namespace): Promise<AnalysisRun> {
    let last: AnalysisRun | undefined;
    try {
      await this.until(`${name} to be ${phase}`, async () => {
        last = await this.run(name, namespace);
        return last.status?.phase === phase;
      });
    } catch (cause) {
      throw new Error(`${(cause as Error).message}; its status is ${JSON.stringify(last?.status)}`, { cause });
    }
    return last as AnalysisRun;
  }
}

/** A metric of the fake provider. */
export function metric(name = 'm', more: Partial<Metric> = {}, answer = 'good'): Metric {
  return { name, provider: { plugin: { [fakeProviderName]: { answer } } }, ...more } as Metric;
}
