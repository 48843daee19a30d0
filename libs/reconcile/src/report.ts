import { keyOf } from '@sluice/kube';
import type { Authority, KubeObject } from '@sluice/kube';
import type { StatusServer } from '@sluice/service';
import { explainStanding } from './standing.ts';
import type { StandingExplanation } from './standing.ts';

interface ToldStatus {
  readonly phase?: string | undefined;
  readonly message?: string | undefined;
}

/** What would be done about an object now, as far as people are told of it. */
export interface Decided<E> {
  /** As it is stored. */
  readonly object: KubeObject & { readonly status?: ToldStatus | null };
  readonly decision: {
    readonly status: ToldStatus;
    readonly explanation: E;
    readonly actions: readonly { readonly kind: string }[];
    readonly wakeAt?: number | undefined;
  };
}

/** Why an object is where it is, for people. */
export interface Report<E> {
  readonly namespace: string;
  readonly name: string;
  readonly phase: string | undefined;
  readonly message: string | undefined;
  /** On a replica that is not in charge of the object: who is. */
  readonly explanation: E | StandingExplanation;
  /** What it would do next, in order; empty when it waits. */
  readonly actions: readonly string[];
  /** RFC 3339; when time alone changes the answer. */
  readonly wakeAt: string | undefined;
}

/**
 * Why an object is where it is, as decided from the caches at this moment. What routers, plugins and other services answered is known to whoever is in charge: any other
 * replica tells who that is, and no more of the object than what is stored.
 */
export function reportOn<E>(
  { object, decision }: Decided<E>,
  authority: Pick<Authority, 'standing' | 'describe' | 'leaseOf'>,
): Report<E> {
  const { namespace = '', name = '' } = object.metadata;
  const elsewhere = explainStanding(authority, keyOf(object.metadata));
  const { phase, message } = (elsewhere === undefined ? decision.status : object.status) ?? {};
  const told = { namespace, name, phase, message };
  if (elsewhere !== undefined) return { ...told, explanation: elsewhere, actions: [], wakeAt: undefined };
  return {
    ...told,
    explanation: decision.explanation,
    actions: decision.actions.map(({ kind }) => kind),
    wakeAt: decision.wakeAt === undefined ? undefined : new Date(decision.wakeAt).toISOString(),
  };
}

/** Answers `GET PATH/NAMESPACE/NAME` with what `explain` finds, or that there is no such object here. */
export function addExplainRoute(
  app: StatusServer['app'],
  path: string,
  kind: string,
  explain: (namespace: string, name: string) => Promise<unknown>,
): void {
  app.get<{ Params: { namespace: string; name: string } }>(`${path}/:namespace/:name`, async (request, reply) => {
    const { namespace, name } = request.params;
    const report = await explain(namespace, name);
    if (report !== undefined) return report;
    return reply.code(404).send({ error: `there is no ${kind} ${namespace}/${name} that is looked after here` });
  });
}
