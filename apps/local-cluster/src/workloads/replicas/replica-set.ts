// The ReplicaSet controller: keeps as many pods as the spec asks for, and says in the status how many of them are of use.
import { StatusError } from '../../storage/status-error.ts';
import type { Context } from '../base/context.ts';
import { controllerOf, keyOf } from '../base/object-cache.ts';
import { newPod } from '../base/new-pod.ts';
import { claim } from '../base/ownership.ts';
import type { Condition, Pod } from '../base/pod.ts';
import { availableAt, conditionOf, isActive, isReady } from '../base/pod.ts';
import { pods as podResource, replicaSets } from '../base/resources.ts';
import { hasLabels, selectsEverything } from '../base/selector.ts';
import { soonest, timestamp } from '../base/time.ts';
import type { ReplicaSet, ReplicaSetStatus } from './kinds.ts';
import { wantedReplicas, withoutZeros } from './kinds.ts';
import { scaleDownOrder } from './scale-down-order.ts';

// As many pods as one look at a ReplicaSet creates or deletes; the rest follows on the next.
const burst = 500;

export function startReplicaSetController(context: Context): void {
  const { store, loop, clock, pods, replicaSets: sets } = context;
  const recorder = context.recorder('replicaset-controller');

  const reconcile = (key: string): number | undefined => {
    const set = sets.get(key);
    if (!set) return undefined;
    const activePods = (): Pod[] =>
      claim({ store, cache: pods, resource: podResource, owner: set, adoptable: isActive }).filter(isActive);
    const before = activePods();
    const failure = set.metadata.deletionTimestamp ? undefined : reachScale(set, before);
    const active = before.length === wantedReplicas(set) ? before : activePods();
    const { status, again } = statusOf(set, active, failure?.condition, clock.now());
    store.modify(replicaSets, set.metadata.namespace, set.metadata.name, (draft) => void (draft.status = status), {
      subresource: 'status',
    });
    if (failure) throw failure.error;
    return again;
  };

  function reachScale(set: ReplicaSet, active: readonly Pod[]): { error: unknown; condition: Condition } | undefined {
    const missing = wantedReplicas(set) - active.length;
    try {
      for (let i = 0; i < Math.min(missing, burst); i++) createPod(set);
      if (missing < 0)
        for (const pod of scaleDownOrder(active).slice(0, Math.min(-missing, burst))) deletePod(set, pod);
      return undefined;
    } catch (error) {
      if (namespaceGoes(error)) return undefined;
      const message = error instanceof Error ? error.message : String(error);
      const reason = missing > 0 ? 'FailedCreate' : 'FailedDelete';
      recorder.record(set, 'Warning', reason, `Error ${missing > 0 ? 'creating' : 'deleting'}: ${message}`);
      const condition: Condition = {
        type: 'ReplicaFailure',
        status: 'True',
        lastTransitionTime: timestamp(clock.now()),
        reason,
        message,
      };
      return { error, condition };
    }
  }

  function createPod(set: ReplicaSet): void {
    const pod = store.create(podResource, newPod(set, set.spec.template));
    recorder.record(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
  }

  function deletePod(set: ReplicaSet, pod: Pod): void {
    const { namespace, name, uid } = pod.metadata;
    store.remove(podResource, namespace, name, { preconditions: { uid } });
    recorder.record(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
  }

  const enqueue = loop.controller('replica-set', reconcile);
  sets.onChange((now, before) => {
    if (now) enqueue(keyOf(now));
    // Pods left behind are orphans from now on: whoever selects them may take them.
    if (before && !now) for (const pod of pods.controlledBy(before.metadata.uid)) enqueueMatching(pod);
  });
  pods.onChange((now, before) => {
    for (const pod of [now, before]) {
      const owner = pod && controllerOf(pod);
      if (owner?.kind === 'ReplicaSet') enqueue(`${pod!.metadata.namespace}/${owner.name}`);
    }
    if (now && !controllerOf(now)) enqueueMatching(now);
  });
  function enqueueMatching(pod: Pod): void {
    for (const set of sets.inNamespace(pod.metadata.namespace ?? '')) {
      if (!selectsEverything(set.spec.selector) && hasLabels(pod.metadata.labels, set.spec.selector?.matchLabels ?? {}))
        enqueue(keyOf(set));
    }
  }
}

const namespaceGoes = (error: unknown): boolean =>
  error instanceof StatusError && error.details?.causes?.some((c) => c.reason === 'NamespaceTerminating') === true;

function statusOf(
  set: ReplicaSet,
  active: readonly Pod[],
  failure: Condition | undefined,
  nowMs: number,
): { status: ReplicaSetStatus; again: number | undefined } {
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  const templateLabels = set.spec.template.metadata?.labels ?? {};
  const counts = { fullyLabeledReplicas: 0, readyReplicas: 0, availableReplicas: 0 };
  let again: number | undefined;
  for (const pod of active) {
    if (hasLabels(pod.metadata.labels, templateLabels)) counts.fullyLabeledReplicas++;
    if (!isReady(pod)) continue;
    counts.readyReplicas++;
    const due = availableAt(pod, minReadySeconds);
    if (due !== undefined && due <= nowMs) counts.availableReplicas++;
    else if (due !== undefined) again = soonest(again, due - nowMs);
  }
  const conditions = (set.status?.conditions ?? []).filter((c) => c.type !== 'ReplicaFailure');
  const known = conditionOf(set.status?.conditions, 'ReplicaFailure');
  if (failure) conditions.push(known?.status === 'True' && known.reason === failure.reason ? known : failure);
  const status: ReplicaSetStatus = {
    replicas: active.length,
    ...withoutZeros(counts),
    observedGeneration: set.metadata.generation,
    ...(conditions.length ? { conditions } : {}),
  };
  return { status, again };
}
