import type { Explanation } from '@sluice/engine';
import { keyOf } from '@sluice/kube';
import type { StatusServer } from '@sluice/service';
import type { Authority } from './authority.ts';
import type { Controller } from './controller.ts';

/** What `GET /explain/NAMESPACE/NAME` answers. */
export interface RolloutExplanation {
  readonly namespace: string;
  readonly name: string;
  readonly phase: string | undefined;
  readonly message: string | undefined;
  readonly explanation: Explanation;
  /** What it would do next, in order; empty when it waits. */
  readonly actions: readonly string[];
  /** RFC 3339; when time alone changes the answer. */
  readonly wakeAt: string | undefined;
}

/** Why a Rollout is where it is, as decided from the caches at this moment; undefined when there is no such Rollout here. */
export async function explainRollout(
  controller: Pick<Controller, 'decide'>,
  authority: Pick<Authority, 'standing' | 'describe'>,
  namespace: string,
  name: string,
): Promise<RolloutExplanation | undefined> {
  const key = keyOf({ namespace, name });
  const decided = await controller.decide(key);
  if (decided === undefined) return undefined;
  const { decision } = decided;
  const observing = authority.standing(key) === 'other controller';
  return {
    namespace,
    name,
    phase: decision.status.phase,
    message: decision.status.message,
    explanation: observing ? otherController(authority) : decision.explanation,
    actions: observing ? [] : decision.actions.map((action) => action.kind),
    wakeAt: decision.wakeAt === undefined ? undefined : new Date(decision.wakeAt).toISOString(),
  };
}

function otherController(authority: Pick<Authority, 'describe'>): Explanation {
  const { otherControllers } = authority.describe();
  const live = otherControllers.find(({ state }) => state === 'live');
  if (live !== undefined)
    return {
      code: 'OtherController',
      detail: `Another controller${live.holder === undefined ? '' : ` (${live.holder})`} holds the Lease ${live.lease}: this one only observes.`,
      unblock: 'Stop the other controller (docs/handover.md); this one goes on when its Lease has run out.',
    };
  const unknown = otherControllers.find(({ state }) => state === 'unknown');
  return {
    code: 'OtherController',
    detail: `Whether another controller holds the Lease ${unknown?.lease ?? ''} could not be read: this one only observes.`,
    unblock:
      'Allow it to get Leases there, or start it with --foreign-lease-namespace none if no other controller runs.',
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
