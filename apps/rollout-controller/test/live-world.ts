import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, resources, silentLogger } from '@sluice/kube';
import type { KubeClient, RawObject, ResourceRef } from '@sluice/kube';
import { startLocalCluster } from '@sluice/local-cluster';
import type { LocalCluster, WriteRecord } from '@sluice/local-cluster';
import type { ReplicaSet, Rollout, RolloutStatus, Service } from '@sluice/model';
import { parseAllDocuments } from 'yaml';
import { createRolloutController } from '../src/index.ts';
import type { RolloutController, RolloutControllerOptions } from '../src/index.ts';

const crds = path.resolve(import.meta.dirname, '../../../charts/sluice/crds');
// Generous: what is tried here is that things happen, not how fast.
const patienceMs = 30_000;

/** A local cluster with our CRDs, a person's client, and as many controllers as a test starts. Everything goes over real HTTP. */
export class LiveWorld {
  readonly namespace = 'shop';
  readonly cluster: LocalCluster;
  /** As a person: not counted as ours. */
  readonly person: KubeClient;
  readonly #directory: string;
  readonly #stops: (() => Promise<void> | void)[] = [];
  #clients = 0;

  private constructor(cluster: LocalCluster, person: KubeClient, directory: string) {
    this.cluster = cluster;
    this.person = person;
    this.#directory = directory;
  }

  static async open(): Promise<LiveWorld> {
    const cluster = await startLocalCluster({ workloads: { readyAfterMs: 20, recordEvents: false } });
    const directory = mkdtempSync(path.join(tmpdir(), 'sluice-rollout-controller-'));
    const kubeconfig = path.join(directory, 'person');
    cluster.writeKubeconfig(kubeconfig, 'person');
    const person = await createClient({ kubeconfig, userAgent: 'person' });
    const world = new LiveWorld(cluster, person, directory);
    await world.furnish();
    return world;
  }

  /** What an empty cluster needs before anything can be tried in it. */
  async furnish(): Promise<void> {
    for (const file of readdirSync(crds)) {
      for (const document of parseAllDocuments(readFileSync(path.join(crds, file), 'utf8')))
        await this.person.create(resources.customResourceDefinitions, document.toJS() as RawObject);
    }
    for (const name of ['sluice-system', 'argo-rollouts', this.namespace])
      await this.person.create(resources.namespaces, { metadata: { name } });
  }

