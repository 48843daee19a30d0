import { deepEqual } from '../same-status.ts';
import { routersOf } from '../hold.ts';
import type { Situation } from '../situation.ts';
import { named } from '../snapshot.ts';
import { maxWeightOf } from '../weight.ts';
import type { RouterObservation, TrafficIntent } from './intent.ts';

/** Between which shares the canary's traffic is now, over all routers, as far as anybody can know. */
export interface Routed {
  readonly lowest: number;
  readonly highest: number;
}

export const observationOf = (s: Situation, router: string): RouterObservation =>
  named(s.snapshot.routers ?? {}, router) ?? { kind: 'unknown' };

export function routedNow(s: Situation): Routed {
  const shares = routersOf(s.spec).map((router): Routed => {
    const seen = observationOf(s, router);
    switch (seen.kind) {
      case 'unknown':
        // What the status remembers may be old: enough to keep pods by, not enough to take any away.
        return { lowest: s.status.canary?.weights?.canary.weight ?? 0, highest: maxWeightOf(s) };
      case 'unavailable':
        return seen;
      case 'observed': {
        // Until it is verified, traffic may still be where it was; told and not there yet, it may be there at any moment.
        const isPending = seen.verification === 'pending';
        const weights = [
          seen.canaryWeight,
          ...(isPending ? [s.status.canary?.weights?.canary.weight ?? 0] : []),
          ...(seen.inSync ? [] : [seen.intent.weight]),
        ];
        return { lowest: Math.min(...weights), highest: Math.max(...weights) };
      }
    }
  });
  return {
    lowest: Math.min(...shares.map((share) => share.lowest)),
    highest: Math.max(...shares.map((share) => share.highest)),
  };
}

/**
 * Whether what is known of the traffic is enough to take pods away: every router has been looked at, and none still waits for its routes to be
 * obeyed. Traffic that is on its way may be at any of the weights that were declared since.
 */
export const isTrafficKnown = (s: Situation): boolean =>
  routersOf(s.spec).every((router) => {
    const seen = observationOf(s, router);
    return seen.kind === 'unavailable' || (seen.kind === 'observed' && seen.verification !== 'pending');
  });

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
