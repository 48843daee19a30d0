import type { Action, Changes, EventIntent, ReplicaSetChange, Target } from './decision.ts';
import type { SetView } from './sets.ts';
import type { KubeObject, ReplicaSet } from '@sluice/model';
import { acceptedPart, writeOf } from './refusals.ts';
import type { IsRefused } from './refusals.ts';
import type { EpochMs } from './snapshot.ts';

export const targetOf = (object: KubeObject): Target => ({
  name: object.metadata.name,
  uid: object.metadata.uid ?? '',
  resourceVersion: object.metadata.resourceVersion ?? '',
});

interface PlannedSet {
  change: ReplicaSetChange;
  events: EventIntent[];
}

/** What one turn wants done. Changes of one ReplicaSet are gathered so that they cost one write. */
export class Plan {
  readonly #sets = new Map<SetView, PlannedSet>();
  readonly #services: Action[] = [];
  readonly #routes: Action[] = [];
  readonly #last: Action[] = [];
  readonly #first: Action[] = [];
  readonly #asks: Action[] = [];
  readonly wakeAts: EpochMs[] = [];
  /** Builds the ReplicaSet that is still to be created, with what was planned for it. */
  readonly #build: (
    set: SetView,
    change: ReplicaSetChange,
  ) => { replicaSet: ReplicaSet; events: readonly EventIntent[] };

  readonly #isRefused: IsRefused;

  /** What `isRefused` names is left out, as if it had not been planned: what depends on it sees that it does not happen. */
  constructor(
    build: (set: SetView, change: ReplicaSetChange) => { replicaSet: ReplicaSet; events: readonly EventIntent[] },
    isRefused: IsRefused = () => false,
  ) {
    this.#build = build;
    this.#isRefused = isRefused;
  }

  change(set: SetView, wanted: ReplicaSetChange, ...events: EventIntent[]): void {
    const change = set.stored ? acceptedPart(set.name, wanted, this.#isRefused) : wanted;
    if (change === undefined) return;
    const planned = this.#sets.get(set) ?? { change: {}, events: [] };
    planned.change = {
      ...planned.change,
      ...change,
      annotations: merged(planned.change.annotations, change.annotations),
      podLabels: merged(planned.change.podLabels, change.podLabels),
      podAnnotations: merged(planned.change.podAnnotations, change.podAnnotations),
    };
    planned.events.push(...events);
    this.#sets.set(set, planned);
  }

  /** Whether this set has to be created even though nothing else is planned for it. */
  create(set: SetView): void {
    this.change(set, {});
  }

  claim(action: Action): void {
    if (this.#isTaken(action)) this.#first.push(action);
  }
  service(action: Action): void {
    if (this.#isTaken(action)) this.#services.push(action);
  }
  /** Declared after more pods are there and before any are taken away. */
  route(action: Action): void {
    this.#routes.push(action);
  }
  later(action: Action): void {
    if (this.#isTaken(action)) this.#last.push(action);
  }
  /** Asked of another service when all else is done: one that is down keeps nothing from being served. */
  ask(action: Action): void {
    this.#asks.push(action);
  }
  #isTaken(action: Action): boolean {
    const write = writeOf(action);
    return write === undefined || !this.#isRefused(write);
  }
  wake(at: EpochMs): void {
    this.wakeAts.push(at);
  }

  /** The count planned for this set, where one is. */
  replicasOf(set: SetView): number | undefined {
    return this.#sets.get(set)?.change.replicas;
  }
  get scales(): boolean {
    return [...this.#sets].some(([set, { change }]) => change.replicas !== undefined && change.replicas !== set.spec);
  }
  switchTo(service: string): string | undefined {
    const found = this.#services.find((action) => action.kind === 'SwitchService' && action.target.name === service);
    return found?.kind === 'SwitchService' ? found.hash : undefined;
  }

  /** In the order that keeps everything served: more pods, then routes, then fewer pods, then what nobody waits for. */
  actions(): readonly Action[] {
    const grows: Action[] = [];
    const shrinks: Action[] = [];
    for (const [set, { change, events }] of this.#sets) {
      const less = change.replicas !== undefined && change.replicas < set.spec;
      (less ? shrinks : grows).push(this.#action(set, change, events));
    }
    return [...this.#first, ...grows, ...this.#services, ...this.#routes, ...shrinks, ...this.#last, ...this.#asks];
  }

  #action(set: SetView, change: ReplicaSetChange, events: readonly EventIntent[]): Action {
    if (set.stored) return { kind: 'UpdateReplicaSet', target: targetOf(set.stored), change, events };
    const built = this.#build(set, change);
    return {
      kind: 'CreateReplicaSet',
      replicaSet: built.replicaSet,
      hash: set.hash,
      events: [...built.events, ...events],
    };
  }
}

const merged = (a: Changes | undefined, b: Changes | undefined): Changes | undefined =>
  a && b ? { ...a, ...b } : (b ?? a);
