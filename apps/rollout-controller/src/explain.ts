import type { Explanation } from '@sluice/engine';
import { keyOf } from '@sluice/kube';
import type { Authority } from '@sluice/kube';
import { reportOn } from '@sluice/reconcile';
import type { Report } from '@sluice/reconcile';
import type { Controller } from './controller.ts';

/** What `GET /explain/NAMESPACE/NAME` answers. */
export type RolloutExplanation = Report<Explanation>;

/** Why a Rollout is where it is, as decided from the caches at this moment; undefined when there is no such Rollout here. */
export async function explainRollout(
  controller: Pick<Controller, 'decide'>,
  authority: Pick<Authority, 'standing' | 'describe' | 'leaseOf'>,
  namespace: string,
  name: string,
): Promise<RolloutExplanation | undefined> {
  const decided = await controller.decide(keyOf({ namespace, name }));
  if (decided === undefined) return undefined;
  return reportOn({ object: decided.snapshot.rollout, decision: decided.decision }, authority);
}
