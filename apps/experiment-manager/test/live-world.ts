import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, resources, silentLogger } from '@sluice/kube';
import type { KubeClient, RawObject, ResourceRef } from '@sluice/kube';
import { startLocalCluster } from '@sluice/local-cluster';
import type { LocalCluster, WriteRecord } from '@sluice/local-cluster';
import type { AnalysisRun, AnalysisRunStatus, Experiment, ExperimentStatus, ReplicaSet } from '@sluice/model';
import { PeerError } from '@sluice/peers';
import type { AnalysisPeer } from '@sluice/peers';
import { parseAllDocuments } from 'yaml';
import { createExperimentManager } from '../src/index.ts';
import type { ExperimentManager, ExperimentManagerOptions } from '../src/index.ts';

const crds = path.resolve(import.meta.dirname, '../../../charts/sluice/crds');
// Generous: what is tried here is that things happen, not how fast.
const patienceMs = 60_000;

/** A local cluster with our CRDs, a person's client, a stand-in for the analysis-runner, and as many managers as a test starts. Everything goes over real HTTP. */
export class LiveWorld {
  readonly namespace = 'shop';
  readonly cluster: LocalCluster;
  /** As a person: not counted as ours. */
  readonly person: KubeClient;
  /** Makes and ends runs as it is asked to, and measures nothing. */
  readonly runner: AnalysisPeer;
  runnerIsAway = false;
  readonly #directory: string;
  readonly #stops: (() => Promise<void> | void)[] = [];
  #clients = 0;

  private constructor(cluster: LocalCluster, person: KubeClient, directory: string) {
    this.cluster = cluster;
    this.person = person;
    this.#directory = directory;
    this.runner = this.#standIn();
  }

  static async open(): Promise<LiveWorld> {
    const cluster = await startLocalCluster({ workloads: { readyAfterMs: 20, recordEvents: false } });
    const directory = mkdtempSync(path.join(tmpdir(), 'sluice-experiment-manager-'));
    const kubeconfig = path.join(directory, 'person');
    cluster.writeKubeconfig(kubeconfig, 'person');
    const world = new LiveWorld(cluster, await createClient({ kubeconfig, userAgent: 'person' }), directory);
    for (const file of readdirSync(crds)) {
      for (const document of parseAllDocuments(readFileSync(path.join(crds, file), 'utf8')))
        await world.person.create(resources.customResourceDefinitions, document.toJS() as RawObject);
    }
    for (const name of ['sluice-system', 'argo-rollouts', world.namespace])
      await world.person.create(resources.namespaces, { metadata: { name } });
    return world;
  }

