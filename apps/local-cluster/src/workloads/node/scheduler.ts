// The scheduler: gives each pod the one node, or says why it cannot.
import type { Context } from '../base/context.ts';
import { keyOf } from '../base/object-cache.ts';
import type { Pod, PodStatus } from '../base/pod.ts';
import { pods as resource } from '../base/resources.ts';
import { unschedulable } from './behaviour.ts';
import { nodeLabels, nodeName } from './node.ts';
import { setCondition } from './pod-conditions.ts';

export function startScheduler(context: Context): void {
  const { store, loop, clock, pods } = context;
  const recorder = context.recorder('default-scheduler');

  const enqueue = loop.controller('scheduler', (key) => {
    const pod = pods.get(key);
    if (!pod || !isWaiting(pod)) return undefined;
    const { namespace, name } = pod.metadata;
    const gates = pod.spec.schedulingGates?.length
      ? 'Scheduling is blocked due to non-empty scheduling gates'
      : undefined;
    const refusal = gates ?? unschedulable(pod, nodeLabels);
    if (refusal === undefined) {
      store.modify(resource, namespace, name, (draft) => void (draft.spec.nodeName = nodeName));
      recorder.record(pod, 'Normal', 'Scheduled', `Successfully assigned ${key} to ${nodeName}`);
      return undefined;
    }
    const condition = {
      status: 'False',
      reason: gates ? 'SchedulingGated' : 'Unschedulable',
      message: refusal,
    } as const;
    const edit = (draft: { status?: PodStatus }): void =>
      setCondition((draft.status ??= {}), 'PodScheduled', condition, clock.now());
    store.modify(resource, namespace, name, edit, { subresource: 'status' });
    if (!gates) recorder.record(pod, 'Warning', 'FailedScheduling', refusal);
    return undefined;
  });
  // A pod that was refused is looked at again when its spec changes, not for every write of its status.
  pods.onChange((now, before) => {
    if (now && isWaiting(now) && now.spec !== before?.spec) enqueue(keyOf(now));
  });
}

const isWaiting = (pod: Pod): boolean =>
  !pod.spec.nodeName &&
  !pod.metadata.deletionTimestamp &&
  (pod.spec.schedulerName ?? 'default-scheduler') === 'default-scheduler';
