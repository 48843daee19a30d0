// The PodDisruptionBudget controller: how many pods may be evicted now. The API server's eviction takes from that number.
import type { KubeObject } from '../../storage/store.ts';
import type { Context } from '../base/context.ts';
import { controllerOf, keyOf } from '../base/object-cache.ts';
import type { Condition, Pod } from '../base/pod.ts';
import { conditionOf, isActive, isReady } from '../base/pod.ts';
import { deployments, disruptionBudgets as resource } from '../base/resources.ts';
import type { LabelSelector } from '../base/selector.ts';
import { matchesSelector } from '../base/selector.ts';
import { timestamp } from '../base/time.ts';
import { wantedReplicas } from '../replicas/kinds.ts';
import type { Deployment } from '../replicas/kinds.ts';

interface DisruptionBudget extends KubeObject {
  spec: { selector?: LabelSelector; minAvailable?: number | string; maxUnavailable?: number | string };
  status?: { conditions?: Condition[]; disruptedPods?: Record<string, string>; [count: string]: unknown };
}

export function startDisruptionController(context: Context): void {
  const { store, loop, clock, pods, replicaSets } = context;
  const budgets = context.cache<DisruptionBudget>(resource);

  const enqueue = loop.controller('disruption', (key) => {
    const budget = budgets.get(key);
    if (!budget) return undefined;
    const { namespace = '', name, generation } = budget.metadata;
    const matching = pods
      .withLabels(namespace, budget.spec.selector?.matchLabels ?? {})
      .filter((pod) => isActive(pod) && matchesSelector(budget.spec.selector, pod.metadata.labels));
    const { expectedPods, desiredHealthy } = expectation(budget, matching, (pod) => scaleAbove(pod));
    const currentHealthy = matching.filter(isReady).length;
    const disruptionsAllowed = expectedPods === 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
    const known = conditionOf(budget.status?.conditions, 'DisruptionAllowed');
    const verdict =
      disruptionsAllowed > 0
        ? ({ status: 'True', reason: 'SufficientPods' } as const)
        : ({ status: 'False', reason: 'InsufficientPods' } as const);
    const condition: Condition = {
      type: 'DisruptionAllowed',
      ...verdict,
      message: '',
      observedGeneration: generation,
      lastTransitionTime: known?.status === verdict.status ? known.lastTransitionTime : timestamp(clock.now()),
    };
    const status = {
      observedGeneration: generation,
      expectedPods,
      currentHealthy,
      desiredHealthy,
      disruptionsAllowed,
      conditions: [condition],
    };
    store.modify(resource, namespace, name, (draft) => void (draft.status = status), { subresource: 'status' });
    return undefined;
  });

  /** The controller of a pod and how many pods it is to have. */
  function scaleAbove(pod: Pod): { uid: string; replicas: number } | undefined {
    const above = controllerOf(pod);
    const set = above?.kind === 'ReplicaSet' ? replicaSets.get(`${pod.metadata.namespace}/${above.name}`) : undefined;
    if (!set) return undefined;
    const top = controllerOf(set);
    const deployment =
      top?.kind === 'Deployment' ? store.get(deployments, set.metadata.namespace, top.name) : undefined;
    return deployment
      ? { uid: deployment.metadata.uid, replicas: wantedReplicas(deployment as Deployment) }
      : { uid: set.metadata.uid, replicas: wantedReplicas(set) };
  }

  budgets.onChange((now) => now && enqueue(keyOf(now)));
  const enqueueFor = (namespace: string, labels: readonly (Record<string, string> | undefined)[]): void => {
    for (const budget of budgets.inNamespace(namespace))
      if (labels.some((l) => l && matchesSelector(budget.spec.selector, l))) enqueue(keyOf(budget));
  };
  pods.onChange((now, before) => {
    enqueueFor(
      (now ?? before)!.metadata.namespace ?? '',
      [now, before].map((p) => p && (p.metadata.labels ?? {})),
    );
  });
  replicaSets.onChange((now, before) => {
    if (now && now.spec !== before?.spec)
      enqueueFor(now.metadata.namespace ?? '', [now.spec.template.metadata?.labels ?? {}]);
  });
  budgets.start();
}

/** Percentages and maxUnavailable count against the size that the controllers of the pods ask for; a plain minAvailable against the pods. */
function expectation(
  { spec }: DisruptionBudget,
  matching: readonly Pod[],
  scaleAbove: (pod: Pod) => { uid: string; replicas: number } | undefined,
): { expectedPods: number; desiredHealthy: number } {
  const scales = new Map<string, number>();
  for (const pod of matching) {
    const above = scaleAbove(pod);
    scales.set(above?.uid ?? pod.metadata.uid, above?.replicas ?? 1);
  }
  const scale = [...scales.values()].reduce((a, b) => a + b, 0);
  const rounded = (value: number | string): number =>
    typeof value === 'string' ? Math.ceil((Number.parseFloat(value) * scale) / 100) : value;
  if (spec.maxUnavailable !== undefined)
    return { expectedPods: scale, desiredHealthy: Math.max(0, scale - rounded(spec.maxUnavailable)) };
  const { minAvailable = 1 } = spec;
  return {
    expectedPods: typeof minAvailable === 'string' ? scale : matching.length,
    desiredHealthy: rounded(minAvailable),
  };
}
