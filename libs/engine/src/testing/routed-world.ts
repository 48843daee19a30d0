import type { CanaryStrategy, ReplicaSet, RolloutSpec, RolloutStatus, Service } from '@sluice/model';
import { decideRollout } from '../decide-rollout.ts';
import type { Action, Decision } from '../decision.ts';
import { routersOf } from '../hold.ts';
import type { RouterObservation } from '../routed/intent.ts';
import type { ReleaseAnswer, RolloutSnapshot } from '../snapshot.ts';
import { at, service, snapshot } from './build.ts';

/** A small world with one obedient router, in which decisions are carried out at once: for tests of the order of things. */
export class RoutedWorld {
  image = 'shop:1';
  status: RolloutStatus = {};
  spec: Partial<RolloutSpec> = {};
  readonly sets = new Map<string, ReplicaSet>();
  readonly services: Map<string, Service>;
  router: RouterObservation = { kind: 'unknown' };
  /** What was done, in words, oldest first. */
  readonly log: string[] = [];
  now = 100;
  revision = 0;
  /** Pods of a set with this image never become available. */
  readonly broken = new Set<string>();
  /** So many pods of a set with this image never become available. */
  readonly lacking = new Map<string, number>();
  routerWorks = true;
  releases: Readonly<Record<string, ReleaseAnswer>> = {};
  /** What snapshots have besides, or instead. */
  further: Partial<RolloutSnapshot> = {};
  /** Whether the API server takes what is written to the status. */
  storesStatus = true;
  protected strategy: CanaryStrategy;
  /** The one that the strategy names at first. */
  private readonly routerName: string;

  constructor(strategy: CanaryStrategy, replicas: number, services = ['shop-stable', 'shop-canary']) {
    this.strategy = {
      trafficRouting: { nginx: { stableIngress: 'shop' } },
      ...(services.length > 0 && { stableService: services[0], canaryService: services[1] }),
      ...strategy,
    };
    this.routerName = routersOf({ strategy: { canary: this.strategy } })[0] ?? 'nginx';
    this.spec = { replicas };
    this.services = new Map(services.map((name) => [name, service(name, undefined, false)]));
  }

  decide(): Decision {
    return decideRollout(
      snapshot({
        image: this.image,
        strategy: { canary: this.strategy },
        spec: this.spec,
        status: this.status,
        sets: [...this.sets.values()],
        services: [...this.services.values()],
        now: this.now,
        revision: this.revision,
        rest: {
          routers: { [this.routerName]: this.router },
          releases: this.releases,
          capabilities: { routers: [this.routerName], analysis: false, experiments: false, stepPlugins: [] },
          ...this.further,
        },
      }),
    );
  }

  /** Decides and acts until nothing more happens; pods follow what is asked for between decisions. */
  settle(): this {
    for (let i = 0; i < 60; i++) {
      const decision = this.decide();
      const before = JSON.stringify([
        this.status,
        [...this.sets.values()],
        [...this.services.values()],
        this.router,
        this.releases,
      ]);
      this.carryOut(decision);
      if (
        JSON.stringify([
          this.status,
          [...this.sets.values()],
          [...this.services.values()],
          this.router,
          this.releases,
        ]) === before
      )
        return this;
    }
    throw new Error(`never settled: ${this.log.slice(-12).join('; ')}`);
  }

  /** Decides once, acts, and lets pods follow. */
  turn(): this {
    this.carryOut(this.decide());
    return this;
  }

  private carryOut(decision: Decision): void {
    this.execute(decision);
    this.runPods();
  }

  private execute(decision: Decision): void {
    for (const action of decision.actions) {
      this.act(action);
      // As the controller does: what follows a question to a router waits for its answer.
      if (action.kind === 'ApplyTraffic' || action.kind === 'ReleaseTraffic') {
        if (decision.status.stableRS === this.status.stableRS) this.store(decision);
        return;
      }
    }
    this.store(decision);
  }

  private store({ status }: Decision): void {
    if (this.storesStatus) this.status = status;
  }

