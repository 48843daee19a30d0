import type { ExperimentExplanation } from '@sluice/engine';
import { keyOf } from '@sluice/kube';
import type { Authority } from '@sluice/kube';
import { explainStanding } from '@sluice/reconcile';
import type { StatusServer } from '@sluice/service';
import type { Controller } from './controller.ts';

/** What `GET /explain/experiments/NAMESPACE/NAME` answers. */
export interface ExperimentReport {
  readonly namespace: string;
  readonly name: string;
  readonly phase: string | undefined;
  readonly message: string | undefined;
  /** On a replica that is not in charge of the Experiment: who is. */
  readonly explanation: ExperimentExplanation;
  /** What it would do next, in order; empty when it waits. */
  readonly actions: readonly string[];
  /** RFC 3339; when time alone changes the answer. */
  readonly wakeAt: string | undefined;
}

/** Why an Experiment is where it is, as decided from the caches at this moment; undefined when there is no such Experiment here. */
export async function explainExperiment(
  controller: Pick<Controller, 'decide'>,
  authority: Pick<Authority, 'standing' | 'describe' | 'leaseOf'>,
  namespace: string,
  name: string,
): Promise<ExperimentReport | undefined> {
  const key = keyOf({ namespace, name });
  const decided = await controller.decide(key);
  if (decided === undefined) return undefined;
  const { decision, snapshot } = decided;
  const elsewhere = explainStanding(authority, key);
  // What was answered to whoever is in charge is known there only: anybody else can tell no more than what is stored.
  const { status } = elsewhere === undefined ? decision : snapshot.experiment;
  return {
    namespace,
    name,
    phase: status?.phase,
    message: status?.message,
    explanation: elsewhere ?? decision.explanation,
    actions: elsewhere ? [] : decision.actions.map((action) => action.kind),
    wakeAt: elsewhere || decision.wakeAt === undefined ? undefined : new Date(decision.wakeAt).toISOString(),
  };
}

export function addExplainRoute(
  app: StatusServer['app'],
  explain: (namespace: string, name: string) => Promise<ExperimentReport | undefined>,
): void {
  app.get<{ Params: { namespace: string; name: string } }>(
    '/explain/experiments/:namespace/:name',
    async (request, reply) => {
      const { namespace, name } = request.params;
      const report = await explain(namespace, name);
      if (report !== undefined) return report;
      return reply.code(404).send({ error: `there is no Experiment ${namespace}/${name} that is looked after here` });
    },
  );
}
