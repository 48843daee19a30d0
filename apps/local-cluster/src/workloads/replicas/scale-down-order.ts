// Which pods of a ReplicaSet go first when it has too many.
import type { Pod } from '../base/pod.ts';
import { isReady, readySince, restartsOf } from '../base/pod.ts';
import { epochOf } from '../base/time.ts';

const deletionCost = (pod: Pod): number =>
  Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0) || 0;
const phaseRank = (pod: Pod): number =>
  ({ Pending: 0, Unknown: 1 })[pod.status?.phase as string] ?? (pod.status?.phase ? 2 : 0);
const createdAt = (pod: Pod): number => epochOf(pod.metadata.creationTimestamp);

// The order of Kubernetes: unscheduled, pending, not ready, cheap, most recently ready, most restarts, youngest. It spreads pods that
// became ready at about the same time at random; here the younger goes first, so that a test sees the same twice.
const criteria: readonly ((pod: Pod) => number)[] = [
  (pod) => (pod.spec.nodeName ? 1 : 0),
  phaseRank,
  (pod) => (isReady(pod) ? 1 : 0),
  deletionCost,
  (pod) => -(readySince(pod) ?? 0),
  (pod) => -restartsOf(pod),
  (pod) => -createdAt(pod),
];

/** `pods`, oldest first, in the order in which they are to be deleted. */
export function scaleDownOrder(pods: readonly Pod[]): Pod[] {
  return pods
    .map((pod, age) => ({ pod, ranks: criteria.map((rank) => rank(pod)), age }))
    .sort((a, b) => {
      for (let i = 0; i < criteria.length; i++) {
        const difference = a.ranks[i]! - b.ranks[i]!;
        if (difference !== 0) return difference;
      }
      return b.age - a.age;
    })
    .map(({ pod }) => pod);
}
