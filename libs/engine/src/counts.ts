import { formatSelector, podTemplateHashLabel } from '@sluice/model';
import type { LabelSelector, RolloutStatus } from '@sluice/model';
import { blueGreenOf } from './situation.ts';
import type { Situation } from './situation.ts';
import { totalOf } from './sets.ts';
import type { SetView } from './sets.ts';

type Counts = Pick<
  RolloutStatus,
  'replicas' | 'updatedReplicas' | 'readyReplicas' | 'availableReplicas' | 'HPAReplicas' | 'selector'
>;

/**
 * What the status says about pods. With blue-green, people and autoscalers look at the active version alone. Source: spec-rollout §2.1.
 */
export function countPods(s: Situation, selector: LabelSelector | undefined, activeSet: SetView | undefined): Counts {
  const { newSet, all } = s.roles;
  const seen = blueGreenOf(s) && activeSet ? [activeSet] : all;
  return {
    replicas: totalOf(all, 'replicas'),
    updatedReplicas: newSet.replicas,
    readyReplicas: totalOf(seen, 'ready'),
    availableReplicas: totalOf(seen, 'available'),
    HPAReplicas: totalOf(seen, 'replicas'),
    selector: selectorText(blueGreenOf(s) && activeSet?.stored ? activeSet.stored.spec.selector : selector),
  };
}

const texts = new WeakMap<LabelSelector, string>();

function selectorText(selector: LabelSelector | undefined): string {
  if (!selector) return '';
  let text = texts.get(selector);
  if (text === undefined) {
    text = formatSelector(selector);
    texts.set(selector, text);
  }
  return text;
}

/** The selector of a ReplicaSet of this version. */
export const withHash = (selector: LabelSelector, hash: string): LabelSelector => ({
  ...selector,
  matchLabels: { ...selector.matchLabels, [podTemplateHashLabel]: hash },
});
