// Starts all that makes objects move: what a Kubernetes control plane's controllers, scheduler and node do, in this process.
import type { Clock } from '../clock.ts';
import type { KubeObject, LocalStore, ResourceRef } from '../storage/store.ts';
import type { Context } from './base/context.ts';
import { createEventRecorder } from './base/event-recorder.ts';
import type { EventRecorder } from './base/event-recorder.ts';
import { createObjectCache } from './base/object-cache.ts';
import type { Pod } from './base/pod.ts';
import { createReconcileLoop } from './base/reconcile-loop.ts';
import { pods, replicaSets } from './base/resources.ts';
import { startGarbageCollector } from './garbage/collector.ts';
import { startNamespaceController } from './garbage/namespaces.ts';
import { startJobController } from './jobs/job.ts';
import { startDisruptionController } from './network/disruption.ts';
import { startEndpointsController } from './network/endpoints.ts';
import { startKubelet } from './node/kubelet.ts';
import { registerNode } from './node/node.ts';
import type { PodControls } from './node/pod-controls.ts';
import { createPodControls } from './node/pod-controls.ts';
import { startScheduler } from './node/scheduler.ts';
import { startAutoscaler } from './replicas/autoscaler.ts';
import { startDeploymentController } from './replicas/deployment.ts';
import type { ReplicaSet } from './replicas/kinds.ts';
import { startReplicaSetController } from './replicas/replica-set.ts';

export interface WorkloadOptions {
  /** From a pod being bound to running and ready; 200 ms if absent. */
  readonly readyAfterMs?: number;
  /** Run the commands of run-to-completion pods and of exec probes as processes of this machine; true if absent. False for tests under a virtual clock. */
  readonly runCommands?: boolean;
  /** Write Events; true if absent. */
  readonly recordEvents?: boolean;
  /** Told of failures that trying again is not known to mend; they are tried again all the same. A line on stderr if absent. */
  readonly onError?: (error: unknown, where: string) => void;
}

export interface Workloads {
  /** Makes a pod ready, not ready, failed or crashing, for tests. */
  readonly podControls: PodControls;
  /** What a container that ran as a process wrote; undefined if it did not run as one. */
  logOf(namespace: string, pod: string, container?: string): string | undefined;
  /** Ends every timer, subscription and process. What is in the store stays. */
  stop(): void;
}

const tellOnStderr = (error: unknown, where: string): void =>
  console.error(`local-cluster: ${where}: ${error instanceof Error ? error.message : String(error)}`);

const silent: EventRecorder = { record: () => undefined, stop: () => undefined };

export function startWorkloads({
  store,
  clock,
  options = {},
}: {
  store: LocalStore;
  clock: Clock;
  options?: WorkloadOptions;
}): Workloads {
  const { readyAfterMs = 200, runCommands = true, recordEvents = true, onError = tellOnStderr } = options;
  const loop = createReconcileLoop(clock, { onError });
  const stops: { stop(): void }[] = [loop];
  let eventOrdinal = 0;
  const context: Context = {
    store,
    clock,
    loop,
    pods: createObjectCache<Pod>(store, pods),
    replicaSets: createObjectCache<ReplicaSet>(store, replicaSets),
    cache<T extends KubeObject>(resource: ResourceRef) {
      const cache = createObjectCache<T>(store, resource);
      stops.push(cache);
      return cache;
    },
    onStop: (stop) => void stops.push({ stop }),
    recorder(component) {
      if (!recordEvents) return silent;
      const recorder = createEventRecorder(store, clock, component, () => eventOrdinal++);
      stops.push(recorder);
      return recorder;
    },
  };
  registerNode(context);
  startReplicaSetController(context);
  startDeploymentController(context);
  startJobController(context);
  startScheduler(context);
  const kubelet = startKubelet(context, { readyAfterMs, runCommands });
  startEndpointsController(context);
  startDisruptionController(context);
  startAutoscaler(context);
  startGarbageCollector(context);
  startNamespaceController(context);
  // Last, so that everyone hears of what is there already.
  context.replicaSets.start();
  context.pods.start();
  stops.push(kubelet, context.replicaSets, context.pods);
  return {
    podControls: createPodControls(context),
    logOf: kubelet.logOf,
    stop: () => stops.forEach((part) => part.stop()),
  };
}