  async close(): Promise<void> {
    this.cluster.faults.clear();
    for (const stop of this.#stops.toReversed()) await stop();
    this.person.close();
    await this.cluster.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #standIn(): AnalysisPeer {
    const away = (): PeerError => new PeerError('Unavailable', 'the analysis-runner at nowhere:1 cannot be reached');
    return {
      ensureRun: async (run) => {
        if (this.runnerIsAway) throw away();
        const existing = await this.person.find<AnalysisRun>(resources.analysisRuns, run.metadata);
        const { name, uid = '' } = (existing ?? (await this.person.create<AnalysisRun>(resources.analysisRuns, run)))
          .metadata;
        return { namespace: this.namespace, name, uid };
      },
      terminateRun: async ({ name }) => {
        if (this.runnerIsAway) throw away();
        await this.patch('AnalysisRun', name, { spec: { terminate: true } });
      },
      close: () => undefined,
    };
  }

  /** Path of a kubeconfig with which writes stand in the audit as those of `user`. */
  kubeconfig(user: string): string {
    const kubeconfig = path.join(this.#directory, `${user}-${this.#clients++}`);
    this.cluster.writeKubeconfig(kubeconfig, user);
    return kubeconfig;
  }

  /** A client as the manager has it. */
  async client(user = 'sluice'): Promise<KubeClient> {
    const client = await createClient({ kubeconfig: this.kubeconfig(user), userAgent: 'sluice-experiment-manager' });
    this.#stops.push(() => client.close());
    return client;
  }

  /** Without Lease and without other controllers unless a test asks for them. Stopped with the world. */
  async startManager(
    options: Partial<ExperimentManagerOptions> = {},
  ): Promise<ExperimentManager & { readonly address: string }> {
    const manager = createExperimentManager({
      client: options.client ?? (await this.client()),
      analysis: this.runner,
      logger: silentLogger,
      systemNamespace: 'sluice-system',
      identity: 'test',
      leaderElect: false,
      foreignNamespaces: [],
      grpc: { host: '127.0.0.1', port: 0 },
      ...options,
    });
    this.#stops.push(() => manager.stop());
    const { grpc: address = '' } = await manager.start();
    return { ...manager, address, caches: manager.caches, parts: manager.parts ?? [] };
  }

  // What a person does.

  async apply(...objects: readonly RawObject[]): Promise<void> {
    for (const object of objects)
      await this.person.create(refOf(object.kind ?? ''), {
        ...object,
        metadata: { namespace: this.namespace, ...object.metadata },
      });
  }
  patch(kind: string, name: string, body: object): Promise<RawObject> {
    return this.person.patch(refOf(kind), { namespace: this.namespace, name }, 'merge', body);
  }
  terminate(name: string): Promise<RawObject> {
    return this.patch('Experiment', name, { spec: { terminate: true } });
  }
  retry(name: string): Promise<RawObject> {
    return this.patch('Experiment', name, { status: null });
  }
  /** As the analysis-runner writes it. */
  measured(run: string, status: AnalysisRunStatus): Promise<RawObject> {
    return this.patch('AnalysisRun', run, { status });
  }

  // What can be seen.

  experiment(name: string): Promise<Experiment> {
    return this.person.get<Experiment>(resources.experiments, { namespace: this.namespace, name });
  }
  async owned<T extends RawObject>(kind: string, name: string): Promise<readonly T[]> {
    const { items } = await this.person.list<T>(refOf(kind), { namespace: this.namespace });
    return items.filter((object) => object.metadata.ownerReferences?.some((owner) => owner.name === name));
  }
  /** Names and sizes of its ReplicaSets, e.g. `compare-a×1 compare-b×0`. */
  async sizes(name: string): Promise<string> {
    const sets = (await this.owned('ReplicaSet', name)) as unknown as readonly ReplicaSet[];
    return sets
      .map((set) => `${set.metadata.name}×${set.spec.replicas ?? 0}`)
      .sort()
      .join(' ');
  }
  async events(name: string): Promise<readonly string[]> {
    const { items } = await this.person.list<RawObject>(resources.events, { namespace: this.namespace });
    const mine = items.filter((event) => event['involvedObject'].name === name);
    return [...new Set(mine.map((event) => `${event['type']} ${event['reason']}: ${event['message']}`))].sort();
  }
  /** Writes by managers that the server carried out, Leases and Events aside. */
  writes(): readonly WriteRecord[] {
    const counted = (write: WriteRecord): boolean =>
      write.user === 'sluice' && write.code < 300 && write.resource !== 'leases' && write.resource !== 'events';
    return this.cluster.audit.writes().filter(counted);
  }

  // Waiting.

  async until(what: string, test: () => Promise<boolean> | boolean): Promise<void> {
    const end = Date.now() + patienceMs;
    let failure: unknown;
    for (;;) {
      try {
        if (await test()) return;
        failure = undefined;
      } catch (error) {
        failure = error;
      }
      if (Date.now() > end) throw new Error(`still waiting for ${what}`, { cause: failure });
      await sleep(20);
    }
  }
  async status(name: string, what: string, test: (status: ExperimentStatus) => boolean): Promise<void> {
    let last: Experiment | undefined;
    try {
      await this.until(`${name}: ${what}`, async () => {
        last = await this.experiment(name);
        return test(last.status ?? {});
      });
    } catch (cause) {
      throw new Error(`${(cause as Error).message}; its status is ${JSON.stringify(last?.status)}`, { cause });
    }
  }
  phase(name: string, wanted: ExperimentStatus['phase']): Promise<void> {
    return this.status(name, String(wanted), ({ phase }) => phase === wanted);
  }
}

function refOf(kind: string): ResourceRef {
  const found = Object.values(resources).find((ref) => ref.kind === kind);
  if (found === undefined) throw new RangeError(`no kind ${kind} here`);
  return found;
}

// Objects as people write them.

export const variant = (name: string, extra: object = {}) => ({
  name,
  selector: { matchLabels: { app: name } },
  template: {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name: 'main', image: 'shop:1', ports: [{ containerPort: 8080 }] }] },
  },
  ...extra,
});

export const liveExperiment = (name: string, spec: object = {}, metadata: object = {}): RawObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Experiment',
  metadata: { name, ...metadata },
  spec: { templates: [variant('a'), variant('b', { service: {} })], scaleDownDelaySeconds: 0, ...spec },
});

export const liveTemplate = (name: string): RawObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name },
  spec: { metrics: [{ name: 'web', provider: { web: { url: 'http://127.0.0.1:1/' } } }] },
});
