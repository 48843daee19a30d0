import type { ExperimentExplanation } from '@sluice/engine';
import { keyOf } from '@sluice/kube';
import type { Authority } from '@sluice/kube';
import { reportOn } from '@sluice/reconcile';
import type { Report } from '@sluice/reconcile';
import type { Controller } from './controller.ts';

/** What `GET /explain/experiments/NAMESPACE/NAME` answers. */
export type ExperimentReport = Report<ExperimentExplanation>;

/** Why an Experiment is where it is, as decided from the caches at this moment; undefined when there is no such Experiment here. */
export async function explainExperiment(
  controller: Pick<Controller, 'decide'>,
  authority: Pick<Authority, 'standing' | 'describe' | 'leaseOf'>,
  namespace: string,
  name: string,
): Promise<ExperimentReport | undefined> {
  const decided = await controller.decide(keyOf({ namespace, name }));
  if (decided === undefined) return undefined;
  return reportOn({ object: decided.snapshot.experiment, decision: decided.decision }, authority);
}
