import type { TrafficWeights } from '@sluice/model';
import type { RouterObservation, TrafficIntent } from './intent.ts';

/** Where the canary's traffic may be now, as far as anybody can know. */
export interface TrafficSpan {
  /** Between which shares, out of `max`. */
  readonly lowest: number;
  readonly highest: number;
  /** The weight that meant all traffic when it was routed: `maxTrafficWeight` may be another by now. */
  readonly max: number;
  /** Whether header routes may lead to it, whatever its share is. */
  readonly byHeader: boolean;
  /** The Service whose share it is. With ping-pong, the canary's of yesterday is the stable side's of today. */
  readonly service?: string | undefined;
  /** Nobody has looked since this process started: enough to keep pods by, not enough to take any away. */
  readonly isGuess?: true | undefined;
}

type Observed = Extract<RouterObservation, { readonly kind: 'observed' }>;

export const spanOfIntent = ({ weight, maxWeight, headerRoutes, canary }: TrafficIntent): TrafficSpan => ({
  lowest: weight,
  highest: weight,
  max: maxWeight,
  byHeader: headerRoutes.length > 0,
  service: canary.service,
});

/** The same traffic in shares out of another weight, rounded so that nothing of it is left out. */
const outOf = (span: TrafficSpan, max: number): TrafficSpan =>
  span.max === max
    ? span
    : {
        ...span,
        lowest: Math.floor((span.lowest * max) / span.max),
        highest: Math.ceil((span.highest * max) / span.max),
        max,
      };

/** The canary's share that the status tells of, out of `max`; what it tells adds up to the highest weight of its time. */
export function recordedShare(weights: TrafficWeights | null | undefined, max: number): number {
  if (!weights) return 0;
  const { canary, stable, additional } = weights;
  const all = (additional ?? []).reduce((sum, { weight }) => sum + weight, canary.weight + stable.weight);
  return all === 0 ? 0 : Math.floor((canary.weight * max) / all);
}

/** Both spans together, of the second one's Service. */
export function widest(before: TrafficSpan, other: TrafficSpan): TrafficSpan {
  const one = outOf(before, other.max);
  return {
    service: other.service,
    lowest: Math.min(one.lowest, other.lowest),
    highest: Math.max(one.highest, other.highest),
    max: other.max,
    byHeader: one.byHeader || other.byHeader,
    ...((one.isGuess ?? other.isGuess) && { isGuess: true }),
  };
}

/** What the answer itself says: routed now, and, told and not there yet, at any moment. */
const spanOfAnswer = (answer: Observed, byHeader: boolean): TrafficSpan =>
  answer.inSync ? seenBy(answer, byHeader) : widest(seenBy(answer, byHeader), spanOfIntent(answer.intent));

const seenBy = ({ intent, inSync, canaryWeight }: Observed, byHeader: boolean): TrafficSpan => ({
  lowest: canaryWeight,
  highest: canaryWeight,
  max: intent.maxWeight,
  byHeader: inSync ? intent.headerRoutes.length > 0 : byHeader,
  service: intent.canary.service,
});

/** `recorded`: the canary's share in the status, out of `max`. It may be old. */
export function spanOf(observation: RouterObservation, recorded: number, max: number): TrafficSpan {
  switch (observation.kind) {
    case 'unknown':
      return { lowest: Math.min(recorded, max), highest: max, max, byHeader: true, isGuess: true };
    case 'unavailable':
      return { byHeader: true, max, ...observation };
    case 'observed':
      return observation.span ?? spanOfAnswer(observation, true);
  }
}

/** In shares out of `max`, and as the other side's share where the two Services have changed their parts. */
export function asShareBeside(routed: TrafficSpan, stableService: string, max: number): TrafficSpan {
  const span = outOf(routed, max);
  return span.service && span.service === stableService
    ? { ...span, lowest: max - span.highest, highest: max - span.lowest, service: undefined }
    : span;
}

/**
 * Where traffic may be after a router has answered. As long as it has not confirmed, traffic may still be anywhere it has been told to go since it last
 * confirmed: the status remembers only the last of these.
 */
export function spanAfterAnswer(before: RouterObservation, answer: Observed, recorded: number): TrafficSpan {
  const known = spanBefore(before, answer.intent, recorded);
  if (answer.verification === 'pending') return widest(known, spanOfAnswer(answer, known.byHeader));
  // What nobody knew was only looked at: it has not been told to go where it was compared with.
  return before.kind === 'unknown' ? seenBy(answer, true) : spanOfAnswer(answer, known.byHeader);
}

/** The call failed: traffic is where it was, or where the call meant to take it. */
export const spanAfterFailure = (before: RouterObservation, intent: TrafficIntent, recorded: number): TrafficSpan =>
  widest(spanBefore(before, intent, recorded), spanOfIntent(intent));

const spanBefore = (before: RouterObservation, { stable, maxWeight }: TrafficIntent, recorded: number): TrafficSpan =>
  asShareBeside(spanOf(before, recorded, maxWeight), stable.service, maxWeight);
