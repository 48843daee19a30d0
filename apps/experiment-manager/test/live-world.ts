import { resources, silentLogger } from '@sluice/kube';
import type { RawObject } from '@sluice/kube';
import { TestWorld, startWorld } from '@sluice/local-cluster/testing';
import type { AnalysisRun, AnalysisRunStatus, Experiment, ExperimentStatus, ReplicaSet } from '@sluice/model';
import { PeerError } from '@sluice/peers';
import type { AnalysisPeer } from '@sluice/peers';
import { createExperimentManager } from '../src/index.ts';
import type { ExperimentManager, ExperimentManagerOptions } from '../src/index.ts';

/** A TestWorld with a stand-in for the analysis-runner, and as many managers as a test starts. */
export class LiveWorld extends TestWorld {
  /** Makes and ends runs as it is asked to, and measures nothing. */
  readonly runner: AnalysisPeer = this.#standIn();
  runnerIsAway = false;

  static async open(): Promise<LiveWorld> {
    const world = new LiveWorld(await startWorld('experiment-manager'));
    await world.furnish();
    return world;
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
    this.atEnd(() => manager.stop());
    const { grpc: address = '' } = await manager.start();
    return { ...manager, address, caches: manager.caches, parts: manager.parts ?? [] };
  }

  // What a person does.

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
  /** Names and sizes of its ReplicaSets, e.g. `compare-a×1 compare-b×0`. */
  async sizes(name: string): Promise<string> {
    const sets = (await this.owned('ReplicaSet', name)) as unknown as readonly ReplicaSet[];
    return sets
      .map((set) => `${set.metadata.name}×${set.spec.replicas ?? 0}`)
      .sort()
      .join(' ');
  }
  async events(name: string): Promise<readonly string[]> {
    const told = (await this.eventsOf(name)).map((event) => `${event['type']} ${event['reason']}: ${event['message']}`);
    return [...new Set(told)].sort();
  }

  // Waiting.

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
