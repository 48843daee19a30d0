import { resources, silentLogger } from '@sluice/kube';
import type { RawObject } from '@sluice/kube';
import { TestWorld, startWorld } from '@sluice/local-cluster/testing';
import type { ReplicaSet, Rollout, RolloutStatus, Service } from '@sluice/model';
import { createRolloutController } from '../src/index.ts';
import type { RolloutController, RolloutControllerOptions } from '../src/index.ts';

/** A TestWorld with as many rollout-controllers as a test starts. */
export class LiveWorld extends TestWorld {
  static async open(): Promise<LiveWorld> {
    const world = new LiveWorld(await startWorld('rollout-controller'));
    await world.furnish();
    return world;
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
    this.atEnd(() => controller.stop());
    await controller.start();
    return controller;
  }

  // What a person does.

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

  // What can be seen.

  rollout(name: string): Promise<Rollout> {
    return this.person.get<Rollout>(resources.rollouts, { namespace: this.namespace, name });
  }
  service(name: string): Promise<Service> {
    return this.person.get<Service>(resources.services, { namespace: this.namespace, name });
  }
  async replicaSets(name: string): Promise<readonly ReplicaSet[]> {
    return (await this.owned('ReplicaSet', name)) as unknown as readonly ReplicaSet[];
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
    const reasons = (await this.eventsOf(name)).map((event) => event['reason'] as string);
    return [...new Set(reasons)].sort();
  }

  // Waiting.

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