  protected act(action: Action): void {
    switch (action.kind) {
      case 'CreateReplicaSet': {
        const { metadata, spec } = action.replicaSet;
        const stored = {
          ...action.replicaSet,
          metadata: {
            ...metadata,
            uid: `uid-${metadata.name}`,
            resourceVersion: '1',
            generation: 1,
            creationTimestamp: at(this.now),
          },
          status: { replicas: 0, observedGeneration: 1 },
        };
        this.sets.set(metadata.name, stored);
        this.log.push(`create ${this.nameOf(stored)} with ${spec.replicas}`);
        return;
      }
      case 'UpdateReplicaSet': {
        const set = this.sets.get(action.target.name)!;
        const annotations = { ...set.metadata.annotations };
        for (const [key, value] of Object.entries(action.change.annotations ?? {})) {
          if (value === null) delete annotations[key];
          else annotations[key] = value;
        }
        const replicas = action.change.replicas ?? set.spec.replicas;
        if (replicas !== set.spec.replicas)
          this.log.push(`scale ${this.nameOf(set)} from ${set.spec.replicas} to ${replicas}`);
        this.sets.set(action.target.name, {
          ...set,
          metadata: { ...set.metadata, annotations },
          spec: { ...set.spec, replicas },
        });
        return;
      }
      case 'SwitchService': {
        const found = this.services.get(action.target.name)!;
        const selector = { ...found.spec?.selector, 'rollouts-pod-template-hash': action.hash };
        this.services.set(action.target.name, {
          ...found,
          metadata: { ...found.metadata, annotations: { 'argo-rollouts.argoproj.io/managed-by-rollouts': 'shop' } },
          spec: { ...found.spec, selector },
        });
        this.log.push(`${action.target.name} selects ${this.imageOf(action.hash)}`);
        return;
      }
      case 'ApplyTraffic': {
        if (!this.routerWorks) {
          const known = this.router.kind === 'observed' ? this.router.canaryWeight : 0;
          this.router = {
            kind: 'unavailable',
            reason: 'connection refused',
            lowest: Math.min(known, action.intent.weight),
            highest: Math.max(known, action.intent.weight),
          };
          return;
        }
        this.log.push(`${action.mode} weight ${action.intent.weight}`);
        const inSync = action.mode === 'apply' || this.router.kind === 'observed';
        this.router = {
          kind: 'observed',
          intent: action.intent,
          inSync,
          canaryWeight: inSync ? action.intent.weight : 0,
          verification: 'unsupported',
        };
        return;
      }
      case 'ReleaseTraffic': {
        this.log.push(`release ${action.routers.join()}`);
        this.releases = { [this.routerName]: this.routerWorks ? 'released' : { reason: 'connection refused' } };
        return;
      }
      case 'PatchRollout':
        this.revision = Number(action.annotations?.['rollout.argoproj.io/revision'] ?? this.revision);
        return;
      default:
    }
  }

  private runPods(): void {
    for (const [name, set] of this.sets) {
      const replicas = set.spec.replicas ?? 0;
      const lacks = this.lacking.get(this.nameOf(set)) ?? 0;
      const available = this.broken.has(this.nameOf(set)) ? 0 : Math.max(0, replicas - lacks);
      if (set.status?.replicas === replicas && set.status.availableReplicas === available) continue;
      this.sets.set(name, {
        ...set,
        status: { replicas, readyReplicas: available, availableReplicas: available, observedGeneration: 1 },
      });
    }
  }

  private nameOf = (set: ReplicaSet): string => set.spec.template?.spec?.containers[0]?.image ?? '';
  imageOf = (hash: string): string =>
    this.nameOf([...this.sets.values()].find((set) => set.metadata.labels?.['rollouts-pod-template-hash'] === hash)!);

  setImage(image: string): this {
    this.image = image;
    this.log.length = 0;
    return this.settle();
  }
  /** The strategy names no router any more. */
  unroute(): this {
    const { trafficRouting: _, ...rest } = this.strategy;
    this.strategy = rest;
    this.log.length = 0;
    return this;
  }
  /** As the command line does it. */
  promote(): this {
    this.status = { ...this.status, pauseConditions: undefined };
    this.log.length = 0;
    return this.settle();
  }
  abort(): this {
    this.status = { ...this.status, abort: true };
    this.log.length = 0;
    return this.settle();
  }
  pods(image: string): number | undefined {
    return [...this.sets.values()].find((set) => this.nameOf(set) === image)?.spec.replicas;
  }
  get weight(): number | undefined {
    return this.status.canary?.weights?.canary.weight;
  }
}
