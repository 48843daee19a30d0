// What every controller is given.
import type { Clock } from '../../clock.ts';
import type { KubeObject, LocalStore, ResourceRef } from '../../storage/store.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { ObjectCache } from './object-cache.ts';
import type { Pod } from './pod.ts';
import type { ReconcileLoop } from './reconcile-loop.ts';
import type { ReplicaSet } from '../replicas/kinds.ts';

export interface Context {
  readonly store: LocalStore;
  readonly clock: Clock;
  readonly loop: ReconcileLoop;
  readonly pods: ObjectCache<Pod>;
  readonly replicaSets: ObjectCache<ReplicaSet>;
  /** A cache of another resource; whoever asks for it starts it. */
  cache<T extends KubeObject>(resource: ResourceRef): ObjectCache<T>;
  /** Subscriptions and the like end with the workloads. */
  onStop(stop: () => void): void;
  /** One recorder for each component that speaks, for instance `replicaset-controller`. */
  recorder(component: string): EventRecorder;
}