  async close(): Promise<void> {
    this.cluster.faults.clear();
    for (const stop of this.#stops.toReversed()) await stop();
    this.person.close();
    await this.cluster.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Path of a kubeconfig with which writes stand in the audit as those of `user`. */
  kubeconfig(user: string): string {
    const kubeconfig = path.join(this.#directory, `${user}-${this.#clients++}`);
    this.cluster.writeKubeconfig(kubeconfig, user);
    return kubeconfig;
  }

  /** A client as the controller has it. */
  async client(user = 'sluice'): Promise<KubeClient> {
    const kubeconfig = this.kubeconfig(user);
    const client = await createClient({ kubeconfig, userAgent: 'sluice-rollout-controller' });
    this.#stops.push(() => client.close());
    return client;
  }

  /** Without Lease and without other controllers unless a test asks for them. Stopped with the world. */
  async startController(options: Partial<RolloutControllerOptions> = {}): Promise<RolloutController> {
    const controller = createRolloutController({
      client: options.client ?? (await this.client()),
      logger: silentLogger,
      systemNamespace: 'sluice-system',
      identity: 'test',
      leaderElect: false,
      foreignNamespaces: [],
      ...options,
    });
    this.#stops.push(() => controller.stop());
    await controller.start();
    return controller;
  }

  // What a person does.

  async apply(...objects: readonly RawObject[]): Promise<void> {
    for (const object of objects) {
      const ref = refOf(object.kind ?? '');
      await this.person.create(ref, { ...object, metadata: { namespace: this.namespace, ...object.metadata } });
    }
  }
  patch(kind: string, name: string, body: object): Promise<RawObject> {
    return this.person.patch(refOf(kind), { namespace: this.namespace, name }, 'merge', body);
  }
  patchStatus(name: string, status: object): Promise<RawObject> {
    const options = { subresource: 'status' };
    return this.person.patch(resources.rollouts, { namespace: this.namespace, name }, 'merge', { status }, options);
  }
  setImage(name: string, image: string): Promise<RawObject> {
    return this.patch('Rollout', name, { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } });
  }
  /** As the command line does: ends a pause, or goes past the current step. */
  promote(name: string): Promise<RawObject> {
    return this.patchStatus(name, { pauseConditions: null });
  }
  abort(name: string): Promise<RawObject> {
    return this.patchStatus(name, { abort: true });
  }
  retry(name: string): Promise<RawObject> {
    return this.patchStatus(name, { abort: false });
  }
  remove(kind: string, name: string): Promise<void> {
    return this.person.remove(refOf(kind), { namespace: this.namespace, name });
  }

  // What can be seen.

  rollout(name: string): Promise<Rollout> {
    return this.person.get<Rollout>(resources.rollouts, { namespace: this.namespace, name });
  }
  service(name: string): Promise<Service> {
    return this.person.get<Service>(resources.services, { namespace: this.namespace, name });
  }
  async replicaSets(name: string): Promise<readonly ReplicaSet[]> {
    const { items } = await this.person.list<ReplicaSet>(resources.replicaSets, { namespace: this.namespace });
    return items.filter((set) => set.metadata.ownerReferences?.some((owner) => owner.name === name));
  }
  /** Images and sizes of a Rollout's ReplicaSets that are not empty, e.g. `shop:1×3 shop:2×1`. */
  async sizes(name: string): Promise<string> {
    const sets = (await this.replicaSets(name)).filter((set) => (set.spec.replicas ?? 0) > 0);
    return sets
      .map((set) => `${set.spec.template?.spec?.containers[0]?.image ?? ''}×${set.spec.replicas ?? 0}`)
      .sort()
      .join(' ');
  }
  async eventReasons(name: string): Promise<readonly string[]> {
    const { items } = await this.person.list<RawObject>(resources.events, { namespace: this.namespace });
    const mine = items.filter((event) => event['involvedObject'].name === name);
    return [...new Set(mine.map((event) => event['reason'] as string))].sort();
  }
  /** Writes by controllers that the server carried out, Leases and Events aside. */
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
  async status(name: string, what: string, test: (status: RolloutStatus, rollout: Rollout) => boolean): Promise<void> {
    let last: Rollout | undefined;
    try {
      await this.until(`${name}: ${what}`, async () => {
        last = await this.rollout(name);
        const { status = {}, metadata } = last;
        return status.observedGeneration === String(metadata.generation) && test(status, last);
      });
    } catch (cause) {
      throw new Error(`${(cause as Error).message}; its status is ${JSON.stringify(last?.status)}`, { cause });
    }
  }
  healthy(name: string): Promise<void> {
    return this.status(name, 'Healthy', ({ phase }) => phase === 'Healthy');
  }
  paused(name: string, step?: number): Promise<void> {
    const isThere = ({ phase, currentStepIndex }: RolloutStatus): boolean =>
      phase === 'Paused' && (step === undefined || currentStepIndex === step);
    return this.status(name, `Paused${step === undefined ? '' : ` at step ${step}`}`, isThere);
  }
  degraded(name: string): Promise<void> {
    return this.status(name, 'Degraded', ({ phase }) => phase === 'Degraded');
  }
  /** Until no object of the namespace has changed for a while. */
  async settled(quietMs = 400): Promise<void> {
    let seen = '';
    let since = Date.now();
    await this.until('everything to settle', async () => {
      const kinds = [resources.rollouts, resources.replicaSets, resources.services, resources.pods];
      const lists = await Promise.all(kinds.map((ref) => this.person.list(ref, { namespace: this.namespace })));
      const now = lists.flatMap(({ items }) =>
        items.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`),
      );
      if (now.join() !== seen) {
        seen = now.join();
        since = Date.now();
      }
      return Date.now() - since >= quietMs;
    });
  }
}

function refOf(kind: string): ResourceRef {
  const found = Object.values(resources).find((ref) => ref.kind === kind);
  if (found === undefined) throw new RangeError(`no kind ${kind} here`);
  return found;
}

// Objects as people write them.

export function liveRollout(name: string, strategy: object, spec: object = {}): RawObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'shop:1' }] } },
      strategy,
      ...spec,
    },
  };
}

export function liveServices(app: string, ...suffixes: readonly string[]): readonly RawObject[] {
  return suffixes.map((suffix) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `${app}-${suffix}` },
    spec: { selector: { app }, ports: [{ port: 80, targetPort: 8080 }] },
  }));
}

export const hashOf = (service: Service): string | undefined => service.spec?.selector?.['rollouts-pod-template-hash'];
