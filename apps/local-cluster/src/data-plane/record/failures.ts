// Requests that no pod answered: counted by reason, the avoidable ones kept with what and when.
import type { ClusterObjects } from '../objects/cluster-objects.ts';
import { rolloutsOfService } from '../pods/identity.ts';
import type { Outcome } from '../proxy/proxy.ts';
import type { Judgement } from '../routing/judge.ts';
import { judge } from '../routing/judge.ts';
import type { UnservedReason } from '../routing/resolve.ts';
import type { Backend } from '../routing/route.ts';

/** `lost`: ready endpoints were there, but the pod went before it had answered. */
export type FailureReason = UnservedReason | 'no-route' | 'lost';

export interface FailedRequest extends Judgement {
  readonly atMs: number;
  readonly reason: FailureReason;
  readonly request: string;
  /** `Ingress default/shop`, and the rule within. */
  readonly route: string | undefined;
  /** `namespace/service`, with `/subset` where there is one. */
  readonly destination: string | undefined;
  /** `namespace/name` of the Rollouts whose destination it was. */
  readonly rollouts: readonly string[];
  readonly error?: string;
}

export interface Failures {
  readonly total: number;
  readonly avoidable: number;
  readonly byReason: Readonly<Partial<Record<FailureReason, number>>>;
  /** The first ones, as what comes first shows the cause; at most `kept.avoidable`. */
  readonly avoidableRequests: readonly FailedRequest[];
  /** The newest ones, oldest first; at most `kept.other`. */
  readonly otherRequests: readonly FailedRequest[];
}

export const kept = { avoidable: 500, other: 50 } as const;

type Failed = Extract<Outcome, { kind: 'no-route' | 'unserved' | 'lost' }>;

const unavoidable: Judgement = { avoidable: false, otherVersions: [], pods: { notReady: 0, terminating: 0 } };

/** What is known of a request that failed just now. */
export function failedRequest(objects: ClusterObjects, outcome: Failed, atMs: number): FailedRequest {
  const { request } = outcome;
  const common = { atMs, request: `${request.method} http://${request.host}${request.path}` };
  switch (outcome.kind) {
    case 'no-route':
      return { ...common, ...unavoidable, reason: 'no-route', route: undefined, destination: undefined, rollouts: [] };
    case 'lost':
      return {
        ...common,
        ...unavoidable,
        reason: 'lost',
        route: `${outcome.route.object} ${outcome.route.rule}`,
        ...destinationOf(objects, [outcome.backend]),
        error: outcome.error,
      };
    case 'unserved': {
      const { route, backend, reason } = outcome.unserved;
      return {
        ...common,
        ...judge(objects, outcome.unserved),
        reason,
        route: `${route.object} ${route.rule}`,
        ...destinationOf(objects, backend ? [backend] : route.backends),
      };
    }
  }
}

function destinationOf(
  objects: ClusterObjects,
  backends: readonly Backend[],
): Pick<FailedRequest, 'destination' | 'rollouts'> {
  const names = backends.map((b) => `${b.namespace}/${b.service}${b.subset ? `/${b.subset.name}` : ''}`);
  const rollouts = backends.flatMap((b) =>
    rolloutsOfService(objects, b.namespace, b.service).map(({ metadata }) => `${b.namespace}/${metadata.name}`),
  );
  return { destination: names.join(', '), rollouts: [...new Set(rollouts)] };
}

export interface FailureLog {
  add(failed: FailedRequest): void;
  read(): Failures;
}

export function createFailureLog(): FailureLog {
  let total = 0;
  let avoidable = 0;
  const byReason: Partial<Record<FailureReason, number>> = {};
  const avoidableRequests: FailedRequest[] = [];
  const otherRequests: FailedRequest[] = [];
  return {
    add(failed) {
      total++;
      byReason[failed.reason] = (byReason[failed.reason] ?? 0) + 1;
      if (failed.avoidable) {
        avoidable++;
        if (avoidableRequests.length < kept.avoidable) avoidableRequests.push(failed);
        return;
      }
      otherRequests.push(failed);
      if (otherRequests.length > kept.other) otherRequests.shift();
    },
    read: () => ({
      total,
      avoidable,
      byReason: { ...byReason },
      avoidableRequests: [...avoidableRequests],
      otherRequests: [...otherRequests],
    }),
  };
}
