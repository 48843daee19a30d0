import type { Explanation } from '@sluice/engine';
import { keyOf } from '@sluice/kube';
import type { Authority } from '@sluice/kube';
import { explainStanding } from '@sluice/reconcile';
import type { StatusServer } from '@sluice/service';
import type { Controller } from './controller.ts';

/** What `GET /explain/NAMESPACE/NAME` answers. */
export interface RolloutExplanation {
  readonly namespace: string;
  readonly name: string;
  readonly phase: string | undefined;
  readonly message: string | undefined;
  /** On a replica that is not in charge of the Rollout: who is. */
  readonly explanation: Explanation;
  /** What it would do next, in order; empty when it waits. */
  readonly actions: readonly string[];
  /** RFC 3339; when time alone changes the answer. */
  readonly wakeAt: string | undefined;
}

/** Why a Rollout is where it is, as decided from the caches at this moment; undefined when there is no such Rollout here. */
export async function explainRollout(
  controller: Pick<Controller, 'decide'>,
  authority: Pick<Authority, 'standing' | 'describe' | 'leaseOf'>,
  namespace: string,
  name: string,
): Promise<RolloutExplanation | undefined> {
  const key = keyOf({ namespace, name });
  const decided = await controller.decide(key);
  if (decided === undefined) return undefined;
  const { decision, snapshot } = decided;
  const elsewhere = explainStanding(authority, key);
  // What routers and plugins answered is known to whoever is in charge: only that one can say more than what is stored.
  const { status } = elsewhere === undefined ? decision : snapshot.rollout;
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
  explain: (namespace: string, name: string) => Promise<RolloutExplanation | undefined>,
): void {
  app.get<{ Params: { namespace: string; name: string } }>('/explain/:namespace/:name', async (request, reply) => {
    const { namespace, name } = request.params;
    const explanation = await explain(namespace, name);
    if (explanation !== undefined) return explanation;
    return reply.code(404).send({ error: `there is no Rollout ${namespace}/${name} that this controller looks after` });
  });
}
