import { deepEqual } from '../same-status.ts';
import { routersOf } from '../hold.ts';
import type { Situation } from '../situation.ts';
import { named } from '../snapshot.ts';
import { maxWeightOf } from '../weight.ts';
import type { RouterObservation, TrafficIntent } from './intent.ts';
import { serviceNames } from './service-names.ts';
import { asShareBeside, recordedShare, spanOf, widest } from './span.ts';
import type { TrafficSpan } from './span.ts';

export const observationOf = (s: Situation, router: string): RouterObservation =>
  named(s.snapshot.routers ?? {}, router) ?? { kind: 'unknown' };

/** Where the canary's traffic may be now, over all routers. */
export function routedNow(s: Situation): TrafficSpan {
  const max = maxWeightOf(s);
  const recorded = recordedShare(s.status.canary?.weights, max);
  const { stable } = serviceNames(s);
  return routersOf(s.spec)
    .map((router) => asShareBeside(spanOf(observationOf(s, router), recorded, max), stable, max))
    .reduce(widest);
}

/**
 * Whether what is known of the traffic is enough to take pods away: every router has been looked at and routes what it was told, and none still
 * waits for its routes to be obeyed. Traffic that is on its way may be at any of the weights that were declared since.
 */
export const isTrafficKnown = (s: Situation): boolean =>
  routersOf(s.spec).every((router) => {
    const seen = observationOf(s, router);
    if (seen.kind === 'unavailable') return !seen.isGuess;
    return seen.kind === 'observed' && seen.inSync && seen.verification !== 'pending';
  });

/** The version on the canary side where no Service says so: as routers were seen to route it, or as the status remembers it. */
export function canaryHashSeen(s: Situation): string | undefined {
  for (const router of routersOf(s.spec)) {
    const seen = observationOf(s, router);
    if (seen.kind === 'observed' && seen.inSync) return seen.intent.canary.hash;
  }
  return s.status.canary?.weights?.canary.podTemplateHash;
}

export type Acknowledgement = 'verified' | 'unsupported' | 'pending' | 'missing';

/** Whether every router has been seen to route what is wanted; several at once must all have. */
export function acknowledgementOf(s: Situation, wanted: TrafficIntent): Acknowledgement {
  let answer: Acknowledgement = 'unsupported';
  for (const router of routersOf(s.spec)) {
    const seen = observationOf(s, router);
    if (seen.kind !== 'observed' || !seen.inSync || !deepEqual(seen.intent, wanted)) return 'missing';
    if (seen.verification === 'pending') answer = 'pending';
    else if (seen.verification === 'verified' && answer === 'unsupported') answer = 'verified';
  }
  return answer;
}

/** The first router that keeps this rollout where it is, and why. */
export function blockingRouter(s: Situation): { readonly router: string; readonly reason: string } | undefined {
  for (const router of routersOf(s.spec)) {
    if (!s.snapshot.capabilities.routers.includes(router)) return { router, reason: 'it is not installed' };
    const seen = observationOf(s, router);
    if (seen.kind === 'unavailable') return { router, reason: seen.reason };
    if (seen.kind === 'observed' && seen.foreignWriter && !seen.inSync) {
      return { router, reason: `${seen.foreignWriter} writes the same routes${seen.detail ? `: ${seen.detail}` : ''}` };
    }
    if (seen.kind === 'observed' && (!seen.inSync || seen.verification === 'pending') && seen.detail)
      return { router, reason: seen.detail };
  }
  return undefined;
}
