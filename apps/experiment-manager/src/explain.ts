import type { ExperimentExplanation } from '@sluice/engine';
import { keyOf } from '@sluice/kube';
import type { Authority } from '@sluice/kube';
import type { StatusServer } from '@sluice/service';
import type { Controller } from './controller.ts';

/** What `GET /explain/experiments/NAMESPACE/NAME` answers. */
export interface ExperimentReport {
  readonly namespace: string;
  readonly name: string;
  readonly phase: string | undefined;
  readonly message: string | undefined;
  readonly explanation: ExperimentExplanation;
  /** What it would do next, in order; empty when it waits. */
  readonly actions: readonly string[];
  /** RFC 3339; when time alone changes the answer. */
  readonly wakeAt: string | undefined;
}

/** Why an Experiment is where it is, as decided from the caches at this moment; undefined when there is no such Experiment here. */
export async function explainExperiment(
  controller: Pick<Controller, 'decide'>,
  authority: Pick<Authority, 'standing'>,
  namespace: string,
  name: string,
): Promise<ExperimentReport | undefined> {
  const key = keyOf({ namespace, name });
  const decided = await controller.decide(key);
  if (decided === undefined) return undefined;
  const { decision } = decided;
  const isObserving = authority.standing(key) === 'other controller';
  return {
    namespace,
    name,
    phase: decision.status.phase,
    message: decision.status.message,
    explanation: isObserving
      ? {
          code: 'OtherController',
          detail:
            'Another controller of this API is live, or it cannot be told whether one is: this one only observes.',
          unblock: 'Stop the other controller (docs/handover.md); this one goes on when its Lease has run out.',
        }
      : decision.explanation,
    actions: isObserving ? [] : decision.actions.map((action) => action.kind),
    wakeAt: decision.wakeAt === undefined ? undefined : new Date(decision.wakeAt).toISOString(),
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
